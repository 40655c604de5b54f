"""The tables of columns in `docs/dataset-format.md`, written from the lists that make the files."""

from collections.abc import Iterable

from loop.consent.terms import PROFILE_PURPOSE
from loop.export.columns import Column, common
from loop.export.profiles.registry import SHAPES
from loop.export.rows import DIGEST


def tables() -> dict[str, str]:
    """{heading: Markdown table}: one for what every profile has, one for each profile's own columns."""
    shared = [*common(), DIGEST]
    names = {column.name for column in shared}
    found = {"Every profile": table(shared)}
    seen: dict[str, str] = {}
    for name, shape in SHAPES.items():
        own = table(column for column in shape.columns if column.name not in names)
        same = seen.setdefault(own, name)
        found[f"`{name}`"] = own if same == name else f"The columns of `{same}`."
    return found


def profiles() -> str:
    """The Markdown table of profiles: what a row is, and the purpose it needs."""
    lines = ["| profile | what it holds | needs the purpose |", "|---|---|---|"]
    for name, shape in SHAPES.items():
        purpose = PROFILE_PURPOSE[name]
        lines.append(f"| `{name}` | {cell(shape.about)} | {f'`{purpose}`' if purpose else 'the one ordered'} |")
    return "\n".join(lines)


def table(columns: Iterable[Column]) -> str:
    """A Markdown table of columns."""
    lines = ["| column | type | null | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{column.name}` | `{column.type}` | {'yes' if column.nullable else 'no'} | {cell(column.meaning)} |"
        for column in columns
    ]
    return "\n".join(lines)


def cell(text: str) -> str:
    """Text that cannot end a table's cell."""
    return text.replace("|", "\\|")

"""The tables of columns in `docs/dataset-format.md`, written from the lists that make the files."""

from collections.abc import Iterable

from loop.export.columns import Column, common
from loop.export.profiles.registry import SHAPES
from loop.export.rows import DIGEST


def tables() -> dict[str, str]:
    """{heading: Markdown table}: one for what every profile has, one for each profile's own columns."""
    shared = [*common(), DIGEST]
    names = {column.name for column in shared}
    found = {"Every profile": table(shared)}
    for name, shape in SHAPES.items():
        found[f"`{name}`"] = table(column for column in shape.columns if column.name not in names)
    return found


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

"""docs/dataset-format.md says what the code does: its tables of columns are those of the lists that make the files."""

import os
from pathlib import Path

from loop.consent.terms import PROFILE_PURPOSE
from loop.export.column_tables import profiles, tables
from loop.export.interchange import RENDERERS
from loop.export.models import Profile
from loop.export.profiles.registry import SHAPES
from loop.export.rules import CONSENTS, ENVELOPE, EVENT, KEY, MANIFEST, PROOF, ROWS_PER_GROUP

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "dataset-format.md"
BEGIN = "<!-- columns: written from loop/export/column_tables.py; a test compares them -->\n"
END = "<!-- end of columns -->\n"


PROFILES = "<!-- profiles: written from the same file -->\n"
END_PROFILES = "<!-- end of profiles -->\n"


def written() -> str:
    return "".join(f"\n### {heading}\n\n{table}\n" for heading, table in tables().items()) + "\n"


def test_the_columns_are_those_of_the_files() -> None:
    """WRITE_DOCS=1 writes them anew."""
    _is_written(BEGIN, written(), END)


def test_the_profiles_are_those_of_the_registry() -> None:
    assert set(SHAPES) == set(PROFILE_PURPOSE) == set(Profile.values)
    _is_written(PROFILES, f"\n{profiles()}\n\n", END_PROFILES)


def _is_written(begin: str, expected: str, end: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    found, _, after = rest.partition(end)
    if os.environ.get("WRITE_DOCS") == "1":
        PAGE.write_text(before + begin + expected + end + after, encoding="utf-8")
        return
    assert found == expected, "run: WRITE_DOCS=1 pytest tests/rules/test_export_docs.py"


def test_every_file_and_profile_is_described() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in (CONSENTS, ENVELOPE, EVENT, KEY, MANIFEST, PROOF, "disclosures.json", "LICENSE.md", "README.md"):
        assert name.removeprefix("audit/") in text
    assert f"row groups of {ROWS_PER_GROUP:,}" in text
    for name, shape in SHAPES.items():
        assert f"| `{name}` | {', '.join(shape.digested)} |" in text
    for name in RENDERERS:
        assert f"- `{name}`: " in text

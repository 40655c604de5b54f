"""docs/consent.md lists the gate's codes as the gate has them."""

from pathlib import Path

from loop.gate.reasons import REASONS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "consent.md"


def test_the_table_is_that_of_the_gate() -> None:
    rows = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| ") and line[2].isdigit()]
    said = [f"| {each.rule} | `{each.code}` | {each.sentence} | {each.remedy} |" for each in REASONS]
    assert rows == said

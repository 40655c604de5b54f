"""docs/bulk-format.md is true: its lines are read, and what it prints is what `ingest` prints."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from loop.decision.models import Decision
from loop.decision.querysets import live
from loop.intake.shape import CAPACITIES, DECISION_KEYS, KEYS
from loop.kernel.actor import SYSTEM
from loop.material.register import add_production

PAGE = Path(__file__).resolve().parents[2] / "docs" / "bulk-format.md"


def block(name: str) -> str:
    [found] = re.findall(rf"^```\w+ {name}\n(.*?)^```", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
    return str(found)


def ingest(path: Path, name: str, *options: str) -> tuple[str, str]:
    path.write_text(block(name))
    out, err = StringIO(), StringIO()
    try:
        call_command("ingest", str(path), "--production", "LANTERN", *options, stdout=out, stderr=err)
    except CommandError as error:
        err.write(f"CommandError: {error}\n")
    return out.getvalue(), err.getvalue()


@pytest.mark.django_db
def test_its_examples_say_what_it_says(tmp_path: Path) -> None:
    add_production(code="LANTERN", title="The Lantern", rate=Fraction(24), actor=SYSTEM)
    path = tmp_path / "suggestions.jsonl"
    out, err = ingest(path, "example")
    assert out in PAGE.read_text()
    assert (out.startswith("3 suggestions and 4 decisions"), err) == (True, "")
    assert sorted(live(Decision.objects.all()).values_list("outcome", flat=True)) == ["reject", "retract", "revise"]
    assert Decision.objects.get(outcome="revise").revision_by_ai
    assert json.loads(ingest(path, "example", "--counts")[0]) == json.loads(block("counts"))
    assert ingest(path, "bad")[1] == block("said")


def test_it_names_every_field() -> None:
    text = PAGE.read_text()
    lacking = [name for name in (*KEYS, *DECISION_KEYS, *CAPACITIES) if f"`{name}`" not in text]
    assert not lacking, f"add to the tables of docs/bulk-format.md: {lacking}"

"""Real sets: the counts of the file and of the database equal those made independently from the rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loop.intake.ingest import ingest
from loop.kernel.actor import SYSTEM
from loop.signal.counts import counts
from tests.intake.shows import show

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["halie_metaphor", "r3_edits"])
def test_the_counts_of_a_set_are_its_own(samples: Path, name: str) -> None:
    folder = samples / "data" / name
    expected = json.loads((folder / "neutral.counts.json").read_bytes())
    production = show()
    for is_first in (True, False):
        report = ingest(
            lines=folder / "neutral.jsonl", production=production, actor=SYSTEM, source=name, register_reasons=True
        )
        assert report.errors == []
        assert report.counts == expected
        assert counts(production.pk) == expected
        assert (report.suggestions_new, report.decisions_new) == (
            (expected["suggestions"], expected["decisions"]) if is_first else (0, 0)
        )


def test_a_map_turns_codes_into_kinds_of_negative(samples: Path) -> None:
    from loop.decision.models import Decision

    production = show()
    ingest(
        lines=samples / "data" / "halie_metaphor" / "neutral.jsonl",
        production=production,
        actor=SYSTEM,
        source="halie",
        register_reasons=True,
        reason_map={"sibling_chosen": "sibling", "all_dismissed": "dismissed"},
    )
    kinds = Decision.objects.filter(production=production, outcome="reject")
    assert kinds.filter(negative_kind="sibling").count() == 1742
    assert kinds.filter(negative_kind="dismissed").count() == 2472
    assert kinds.filter(negative_kind="explicit").count() == 79

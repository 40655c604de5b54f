"""What a decision must satisfy, and what a retract undoes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from loop.decision import rules
from loop.decision.rules import Draft, Judged, Known, Span
from loop.decision.taxonomy import BEATS, CORE

JUDGED = Judged(content="Ein Kuß 😀", prompt=None, has_media=False)


def fields(draft: Draft, *, reason_required: bool = False) -> list[str]:
    return [one.field for one in rules.problems(draft, reasons=CORE, beats=BEATS, reason_required=reason_required)]


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (Draft("love"), "outcome"),
        (Draft("reject", reasons=("story.tune",)), "reasons[0]"),
        (Draft("accept", beats=("doom",)), "beats[0]"),
        (Draft("accept", negative_kind="sibling"), "negative_kind"),
        (Draft("reject", negative_kind="bad"), "negative_kind"),
        (Draft("reject", severity=5), "severity"),
        (Draft("reject", active_ms=-1), "active_ms"),
        (Draft("reject", rationale="x" * 100_001), "rationale"),
    ],
)
def test_each_mismatch_names_its_field(draft: Draft, field: str) -> None:
    assert fields(draft) == [field]


def test_a_missing_reason_is_stored_as_unstated_or_refused_by_policy() -> None:
    assert rules.stored_reasons("reject", []) == ["unstated"]
    assert rules.stored_reasons("accept", []) == []
    assert rules.stored_reasons("revise", ["story.tone", "story.tone"]) == ["story.tone"]
    assert fields(Draft("reject", reasons=("unstated",))) == []
    assert fields(Draft("reject", reasons=("unstated",)), reason_required=True) == ["reasons"]
    assert fields(Draft("reject", reasons=("other",)), reason_required=True) == ["rationale"]


def test_spans_count_code_points_and_stay_in_their_text() -> None:
    def check(span: Span) -> tuple[int, int]:
        errors, warnings = rules.span_problems(Draft("accept", spans=(span,)), JUDGED, reasons=CORE)
        return len(errors), len(warnings)

    assert check(Span(start=8, end=9)) == (0, 0)  # the emoji is one code point
    assert check(Span(start=9, end=9)) == (0, 0)  # an insertion at the end
    assert check(Span(start=8, end=10)) == (1, 0)
    assert check(Span(start=5, end=4)) == (1, 0)
    assert check(Span(target="prompt", start=0, end=400)) == (0, 1)  # no prompt: kept with a warning
    assert check(Span(target="revision", start=0, end=1)) == (0, 1)
    assert check(Span(start=0, end=1, reason="story.tune")) == (1, 0)
    assert check(Span(target="media", unit="frame", start=3, end=2, rate_num=24, rate_den=1)) == (1, 1)


def test_a_retract_undoes_the_latest_earlier_live_verdict_of_its_person() -> None:
    at = datetime(2026, 5, 1, 10, tzinfo=UTC)
    first = Known(1, "d-1", "anna", "accept", at, 0, dead=False, recorded=True)
    second = Known(2, "d-2", "anna", "reject", at.replace(minute=5), 1, dead=False, recorded=True)
    other = Known(3, "d-3", "ben", "accept", at, 0, dead=False, recorded=True)
    retract = Known(4, "d-4", "anna", "retract", at, 0, dead=False, recorded=True)
    every = [first, second, other, retract]
    assert rules.retracted_by("anna", at.replace(minute=9), 0, every) == second
    assert rules.retracted_by("anna", at.replace(minute=1), 0, every) == first
    assert rules.retracted_by("anna", None, 0, every) == second
    assert rules.retracted_by("anna", at.replace(minute=9), 0, [first, replace(second, dead=True)]) == first
    assert rules.retracted_by("cleo", at, 0, every) is None
    on_the_line = replace(first, recorded=False, decided_at=None, position=3)
    assert rules.retracted_by("anna", None, 2, [on_the_line]) is None
    assert rules.retracted_by("anna", None, 4, [on_the_line]) == on_the_line

"""The taxonomy keeps its promises to keys, pages and files."""

import pytest

from loop.decision.taxonomy import (
    BEAT_CHIPS,
    BEATS,
    CORE,
    FAMILIES,
    OTHER,
    UNSTATED,
    digit_reasons,
    is_praise,
    label,
    near,
    praise,
)
from loop.suggestion.rules import KINDS


def test_codes_are_family_and_code_except_other() -> None:
    assert len(CORE) == 67
    assert all(code.count(".") == 1 for code in CORE if code != OTHER)
    assert UNSTATED not in CORE
    assert {reason.family for reason in CORE.values()} == set(FAMILIES)


@pytest.mark.parametrize("kind", [*KINDS, "metaphor_line", ""])
def test_every_kind_has_nine_digits(kind: str) -> None:
    codes = digit_reasons(kind)
    assert len(set(codes)) == 9
    assert set(codes) <= set(CORE)


@pytest.mark.parametrize("kind", [*KINDS, "metaphor_line", ""])
def test_every_kind_can_be_praised_and_no_digit_praises(kind: str) -> None:
    codes = praise(kind)
    assert 6 <= len(set(codes)) == len(codes) <= 12
    assert set(codes) <= set(CORE)
    assert all(map(is_praise, codes))
    assert not any(map(is_praise, digit_reasons(kind)))


def test_coverage_is_a_readers_report() -> None:
    assert digit_reasons("coverage") == digit_reasons("script_note")
    assert not any(
        code.startswith("camera.") for kind in ("coverage", "schedule", "budget") for code in digit_reasons(kind)
    )


def test_the_beats_offered_are_beats() -> None:
    assert set(BEAT_CHIPS) <= set(BEATS)


def test_an_unknown_code_is_answered_with_those_it_resembles() -> None:
    assert near("prop", CORE)[0] == "continuity.prop"
    assert "motion.flicker" in near("motion.flickr", CORE)
    assert near("zzzz", CORE) == []


def test_people_read_labels() -> None:
    assert label("continuity.prop").startswith("Prop")
    assert label(UNSTATED) == "No reason given"
    assert label("imported.style") == "imported.style"
    assert {"dread", "relief", "isolation", "tenderness"} <= set(BEATS)

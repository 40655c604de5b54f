"""The taxonomy keeps its promises to keys, pages and files."""

import pytest

from loop.decision.taxonomy import BEATS, CORE, FAMILIES, OTHER, UNSTATED, digit_reasons, label, near
from loop.suggestion.rules import KINDS


def test_codes_are_family_and_code_except_other() -> None:
    assert len(CORE) == 53
    assert all(code.count(".") == 1 for code in CORE if code != OTHER)
    assert UNSTATED not in CORE
    assert {reason.family for reason in CORE.values()} == set(FAMILIES)


@pytest.mark.parametrize("kind", [*KINDS, "metaphor_line", ""])
def test_every_kind_has_nine_digits(kind: str) -> None:
    codes = digit_reasons(kind)
    assert len(set(codes)) == 9
    assert set(codes) <= set(CORE)


def test_an_unknown_code_is_answered_with_those_it_resembles() -> None:
    assert near("prop", CORE)[0] == "continuity.prop"
    assert "motion.flicker" in near("motion.flickr", CORE)
    assert near("zzzz", CORE) == []


def test_people_read_labels() -> None:
    assert label("continuity.prop").startswith("Prop")
    assert label(UNSTATED) == "No reason given"
    assert label("imported.style") == "imported.style"
    assert {"dread", "relief", "isolation", "tenderness"} <= set(BEATS)

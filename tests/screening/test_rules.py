"""What screening finds, in which texts, and that it never does more than look."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loop.kernel.errors import NotValidError
from loop.screening import codes
from loop.screening.finding import Finding
from loop.screening.roster import Roster
from loop.screening.rules import find
from tests.screening.corpus import NEGATIVES, PEOPLE, POSITIVES

PARTS = st.sampled_from([text for text, _ in POSITIVES] + list(NEGATIVES))
ANY = st.text(st.characters(), max_size=60)  # every code point, surrogates and U+0000 too
TEXTS = st.lists(
    st.one_of(ANY, PARTS, st.builds("{}{}".format, PARTS, ANY), st.builds("{} {}".format, ANY, PARTS)), max_size=6
)


def counts(text: str) -> dict[str, int]:
    return dict(Counter(each.code for each in find([text], PEOPLE)[0]))


@pytest.mark.parametrize(("text", "expected"), POSITIVES)
def test_it_is_found(text: str, expected: dict[str, int]) -> None:
    assert counts(text) == expected


@pytest.mark.parametrize("text", NEGATIVES)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert counts(text) == {}


def test_the_range_is_that_of_the_words() -> None:
    text = "🎬 Ask someone@pier.example or +44 20 7946 0958 🎬"
    assert [text[each.start : each.end] for each in find([text])[0]] == ["someone@pier.example", "+44 20 7946 0958"]


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_alone_as_among_others_and_again(texts: list[str]) -> None:
    together = find(texts, PEOPLE)
    assert together == find(texts, PEOPLE)
    for text, found in zip(texts, together, strict=True):
        assert all(0 <= each.start < each.end <= len(text) and each.code in codes.BY_CODE for each in found)
        assert list(found) == sorted(found, key=lambda one: (one.start, one.end, one.code))
        if "\x00" not in "".join(texts):
            assert [found] == find([text], PEOPLE)


def test_every_code_of_the_table_is_found_somewhere() -> None:
    assert {code for _, expected in POSITIVES for code in expected} == set(codes.BY_CODE)
    assert {each.family for each in codes.CODES} == set(codes.FAMILIES)


def test_a_family_is_off_standard_or_strict() -> None:
    standard = codes.read({})
    assert codes.weigh(["personal.email", "personal.email"], standard) == ("pass", {"personal.email": 2})
    assert codes.weigh(["personal.email"], codes.read({"personal": "strict"})) == ("quarantined", {"personal.email": 1})
    assert codes.weigh(["personal.email"], codes.read({"personal": "off"})) == ("pass", {})
    assert codes.weigh(["control.token", "roster.name"], standard) == (
        "quarantined", {"control.token": 1, "roster.name": 1},
    )  # fmt: skip
    assert codes.written(codes.read({"personal": "strict", "roster": "standard"})) == {"personal": "strict"}


@pytest.mark.parametrize("value", [None, [], "strict", {"people": "off"}, {"personal": "loud"}, {"personal": None}])
def test_what_is_no_setting_is_refused(value: object) -> None:
    with pytest.raises(NotValidError, match="screening"):
        codes.read(value)


def test_many_people_cost_no_more_than_a_few() -> None:
    many = Roster(names=tuple(f"Ada{number} Lovelace{number}" for number in range(5_000)))
    assert find(["Ada4999 Lovelace4999 and Ada12 Lovelace1 and Ada1 Lovelace1"], many) == [
        (Finding("roster.name", 0, 20), Finding("roster.name", 45, 59)),
    ]  # fmt: skip


def test_the_document_has_the_table_of_the_code() -> None:
    document = (Path(__file__).resolve().parents[2] / "docs" / "screening.md").read_text(encoding="utf-8")
    rows = [f"| `{each.code}` | {each.words} | {each.standard} | {each.strict} |" for each in codes.CODES]
    assert [line for line in document.splitlines() if line.startswith("| `")] == rows
    assert f"({codes.SCREEN})" in document

"""Comparing texts and marking ranges: nothing is lost, whatever the text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loop.web.editor.diff import Line, changed_words, compare
from loop.web.editor.highlight import Marked, segments

TEXT = st.text(alphabet="ab \n\u00e9\u0301", max_size=60)


def side(lines: list[Line], without: str) -> str:
    whole = {"ins": "added", "del": "removed"}[without]
    return "\n".join(
        "".join(piece.text for piece in line.pieces if piece.kind != without) for line in lines if line.kind != whole
    )


@given(TEXT, TEXT)
def test_both_texts_can_be_read_from_a_comparison(before: str, after: str) -> None:
    lines = compare(before, after)
    assert side(lines, "ins") == before
    assert side(lines, "del") == after


def test_words_are_compared_within_changed_lines_only() -> None:
    lines = compare("one\nthe car deck, or put\nlast", "one\nthe car deck and put\nlast")
    assert [line.kind for line in lines] == ["same", "changed", "same"]
    assert [(piece.kind, piece.text) for piece in lines[1].pieces] == [
        ("same", "the car "),
        ("del", "deck, or"),
        ("ins", "deck and"),
        ("same", " put"),
    ]
    assert changed_words("the car deck, or put", "the car deck and put") == 2


def test_unrelated_lines_are_not_woven_together() -> None:
    assert [line.kind for line in compare("quiet water", "Runa turns round")] == ["removed", "added"]


MARKS = st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80)).map(sorted), max_size=6)


@given(TEXT, MARKS)
def test_marks_keep_every_character_and_end_once(text: str, ranges: list[list[int]]) -> None:
    found = segments(text, [Marked(number, *pair) for number, pair in enumerate(ranges, 1)])
    assert "".join(each.text for each in found) == text
    for number, (start, end) in enumerate(ranges, 1):
        marked = "".join(each.text for each in found if number in each.marks)
        assert marked == text[start:end]
        assert sum(each.ends.count(number) for each in found) == 1

"""A script page looks like one, and loses nothing on the way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loop.templatetags.screenplay import elements, exact, placed, screenplay

PAGE = """14 INT. CAR DECK - NIGHT

Sodium light. ILSE waits.

ILSE
(without turning)
You said the third row.
From the ramp.

CUT TO:"""


def test_it_tells_heading_cue_parenthetical_dialogue_and_transition_apart() -> None:
    assert elements(PAGE) == [
        ("heading", "INT. CAR DECK - NIGHT", "14"),
        ("action", "Sodium light. ILSE waits.", ""),
        ("cue", "ILSE", ""),
        ("paren", "(without turning)", ""),
        ("dialogue", "You said the third row.\nFrom the ramp.", ""),
        ("transition", "CUT TO:", ""),
    ]


def test_it_keeps_every_line_of_text_that_is_no_screenplay() -> None:
    text = "SHOUTED LINE\n\nfirst\n  second, indented\n\nlast"
    shown = "\n".join(line for _, line, _ in elements(text))
    assert shown.split() == text.split()


def test_it_escapes_what_the_text_brings() -> None:
    assert "<script>" not in screenplay('<script>alert("x")</script>')


@given(st.text(alphabet="aZ. ()\r\n\t\u00e9\u0301\U0001f469\u0633", max_size=120) | st.just(f"  {PAGE}\r\n"))
def test_every_line_says_where_in_the_text_it_begins(text: str) -> None:
    lines = [line for each in placed(text) for line in each.lines]
    assert [text[start : start + len(line)] for start, line in lines] == [line for _, line in lines]
    assert sum(len("".join(line.split())) for _, line in lines) == len("".join(text.split())) - _numbers(text)


def _numbers(text: str) -> int:
    """Characters of scene numbers, which stand in the margin."""
    headings = [each for each in placed(text) if each.number]
    lines = {text[: each.lines[0][0]].count("\n"): each for each in headings}
    every = text.split("\n")
    return sum(len("".join(every[at].split())) - len("".join(each.text.split())) for at, each in lines.items())


def test_line_ends_reach_the_page_as_they_are_stored() -> None:
    assert exact("a\r\n<b>") == "a&#13;\n&lt;b&gt;"

"""A script page looks like one, and loses nothing on the way."""

from __future__ import annotations

from loop.templatetags.screenplay import elements, screenplay

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

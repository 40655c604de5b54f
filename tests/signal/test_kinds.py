"""Rules of single profiles that a table says best: steps, and what is left out under which word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.signal import kinds
from loop.signal.rules import LATEST_PER_PERSON, Judgement, Mark

TEXT = "aé😀 b\nc"


@pytest.mark.parametrize(
    ("marks", "steps", "labels"),
    [
        ([(0, 7, False)], [TEXT], [False]),
        ([(2, 3, False)], ["aé", "😀", " b\nc"], [True, False, True]),
        ([(2, 3, True)], ["aé", "😀", " b\nc"], [True, True, True]),
        ([(0, 3, False), (2, 5, True)], ["aé", "😀", " b", "\nc"], [False, False, True, True]),
        ([(0, 2, False), (0, 2, False)], ["aé", "😀 b\nc"], [False, True]),
    ],
)
def test_a_text_is_cut_where_marks_begin_and_end(
    marks: list[tuple[int, int, bool]], steps: list[str], labels: list[bool]
) -> None:
    assert kinds.steps(TEXT, marks) == (steps, labels)


@given(
    st.text(min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 11), st.integers(1, 12), st.booleans()), max_size=4),
)
def test_steps_joined_are_the_text_and_a_step_is_false_where_every_character_is_blamed(
    text: str, drawn: list[tuple[int, int, bool]]
) -> None:
    marks = [(start, end, praises) for start, end, praises in drawn if start < end <= len(text)]
    steps, labels = kinds.steps(text, marks)
    assert "".join(steps) == text
    assert all(steps)
    blamed = {place for start, end, praises in marks if not praises for place in range(start, end)}
    said = [label for step, label in zip(steps, labels, strict=True) for _ in step]
    assert said == [place not in blamed for place in range(len(text))]


@pytest.mark.parametrize(
    ("mark", "counts"),
    [
        (Mark(start=0, end=1, reason="continuity.prop"), True),
        (Mark(start=0, end=1), False),  # it says nothing of it
        (Mark(start=1, end=1, reason="continuity.prop"), False),  # a point is no step
        (Mark(start=0, end=1, reason="continuity.prop", target="prompt"), False),
        (Mark(start=0, end=1, reason="continuity.prop", unit="frame"), False),
        (Mark(reason="continuity.prop", unit="region", target="media"), False),
    ],
)
def test_which_span_labels_a_step(mark: Mark, counts: bool) -> None:
    assert kinds.is_step_mark(mark) is counts


def judged(number: int, outcome: str, **more: object) -> Judgement:
    return Judgement(number, number, 1, 1, outcome, **more)  # type: ignore[arg-type]


def test_an_empty_answer_is_a_text_for_sft_and_none_for_openai() -> None:
    decisions = [judged(1, "accept", content=""), judged(2, "revise", content="x", revision="")]
    decisions.append(judged(3, "accept", content="x"))
    assert [row.decision for row in kinds.sft(decisions, LATEST_PER_PERSON, None).rows] == [1, 2, 3]
    made = kinds.openai_ft(decisions, LATEST_PER_PERSON, None)
    assert ([row.decision for row in made.rows], made.not_made["empty"]) == ([3], 2)


def test_what_was_asked_and_judged_is_a_prompt() -> None:
    decisions = [
        judged(1, "reject", prompt="p"), judged(2, "accept", prompt="p"), judged(3, "accept", prompt=None),
        judged(4, "skip", prompt="q"), judged(5, "revise", prompt=""),
    ]  # fmt: skip
    made = kinds.prompts(decisions, LATEST_PER_PERSON, None)
    assert [row.decision for row in made.rows] == [1, 2, 5]
    assert made.not_made["no_text"] == 1

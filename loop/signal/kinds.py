"""Which rows the other profiles have, pure. `made.py` is the same as SQL; a test compares.

Labels, effective decisions and their order are those of `rules.py`. Further:

- `sft`: an accept gives the suggestion, a revise the revision. `openai_ft`: the same without empty answers (`empty`),
  which that service refuses.
- `prompt_only`: an effective decision on an answer whose prompt was recorded. Of those that may leave, the first of
  each prompt of a brief is taken, the others are `repeated` (`export/candidates.py`: only the gate knows which may).
- `stepwise`: an effective decision with at least one usable mark: a span of characters of the suggestion that is not
  empty and has a reason. Decisions without one are `no_spans`.
- `span_critique`: one row a span of the decisions that `signals` has, whatever the span points into.
- `pairs_of_takes`: pairs among candidates as in `preference`, of two media files (`no_media`; `identical` files).
- `evaluation`: an effective reject or revise of a suggestion that has a text or a media file.
- `reward` has the pairs of `preference`; `label_studio` and `argilla` have the rows of `signals`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from loop.decision.rules import LABELLED, stored_negative_kind
from loop.signal.rules import (
    EMPTY,
    EVERY_DECISION,
    FROM_CANDIDATES,
    IDENTICAL,
    LEAD_WINS,
    MAJORITY,
    NO_MEDIA,
    NO_SPANS,
    NO_TEXT,
    REVISION,
    SUGGESTION,
    Judgement,
    Mark,
    Row,
    Rows,
    effective,
)

PRAISES: Final = "praise."  # codes of the family that says what works


def sft(decisions: Iterable[Judgement], policy: str, lead: int | None) -> Rows:
    """Profile `sft`."""
    made = Rows()
    for one in effective(decisions, policy, lead):
        if one.outcome == "reject":
            continue
        if (one.revision if one.outcome == "revise" else one.content) is None:
            made.not_made[NO_TEXT] += 1
        else:
            made.rows.append(Row(one.id, side=REVISION if one.outcome == "revise" else SUGGESTION, label=True))
    return made


def openai_ft(decisions: Iterable[Judgement], policy: str, lead: int | None) -> Rows:
    """Profile `openai_ft`."""
    decisions = list(decisions)
    made = sft(decisions, policy, lead)
    empty = {one.id for one in decisions if (one.revision if one.outcome == "revise" else one.content) == ""}
    made.not_made[EMPTY] = sum(row.decision in empty for row in made.rows)
    made.rows = [row for row in made.rows if row.decision not in empty]
    return made


def prompts(decisions: Iterable[Judgement], policy: str, lead: int | None) -> Rows:
    """Profile `prompt_only`."""
    made = Rows()
    for one in effective(decisions, policy, lead):
        if one.prompt is None:
            made.not_made[NO_TEXT] += 1
        else:
            made.rows.append(Row(one.id))
    return made


def stepwise(decisions: Iterable[Judgement], policy: str, lead: int | None) -> Rows:
    """Profile `stepwise`."""
    made = Rows()
    for one in effective(decisions, policy, lead):
        if one.content is None:
            made.not_made[NO_TEXT] += 1
        elif not any(is_step_mark(mark) for mark in one.marks):
            made.not_made[NO_SPANS] += 1
        else:
            made.rows.append(Row(one.id))
    return made


def is_step_mark(mark: Mark) -> bool:
    """Whether the span says something of a part of the suggestion's text."""
    if mark.target != "content" or mark.unit != "code_point" or not mark.reason:
        return False
    return mark.start is not None and mark.end is not None and mark.start < mark.end


def steps(text: str, marks: Sequence[tuple[int, int, bool]]) -> tuple[list[str], list[bool]]:
    """(steps, labels) of a text under marks (start, end, praises): cut wherever a mark begins or ends.

    The steps joined are the text, unaltered. A step is False where a mark that does not praise covers it, else True.
    """
    cuts = sorted({0, len(text), *(place for start, end, _ in marks for place in (start, end) if place < len(text))})
    blamed = [(start, end) for start, end, praises in marks if not praises]
    parts = [(cuts[n], cuts[n + 1]) for n in range(len(cuts) - 1)]
    labels = [not any(start <= first and last <= end for start, end in blamed) for first, last in parts]
    return [text[first:last] for first, last in parts], labels


def critique(decisions: Iterable[Judgement], policy: str, lead: int | None) -> Rows:
    """Profile `span_critique`."""
    decisions = list(decisions)
    counted = {one.id for one in effective(decisions, policy, lead)}
    made = Rows()
    for one in sorted(decisions, key=lambda one: (one.suggestion, one.id)):
        if one.outcome not in LABELLED or (one.dead and policy != EVERY_DECISION):
            continue
        kind = stored_negative_kind(one.outcome, one.negative_kind) or None
        for place, _ in enumerate(one.marks):
            made.rows.append(Row(one.id, side=f"span {place}", negative_kind=kind, effective=one.id in counted))
        made.not_made[NO_SPANS] += not one.marks
    return made


def takes(decisions: Iterable[Judgement], policy: str, lead: int | None) -> Rows:
    """Profile `pairs_of_takes`, ordered as `preference` is."""
    made = Rows()
    shared_label = policy in (LEAD_WINS, MAJORITY)

    def who_asked(one: Judgement) -> tuple[int, int]:
        return (one.brief, 0 if shared_label else one.person)

    ordered: list[tuple[tuple[int, int, int, int], Row]] = []
    for _, group in groupby(sorted(effective(decisions, policy, lead), key=who_asked), key=who_asked):
        members = list(group)
        for chosen in (one for one in members if one.outcome == "accept"):
            for other in (one for one in members if one.outcome == "reject"):
                if chosen.media is None or other.media is None:
                    made.not_made[NO_MEDIA] += 1
                elif chosen.media == other.media:
                    made.not_made[IDENTICAL] += 1
                else:
                    kind = other.negative_kind or "explicit"
                    row = Row(chosen.id, other.id, pair_kind=FROM_CANDIDATES, negative_kind=kind)
                    ordered.append(((chosen.suggestion, chosen.id, other.suggestion, other.id), row))
    made.rows = [row for _, row in sorted(ordered, key=lambda item: item[0])]
    return made


def failures(decisions: Iterable[Judgement], policy: str, lead: int | None) -> Rows:
    """Profile `evaluation`."""
    made = Rows()
    for one in effective(decisions, policy, lead):
        if one.outcome == "accept":
            continue
        if one.content is None and one.media is None:
            made.not_made[NO_TEXT] += 1
        else:
            made.rows.append(Row(one.id, negative_kind=stored_negative_kind(one.outcome, one.negative_kind) or None))
    return made

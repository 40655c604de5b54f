"""Labels, effective labels, pairs and kinds of negative, pure. `pairs.py` is the same as set-wise SQL; a test compares.

The rules are those of product.md, "Rules that counts depend on":

- Only accept, reject and revise are labels. A decision is dead when a later one names it in `supersedes` (another
  verdict, or a retract); a dead decision never lives again. Skips never count and never hide an earlier verdict.
- Whose judgement a decision is: `on_behalf_of` if somebody is named there, else `decided_by`.
- Effective decisions by policy. `every_decision`: all labels, dead ones included, nothing merged. `latest_per_person`:
  of each person the last live label on each suggestion. `lead_wins`: the same, the production's lead only.
  `majority`: over latest_per_person, the outcome that more people gave than any other (ties give none), represented by
  the earliest of its decisions.
- The order of decisions on a suggestion: `decided_at` (unknown first), position in the file, arrival (id).
- `signals`: one row for each live label (dead ones only under every_decision); `effective` says whether the policy
  counts it.
- `unpaired_preference`, from effective decisions: accept gives the suggestion as True; reject gives it as False, with
  the kind of negative; revise gives the revision as True (if there is one) and the suggestion as False only at
  severity 3 or 4.
- `preference`, from effective decisions: every revise gives revision over suggestion; within a brief, every accepted
  suggestion goes over every rejected one of the same person (of anybody's under lead_wins and majority, where the
  label is the production's). A revise takes no part in the latter.
- "" is a text, null is none. What has no text makes no row (`no_text`); two empty texts (`both_empty`) or two identical
  ones (`identical`) make no pair. Rows not made are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Final

from loop.decision.rules import LABELLED, sort_key, stored_negative_kind

VERSION: Final = "1"

EVERY_DECISION: Final = "every_decision"
LATEST_PER_PERSON: Final = "latest_per_person"
LEAD_WINS: Final = "lead_wins"
MAJORITY: Final = "majority"
POLICIES: Final = (EVERY_DECISION, LATEST_PER_PERSON, LEAD_WINS, MAJORITY)
DEFAULT_POLICY: Final = LATEST_PER_PERSON

POSITIVE, NEGATIVE, NONE = "positive", "negative", "none"
SUGGESTION, REVISION = "suggestion", "revision"  # sides
FROM_REVISE, FROM_CANDIDATES = "revise", "candidates"  # kinds of pair
UNACCEPTABLE: Final = frozenset({3, 4})  # severities at which a revise is a negative of the suggestion

NO_TEXT, BOTH_EMPTY, IDENTICAL = "no_text", "both_empty", "identical"
EMPTY, REPEATED, NO_SPANS, NO_MEDIA = "empty", "repeated", "no_spans", "no_media"  # of the profiles in kinds.py
NOT_MADE: Final = (NO_TEXT, BOTH_EMPTY, IDENTICAL, EMPTY, REPEATED, NO_SPANS, NO_MEDIA)


@dataclass(frozen=True, slots=True)
class Labels:
    """What one decision says of the suggestion and of its revision."""

    suggestion: str
    revision: str
    negative_kind: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A span of a decision, in the order of the spans."""

    target: str = "content"
    unit: str = "code_point"
    start: int | None = None
    end: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision with what the rules ask of it. `person` is whose judgement it is; `dead` as of the cut-off.

    `prompt` and `media` (the file's digest) are the suggestion's.
    """

    id: int
    suggestion: int
    brief: int
    person: int
    outcome: str
    decided_at: datetime | None = None
    position: int = 0
    dead: bool = False
    severity: int | None = None
    negative_kind: str = ""
    content: str | None = ""
    revision: str | None = None
    prompt: str | None = None
    media: str | None = None
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A row that may go out. `other` is the decision that rejected, for a pair among candidates.

    `side` says which text of the decision the row carries (suggestion, revision), or which of its spans ("span 0").
    """

    decision: int
    other: int | None = None
    side: str | None = None
    pair_kind: str | None = None
    negative_kind: str | None = None
    label: bool | None = None
    effective: bool = True


@dataclass(slots=True)
class Rows:
    """The rows in their order, and how many were not made, by reason."""

    rows: list[Row] = field(default_factory=list)
    not_made: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NOT_MADE, 0))


def label_of(outcome: str, severity: int | None, negative_kind: str, *, has_revision: bool) -> Labels:
    """The labels of one decision, as stored with it. A skip or a retract labels nothing."""
    if outcome == "accept":
        return Labels(POSITIVE, NONE, "")
    if outcome == "reject":
        return Labels(NEGATIVE, NONE, negative_kind or "explicit")
    if outcome == "revise":
        unacceptable = severity in UNACCEPTABLE
        return Labels(NEGATIVE if unacceptable else NONE, POSITIVE if has_revision else NONE, "")
    return Labels(NONE, NONE, "")


def effective(decisions: Iterable[Judgement], policy: str, lead: int | None) -> list[Judgement]:
    """The decisions that carry the effective label under `policy`, ordered by suggestion and id.

    `lead` is the production's lead (None: it has none, and lead_wins gives nothing).
    """
    if policy not in POLICIES:
        raise ValueError(f"policy: expected one of {', '.join(POLICIES)}, found {policy!r}")
    labels = [one for one in decisions if one.outcome in LABELLED]
    if policy == EVERY_DECISION:
        return _ordered(labels)
    latest: dict[tuple[int, int], Judgement] = {}
    for one in sorted(labels, key=_time):
        if not one.dead:
            latest[one.suggestion, one.person] = one
    if policy == LATEST_PER_PERSON:
        return _ordered(latest.values())
    if policy == LEAD_WINS:
        return _ordered(one for one in latest.values() if lead is not None and one.person == lead)
    return _ordered(_majority(list(latest.values())))


def signals(decisions: Iterable[Judgement], policy: str, lead: int | None) -> Rows:
    """Profile `signals`."""
    decisions = list(decisions)
    counted = {one.id for one in effective(decisions, policy, lead)}
    made = Rows()
    for one in _ordered(decisions):
        if one.outcome in LABELLED and (policy == EVERY_DECISION or not one.dead):
            kind = stored_negative_kind(one.outcome, one.negative_kind) or None
            made.rows.append(Row(one.id, negative_kind=kind, effective=one.id in counted))
    return made


def unpaired(decisions: Iterable[Judgement], policy: str, lead: int | None) -> Rows:
    """Profile `unpaired_preference`: the suggestion's row before the revision's."""
    made = Rows()
    for one in effective(decisions, policy, lead):
        labels = label_of(one.outcome, one.severity, one.negative_kind, has_revision=one.revision is not None)
        if labels.suggestion != NONE:
            if one.content is None:
                made.not_made[NO_TEXT] += 1
            else:
                label, kind = labels.suggestion == POSITIVE, labels.negative_kind or None
                made.rows.append(Row(one.id, side=SUGGESTION, negative_kind=kind, label=label))
        if one.outcome == "revise":
            if one.revision is None:
                made.not_made[NO_TEXT] += 1
            else:
                made.rows.append(Row(one.id, side=REVISION, label=True))
    return made


def pairs(decisions: Iterable[Judgement], policy: str, lead: int | None) -> Rows:
    """Profile `preference`, ordered by the chosen suggestion and decision, then by the rejected ones."""
    made = Rows()
    counted = effective(decisions, policy, lead)
    ordered = [
        ((one.suggestion, one.id, 0, 0), Row(one.id, pair_kind=FROM_REVISE))
        for one in counted
        if one.outcome == "revise" and _is_pair(one.revision, one.content, made)
    ]
    shared_label = policy in (LEAD_WINS, MAJORITY)

    def who_asked(one: Judgement) -> tuple[int, int]:
        return (one.brief, 0 if shared_label else one.person)

    for _, group in groupby(sorted(counted, key=who_asked), key=who_asked):
        members = list(group)
        rejected = [one for one in members if one.outcome == "reject"]
        for chosen in (one for one in members if one.outcome == "accept"):
            for other in rejected:
                if _is_pair(chosen.content, other.content, made):
                    kind = other.negative_kind or "explicit"
                    row = Row(chosen.id, other.id, pair_kind=FROM_CANDIDATES, negative_kind=kind)
                    ordered.append(((chosen.suggestion, chosen.id, other.suggestion, other.id), row))
    made.rows = [row for _, row in sorted(ordered, key=lambda item: item[0])]
    return made


def _is_pair(chosen: str | None, rejected: str | None, made: Rows) -> bool:
    if chosen is None or rejected is None:
        made.not_made[NO_TEXT] += 1
    elif not chosen and not rejected:
        made.not_made[BOTH_EMPTY] += 1
    elif chosen == rejected:
        made.not_made[IDENTICAL] += 1
    else:
        return True
    return False


def _majority(latest: Sequence[Judgement]) -> Iterator[Judgement]:
    by_suggestion = sorted(latest, key=lambda one: (one.suggestion, *_time(one)))
    for _, group in groupby(by_suggestion, key=lambda one: one.suggestion):
        votes: dict[str, list[Judgement]] = {}
        for one in group:
            votes.setdefault(one.outcome, []).append(one)
        ranked = sorted(votes.values(), key=len, reverse=True)
        if len(ranked) == 1 or len(ranked[0]) > len(ranked[1]):
            yield ranked[0][0]


def _time(one: Judgement) -> tuple[datetime, int, int]:
    return sort_key(one.decided_at, one.position, one.id)


def _ordered(decisions: Iterable[Judgement]) -> list[Judgement]:
    return sorted(decisions, key=lambda one: (one.suggestion, one.id))

"""From a checked line to what is new of it: identities, repetitions, contradictions, what supersedes what."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from loop.decision.rules import Known, retracted_by
from loop.intake import known
from loop.intake.known import KnownDecision
from loop.intake.rows import NewDecision
from loop.intake.shape import DecisionLine, SuggestionLine
from loop.kernel.problem import Problem


@dataclass(slots=True)
class Resolved:
    """What is new of one line's decisions, how many were known, and what contradicts."""

    new: list[NewDecision] = field(default_factory=list)
    repeated: int = 0
    errors: list[Problem] = field(default_factory=list)


def identity(decision: DecisionLine, position: int, salt: bytes) -> str:
    """The decision's `external_id`, else the digest of its fields with its position in the file.

    Keyed by the salt of the suggestion's text: erasing that text leaves nothing to guess a rationale from.
    """
    if decision.external_id:
        return decision.external_id
    said = position.to_bytes(4, "big") + decision.said
    return f"auto:{hmac.new(salt, said, hashlib.sha256).hexdigest()}"


def resolve(
    line: SuggestionLine,
    names: Sequence[str],
    positions: Sequence[int],
    ids: Sequence[int],
    *,
    suggestion: int | None,
    recorded: Mapping[str, KnownDecision],
    verdicts: Sequence[Known],
) -> Resolved:
    """Compares the decisions of `line` with what is recorded.

    `names` are their identities, `ids` are free for new ones; `suggestion` is the recorded suggestion's id, None if it
    is new; `verdicts` are the recorded decisions on it (needed only if one of the line retracts or supersedes).
    """
    found = Resolved()
    seen: dict[str, DecisionLine] = {}
    fresh: list[tuple[DecisionLine, str, int, int]] = []
    for decision, name, position, number in zip(line.decisions, names, positions, ids, strict=True):
        at = f"decisions[{decision.position}]"
        earlier = recorded.get(name)
        if name in seen:
            if replace_place(seen[name], decision) != decision:
                found.errors.append(_other(at, name))
            found.repeated += 1
        elif earlier is None:
            seen[name] = decision
            fresh.append((decision, name, position, number))
        elif earlier.suggestion_id != suggestion or not known.is_same_decision(
            decision, name, line.external_id, earlier
        ):
            found.errors.append(_other(at, name))
        else:
            found.repeated += 1
    before = list(verdicts) + [
        Known(number, name, one.person, one.draft.outcome, one.decided_at, position, dead=False, recorded=False)
        for one, name, position, number in fresh
    ]
    for decision, name, position, number in fresh:
        target, problem = _superseded(decision, number, position, before)
        if problem is not None:
            found.errors.append(problem)
        elif target is not None:
            before = [replace(one, dead=True) if one.id == target.id else one for one in before]
        pair = None if target is None else (target.id, target.external_id)
        found.new.append(NewDecision(number, name, position, decision, pair))
    return found


def replace_place(one: DecisionLine, other: DecisionLine) -> DecisionLine:
    """`one` at the place of `other`: a decision named twice is the same wherever it stands."""
    return replace(one, position=other.position)


def _superseded(
    decision: DecisionLine, number: int, position: int, before: Sequence[Known]
) -> tuple[Known | None, Problem | None]:
    at, person = f"decisions[{decision.position}]", decision.person
    others = [one for one in before if one.id != number]
    if decision.supersedes is not None:
        named = [one for one in others if one.external_id == decision.supersedes and one.person == person]
        if named and not named[0].dead:
            return named[0], None
        found = f"{decision.supersedes!r}, which is " + ("superseded already" if named else "none of them")
        return None, Problem(f"{at}.supersedes", "a live decision of the same person on this suggestion", found)
    if decision.draft.outcome != "retract":
        return None, None
    target = retracted_by(person, decision.decided_at, position, others)
    if target is None:
        expected = f"an earlier live decision of {decision.person!r} to retract"
        return None, Problem(f"{at}.outcome", expected, "none")
    return target, None


def _other(at: str, name: str) -> Problem:
    expected = f"what is recorded as {name!r}"
    return Problem(f"{at}.external_id", expected, "another decision under the same identity", contradicts=True)

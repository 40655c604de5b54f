"""The door's verb: somebody answers a suggestion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from loop.decision.decide import decide
from loop.decision.models import Decision
from loop.decision.rules import Span, states_reason
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import NotValidError
from loop.people.contributor import known_as
from loop.people.models import Contributor
from loop.people.querysets import require
from loop.people.roles import Permission
from loop.queue.models import ReviewPolicy
from loop.queue.policy import policy_of
from loop.queue.release import release
from loop.screening.screen import record_judged, screen_of, texts_of_decision
from loop.signal.derive import derive
from loop.signal.oneself import require_oneself
from loop.suggestion.models import Suggestion


@dataclass(frozen=True, slots=True)
class Answer:
    """The decision, whether this call recorded it (False: a repetition), and what it superseded."""

    decision: Decision
    created: bool
    superseded: Decision | None


def answer(
    *,
    suggestion: Suggestion,
    outcome: str,
    decided_by: Contributor | str,
    actor: Actor,
    external_id: str,
    on_behalf_of: Contributor | str | None = None,
    reasons: Sequence[str] = (),
    negative_kind: str = "",
    rationale: str | None = None,
    revised_content: str | None = None,
    revision_by_ai: bool = False,
    spans: Sequence[Span | Mapping[str, Any]] = (),
    beats: Sequence[str] = (),
    severity: int | None = None,
    confidence: Decimal | str | None = None,
    active_ms: int | None = None,
    context: Mapping[str, Any] | None = None,
    supersedes: Decision | None = None,
    replace_own: bool = False,
    decided_at: datetime | None = None,
    source: str = "",
    at: datetime | None = None,
) -> Answer:
    """Decides and derives the signal in one durable transaction: when it returns, nothing of it can be lost.

    Who may: `decide` on the production, or `decide_on_behalf` if `on_behalf_of` is given. A login judges as the
    contributor of its own membership only; a tool names whom it speaks for, also by an id in the production's
    namespace, and somebody new is added in the same transaction, as in a bulk body. A skip follows the production's
    policy (NotValidError, field `outcome` or `skip`). Arguments and refusals as in `decision.decide.decide`; beside
    them NotAllowedError and NotFoundError.
    """
    permission = Permission.DECIDE_ON_BEHALF if on_behalf_of is not None else Permission.DECIDE
    require(actor, suggestion.production, permission)
    require_oneself(actor, suggestion.production_id, decided_by)
    with transaction.atomic(durable=True):
        decision, created = decide(
            suggestion=suggestion,
            outcome=outcome,
            decided_by=_person(decided_by, suggestion, actor),
            actor=actor,
            external_id=external_id,
            at=at or now(),
            on_behalf_of=None if on_behalf_of is None else _person(on_behalf_of, suggestion, actor),
            reasons=reasons,
            negative_kind=negative_kind,
            rationale=rationale,
            revised_content=revised_content,
            revision_by_ai=revision_by_ai,
            spans=spans,
            beats=beats,
            severity=severity,
            confidence=confidence,
            active_ms=active_ms,
            context=context,
            supersedes=supersedes,
            replace_own=replace_own,
            decided_at=decided_at,
            source=source,
        )
        if created:
            _may_skip(decision, rationale)
            derive(decision=decision)
            _screen(decision, rationale, revised_content, actor)
            release(suggestion=suggestion, person=decision.decided_by)
    return Answer(decision, created, decision.supersedes)


def _screen(decision: Decision, rationale: str | None, revised_content: str | None, actor: Actor) -> None:
    """What is in its words that must not train. In the transaction of the decision: no release can hold it yet."""
    text = getattr(decision, "text", None)
    texts = texts_of_decision(rationale, revised_content, text.span_texts if text else None)
    [judged] = screen_of(decision.production).judge([texts])
    if judged is not None:
        record_judged(
            judged, decision=decision, actor=actor, production_id=decision.production_id, at=decision.recorded_at
        )


def _may_skip(decision: Decision, rationale: str | None) -> None:
    """Refuses a new skip that the production's policy does not take; a repetition was asked the first time."""
    if decision.outcome != "skip":
        return
    wanted = policy_of(decision.production).skip
    if wanted == ReviewPolicy.Skip.NOT_ALLOWED:
        raise NotValidError("outcome: expected a verdict, since this production does not skip", field="outcome")
    is_explained = states_reason(decision.reasons) or bool((rationale or "").strip())
    if wanted == ReviewPolicy.Skip.WITH_REASON and not is_explained:
        raise NotValidError("reasons: expected a reason or words for a skip (policy of the production)", field="skip")


def _person(who: Contributor | str, suggestion: Suggestion, actor: Actor) -> Contributor:
    if isinstance(who, Contributor):
        return who
    production = suggestion.production
    return known_as(namespace=production.code, external_id=who, production=production, function="decider", actor=actor)

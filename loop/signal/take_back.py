"""Undoing a gesture over several candidates, as a whole."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from loop.audit.record import record
from loop.decision.decide import MAX_EXTERNAL_ID, KeyReusedError, SupersededError, decide
from loop.decision.models import Decision
from loop.decision.said import said
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import NotValidError
from loop.people.models import Contributor
from loop.people.querysets import require
from loop.people.roles import Permission
from loop.signal.choose import MAX_CANDIDATES, Choice, hold_brief, place_key
from loop.signal.derive import derive
from loop.signal.oneself import require_oneself


def take_back(
    *,
    decision: Decision,
    decided_by: Contributor,
    actor: Actor,
    key: str,
    decided_at: datetime | None = None,
    source: str = "",
    at: datetime | None = None,
) -> Choice:
    """Takes the gesture that `decision` belongs to back, in one durable transaction; the page looks as before it.

    1. Every decision of the gesture that still stands is superseded: by a retract, or, where it had superseded an
       earlier verdict, by a new decision that says the same as that one. A dead decision never lives again, and history
       keeps all three: what was said, what replaced it, and that it was said again when the replacement was undone.
       Its context is that of the verdict it repeats, with `repeats` (that verdict) and `undoes` (what it replaces). A
       verdict that can no longer be said (its reason was retired since) is not repeated: the candidate is open again.
    2. What the person has said of a candidate since the gesture stays.
    3. `key` is the identity of this undo: the same key again gives the first answer. An event says it in words.

    `decided_by` enters it, for whom the gesture was. Raises NotAllowedError; NotValidError (a decision of no gesture);
    KeyReusedError; SupersededError when nothing of the gesture stands any more. About twelve queries a candidate.
    """
    gesture = _gesture_of(decision)
    if not gesture or not key or len(place_key(key, MAX_CANDIDATES)) > MAX_EXTERNAL_ID:
        raise NotValidError("retracts: expected a decision of a choice among candidates", field="retracts")
    production, brief, person = decision.production, decision.suggestion.brief, decision.on_behalf_of
    require(actor, production, Permission.DECIDE_ON_BEHALF if person is not None else Permission.DECIDE)
    require_oneself(actor, production.pk, decided_by)
    moment = at or now()
    who = {"decided_by": decided_by, "actor": actor, "at": moment, "on_behalf_of": person, "source": source}
    with transaction.atomic(durable=True):
        hold_brief(brief.pk, (person or decision.decided_by).pk)
        before = _recorded(production.pk, key, gesture)
        if before:
            return Choice(before, None, [], created=False)
        standing = _standing(decision, gesture)
        if not standing:
            raise SupersededError("retracts: expected a choice that stands, found one that is superseded already")
        made = [
            _undo(each, external_id=place_key(key, place), decided_at=decided_at, **who)
            for place, each in enumerate(standing)
        ]
        record(
            event="decision.taken_back",
            actor=actor,
            obj_table="loop_decision",
            obj_uid=made[0].uid,
            production_id=production.pk,
            at=moment,
            facts={"decisions": str(len(made)), "brief": brief.external_id},
        )
    return Choice(made, None, [], created=True)


def _gesture_of(decision: Decision) -> str:
    """The key of the gesture that a decision belongs to, "" for one that stands for itself."""
    found = decision.context.get("gesture") if isinstance(decision.context, dict) else None
    return str(found.get("key", "")) if isinstance(found, dict) else ""


def _recorded(production_id: int, key: str, gesture: str) -> list[Decision]:
    places = [place_key(key, place) for place in range(MAX_CANDIDATES)]
    found = list(Decision.objects.filter(production=production_id, external_id__in=places).order_by("id"))
    if found:
        undone = Decision.objects.filter(uid=found[0].context.get("undoes")).first()
        if undone is None or _gesture_of(undone) != gesture:
            raise KeyReusedError(f"key: expected the undo recorded as {key!r}, found another body")
    return found


def _standing(decision: Decision, gesture: str) -> list[Decision]:
    """What still stands of the gesture, or was said again since, in the order in which single verdicts are locked."""
    found = Decision.objects.filter(
        production=decision.production_id,
        suggestion__uid__in=decision.context.get("candidates", []),
        context__gesture__key=gesture,
        superseded_by=None,
    )
    return list(found.select_related("suggestion__production").order_by("suggestion_id"))


def _undo(taken: Decision, **who: Any) -> Decision:
    # What was said again stands for the first time it was said: what lay under that one comes back.
    first = (
        Decision.objects.filter(uid=taken.context.get("repeats", taken.uid)).select_related("supersedes__text").get()
    )
    earlier = first.supersedes
    if earlier is not None:
        repeated = _say_again(earlier, taken, **who)
        if repeated is not None:
            return repeated
    context = {"page": taken.context.get("page", "review"), "undoes": str(taken.uid)}
    return decide(suggestion=taken.suggestion, outcome="retract", supersedes=taken, context=context, **who)[0]


def _say_again(earlier: Decision, taken: Decision, **who: Any) -> Decision | None:
    context = {"repeats": str(earlier.uid), **earlier.context, "undoes": str(taken.uid)}
    try:
        with transaction.atomic():
            decision, _ = decide(suggestion=taken.suggestion, supersedes=taken, context=context, **said(earlier), **who)
    except NotValidError:
        return None
    derive(decision=decision)
    return decision

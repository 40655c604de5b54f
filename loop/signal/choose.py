"""One gesture over several candidates of a brief: this one, not those; or none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction

from loop.audit.record import record
from loop.decision.decide import MAX_EXTERNAL_ID, KeyReusedError, decide
from loop.decision.models import Decision
from loop.decision.querysets import in_order, judged_by, live
from loop.decision.rules import Span
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import NotValidError
from loop.people.models import Contributor
from loop.people.querysets import require
from loop.people.roles import Permission
from loop.queue.release import release
from loop.signal.derive import derive
from loop.signal.oneself import require_oneself
from loop.suggestion.models import Suggestion

MAX_CANDIDATES: Final = 48  # of one gesture: nobody compares more at once, and each is a decision of its own
BEST, NONE_OF_THEM = "best", "dismissed"


@dataclass(frozen=True, slots=True)
class Choice:
    """The decisions of a gesture in the order of the candidates, and whether this call recorded them (False: a
    repetition). `spared` are the candidates on which the person's own verdict stands as it was.
    """

    decisions: list[Decision]
    chosen: Decision | None
    spared: list[Suggestion]
    created: bool

    @property
    def main(self) -> Decision:
        """The decision that stands for the gesture: the accept, else the first."""
        return self.chosen or self.decisions[0]


def choose(
    *,
    candidates: Sequence[Suggestion],
    chosen: Suggestion | None,
    decided_by: Contributor,
    actor: Actor,
    key: str,
    on_behalf_of: Contributor | None = None,
    reasons: Sequence[str] = (),
    beats: Sequence[str] = (),
    rationale: str | None = None,
    severity: int | None = None,
    confidence: Decimal | str | None = None,
    spans: Sequence[Span | Mapping[str, Any]] = (),
    active_ms: int | None = None,
    context: Mapping[str, Any] | None = None,
    names: Sequence[str] = (),
    noun: str = "",
    decided_at: datetime | None = None,
    source: str = "",
    at: datetime | None = None,
) -> Choice:
    """Accepts `chosen` and rejects the other `candidates` as its siblings, in one durable transaction.

    1. `candidates` are those that were compared, in the order shown, of one brief; `chosen` is one of them, or None:
       then all are dismissed. What is said (reasons, beats, words, spans) is said of the chosen one; of each when all
       are dismissed, spans apart.
    2. A candidate that the person has rejected or revised for reasons of its own keeps that verdict, and so does one
       judged later than this gesture was made. Everything else that stood on the others is superseded: an earlier
       accept, a skip, a place in an earlier comparison.
    3. `key` is the gesture's identity: the same key with the same body gives the first answer, with another body
       KeyReusedError. The decisions carry it with their place (`key#0`), and in their context with the verb.
    4. One event beside those of the decisions says it in words: `names` are the candidates' for people (letters, or
       take numbers with the `noun` "take"); without them their external ids.

    Who may: as for `answer`. Raises NotAllowedError, NotValidError (field `candidates` for a set that is none),
    KeyReusedError, SupersededError. A login's gestures on one brief wait for each other. About ten queries a candidate.
    """
    names = list(names) or [each.external_id for each in candidates]
    gesture = _gesture(candidates, chosen, key, names, noun)
    production = candidates[0].production
    require(actor, production, Permission.DECIDE_ON_BEHALF if on_behalf_of is not None else Permission.DECIDE)
    require_oneself(actor, production.pk, decided_by)
    moment = at or now()
    person = on_behalf_of or decided_by
    common: dict[str, Any] = {
        "decided_by": decided_by,
        "actor": actor,
        "at": moment,
        "on_behalf_of": on_behalf_of,
        "context": {**(context or {}), **gesture},
        "decided_at": decided_at,
        "source": source,
    }
    words = {"reasons": reasons, "beats": beats, "rationale": rationale, "severity": severity, "confidence": confidence}
    bodies: list[dict[str, Any]] = []
    for place, each in enumerate(candidates):
        if each == chosen:
            body = {"outcome": "accept", **words, "spans": spans, "active_ms": active_ms}
        elif chosen is not None:
            body = {"outcome": "reject", "negative_kind": "sibling"}
        else:
            body = {
                "outcome": "reject",
                "negative_kind": "dismissed",
                **words,
                "active_ms": None if place else active_ms,
            }
        bodies.append({"suggestion": each, "external_id": place_key(key, place), **body, **common})
    with transaction.atomic(durable=True):
        hold_brief(candidates[0].brief_id, person.pk)
        known = _known(production.pk, key, len(candidates))
        if known:
            return _repeated(known, bodies, candidates, chosen)
        made, spared = _record(bodies, candidates, chosen, person, decided_at or moment)
        if not made:
            raise NotValidError(
                "candidates: expected one without a rejection or revision of your own, found none", field="candidates"
            )
        choice = Choice(made, next((one for one in made if one.outcome == "accept"), None), spared, created=True)
        _tell(choice, candidates, chosen, names, noun, actor, moment)
    return choice


def place_key(key: str, place: int) -> str:
    """The external id of one decision of a gesture."""
    return f"{key}#{place}"


def hold_brief(brief_id: int, person_id: int) -> None:
    """Until the transaction ends, gestures of one person over a brief wait here: two at once would take the locks of
    single verdicts in different orders. One query.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"choose {brief_id} {person_id}"])


def words_of(decision: Decision) -> str:
    """The gesture that a decision belongs to, for people: "take 9 over 3, 7 and 12", "A and B"; "" for none."""
    context = decision.context if isinstance(decision.context, dict) else {}
    gesture = context.get("gesture")
    if not isinstance(gesture, dict):
        return ""
    candidates, names = list(context.get("candidates", ())), [str(each) for each in gesture.get("names", ())]
    if gesture.get("chosen") not in candidates or len(names) != len(candidates):
        return in_words(names)
    best = names.pop(candidates.index(gesture["chosen"]))
    return f"{gesture.get('noun', '')} {best} over {in_words(names)}".strip()


def in_words(names: Sequence[str]) -> str:
    """3, 7 and 12."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""


def _gesture(
    candidates: Sequence[Suggestion], chosen: Suggestion | None, key: str, names: Sequence[str], noun: str
) -> dict[str, Any]:
    """What the context of every decision of the gesture says of it."""
    found = [each.pk for each in candidates]
    is_set = len(set(found)) == len(found) and len({each.brief_id for each in candidates}) == 1
    if not is_set or not 2 <= len(found) <= MAX_CANDIDATES:  # noqa: PLR2004 - fewer than two are no comparison
        raise NotValidError(
            f"candidates: expected 2 to {MAX_CANDIDATES} different answers to one brief, found {len(found)}",
            field="candidates",
        )
    if chosen is not None and chosen.pk not in found:
        raise NotValidError("chosen: expected one of the candidates, found another", field="chosen")
    if not key or len(place_key(key, len(found))) > MAX_EXTERNAL_ID:
        raise NotValidError(f"key: expected 1 to {MAX_EXTERNAL_ID - 4} characters, found {len(key)}", field="key")
    return {
        "candidates": [str(each.uid) for each in candidates],
        "gesture": {
            "key": key,
            "verb": BEST if chosen is not None else NONE_OF_THEM,
            "chosen": None if chosen is None else str(chosen.uid),
            "names": list(names),
            "noun": noun,
        },
    }


def _known(production_id: int, key: str, count: int) -> dict[int, Decision]:
    """What is recorded under the key, by place. A longer set under the same key shows at its first places."""
    ids = {place_key(key, place): place for place in range(max(count, MAX_CANDIDATES))}
    found = Decision.objects.filter(production_id=production_id, external_id__in=ids)
    return {ids[each.external_id]: each for each in found.order_by("id")}


def _repeated(
    known: Mapping[int, Decision],
    bodies: Sequence[Mapping[str, Any]],
    candidates: Sequence[Suggestion],
    chosen: Suggestion | None,
) -> Choice:
    # Each decision's digest covers the candidates in their order and the chosen one: any of them betrays another body.
    decisions = []
    for place, recorded in sorted(known.items()):
        if place >= len(bodies):
            raise KeyReusedError(f"key: expected the gesture recorded as {recorded.external_id!r}, found another body")
        decisions.append(decide(**bodies[place])[0])
    spared = [each for place, each in enumerate(candidates) if place not in known]
    accepted = next((one for one in decisions if chosen is not None and one.suggestion_id == chosen.pk), None)
    return Choice(decisions, accepted, spared, created=False)


def _record(
    bodies: Sequence[Mapping[str, Any]],
    candidates: Sequence[Suggestion],
    chosen: Suggestion | None,
    person: Contributor,
    moment: datetime,
) -> tuple[list[Decision], list[Suggestion]]:
    standing = _standing(candidates, person)
    made: dict[int, Decision] = {}
    spared: list[Suggestion] = []
    for place in sorted(range(len(candidates)), key=lambda place: candidates[place].pk):
        each, body = candidates[place], bodies[place]
        earlier = standing.get(each.pk)
        is_late = earlier is not None and earlier.decided_at is not None and earlier.decided_at > moment
        if each != chosen and earlier is not None and (is_late or _is_for_itself(earlier)):
            spared.append(each)
            continue
        decision, _ = decide(**body, supersedes=None if is_late else earlier)
        derive(decision=decision)
        release(suggestion=each, person=decision.decided_by)
        made[place] = decision
    return [made[place] for place in sorted(made)], spared


def _standing(candidates: Sequence[Suggestion], person: Contributor) -> dict[int, Decision]:
    found = live(Decision.objects.filter(suggestion__in=[each.pk for each in candidates]).exclude(outcome="retract"))
    return {each.suggestion_id: each for each in in_order(judged_by(found, person.pk))}


def _is_for_itself(decision: Decision) -> bool:
    """Whether somebody said of this very candidate that it will not do, or what it should be."""
    return decision.outcome == "revise" or (decision.outcome == "reject" and decision.negative_kind == "explicit")


def _tell(
    choice: Choice,
    candidates: Sequence[Suggestion],
    chosen: Suggestion | None,
    names: Sequence[str],
    noun: str,
    actor: Actor,
    at: datetime,
) -> None:
    decided = {each.suggestion_id for each in choice.decisions}
    over = [name for each, name in zip(candidates, names, strict=True) if each != chosen and each.pk in decided]
    facts = {"over": in_words(over) or "none", "brief": candidates[0].brief.external_id}
    if chosen is not None:
        facts["chosen"] = f"{noun} {names[candidates.index(chosen)]}".strip()
    record(
        event="decision.dismissed" if chosen is None else "decision.chosen",
        actor=actor,
        obj_table="loop_decision",
        obj_uid=choice.main.uid,
        production_id=candidates[0].production_id,
        at=at,
        facts=facts,
    )

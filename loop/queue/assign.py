"""Meaning suggestions for people, many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from loop.audit.record import record
from loop.kernel.actor import Actor
from loop.kernel.canonical import Json
from loop.kernel.clock import now
from loop.kernel.errors import NotAllowedError, NotValidError
from loop.material.models import Production
from loop.people.models import Contributor, User
from loop.people.querysets import is_permitted, is_system, judges_as, require
from loop.people.roles import MATRIX, Permission
from loop.queue.models import Assignment
from loop.suggestion.models import Suggestion

MAX_ITEMS: Final = 10_000  # of one gesture
MAX_PEOPLE: Final = 20
NAMED: Final = 500  # suggestions that the event names one by one; of more it says how many and by which filter
_BATCH: Final = 2_000


def may_assign(actor: Actor, production: Production) -> bool:
    """Whoever manages people and policy, and the production's lead. At most two queries."""
    if is_system(actor) or is_permitted(actor, production, Permission.MANAGE_PEOPLE):
        return True
    person = judges_as(actor, production) if production.lead_id else None
    return person is not None and person.pk == production.lead_id


def judges_of(production: Production) -> QuerySet[Contributor]:
    """Who may be assigned to: the people of the production who judge, by name. One query."""
    judging = [role for role, held in MATRIX.items() if held & {Permission.DECIDE, Permission.DECIDE_ON_BEHALF}]
    seated = Q(memberships__production=production, memberships__active=True, memberships__role__in=judging)
    return Contributor.objects.filter(seated).distinct().order_by("name", "external_id")


def assign(
    *,
    production: Production,
    suggestions: Iterable[Suggestion],
    people: Sequence[Contributor],
    actor: Actor,
    user: User,
    query: str = "",
    at: datetime | None = None,
) -> int:
    """Means each of the suggestions for each of the people, beside those they are meant for; how many are new.

    From then on a suggestion waits for its assignees and for nobody else. `query` is the filter that chose them, kept
    with the one event of the gesture. Raises NotValidError for nobody, nothing, too many, a foreign suggestion or
    somebody who does not judge here; NotAllowedError, NotFoundError. Durable.
    """
    chosen, moment = chosen_of(production, suggestions, actor), at or now()
    if not 1 <= len(people) <= MAX_PEOPLE:
        raise NotValidError(f"people: expected 1 to {MAX_PEOPLE}, found {len(people)}", field="people")
    judging = set(judges_of(production).values_list("pk", flat=True))
    for person in people:
        if person.pk not in judging:
            raise NotValidError(f"people: expected somebody who judges here, found {person}", field="people")
    with transaction.atomic(durable=True):
        before = Assignment.objects.filter(suggestion__in=chosen, contributor__in=people).count()
        Assignment.objects.bulk_create(
            (
                Assignment(suggestion_id=pk, contributor=person, assigned_by=user, assigned_at=moment)
                for pk in chosen
                for person in people
            ),
            batch_size=_BATCH,
            ignore_conflicts=True,
        )
        new = len(chosen) * len(people) - before
        if new:
            tell("queue.assigned", production, chosen, people, query, actor, moment)
    return new


def chosen_of(production: Production, suggestions: Iterable[Suggestion], actor: Actor) -> dict[int, str]:
    """{key: uid} of what is assigned or unassigned. The permission is asked before anything else."""
    if not may_assign(actor, production):
        require(actor, production, Permission.MANAGE_PEOPLE)
        raise NotAllowedError("Only the lead and whoever manages people assign.")
    found: dict[int, str] = {}
    for each in suggestions:
        if each.production_id != production.pk:
            raise NotValidError("suggestions: expected those of the production, found another's", field="suggestions")
        found[each.pk] = str(each.uid)
        if len(found) > MAX_ITEMS:
            break
    if not 1 <= len(found) <= MAX_ITEMS:
        many = f"more than {MAX_ITEMS}" if found else "none"
        raise NotValidError(f"suggestions: expected 1 to {MAX_ITEMS}, found {many}", field="suggestions")
    return found


def tell(
    event: str,
    production: Production,
    chosen: dict[int, str],
    people: Sequence[Contributor],
    query: str,
    actor: Actor,
    at: datetime,
) -> None:
    """One event of a gesture, about the production."""
    names: list[Json] = [each.external_id for each in people] or ["everybody"]
    facts: dict[str, Json] = {"items": str(len(chosen)), "people": names, "filter": query}
    if len(chosen) <= NAMED:
        facts["suggestions"] = list(chosen.values())
    record(
        event=event,
        actor=actor,
        obj_table="loop_production",
        obj_uid=production.uid,
        production_id=production.pk,
        at=at,
        facts=facts,
    )

"""Asking for a second opinion."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from loop.audit.record import record
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import NotAllowedError
from loop.people.models import Contributor
from loop.people.querysets import is_permitted, judges_as, require
from loop.people.roles import Permission
from loop.queue.models import OpinionRequest
from loop.queue.querysets import open_requests
from loop.suggestion.models import Suggestion


def ask_opinion(*, suggestion: Suggestion, actor: Actor, at: datetime | None = None) -> OpinionRequest:
    """Asks the others of the production for an opinion on a suggestion, in the name of whoever is logged in.

    Until another person gives a label the suggestion waits for everybody but the one who asks, however many have
    judged it. Asked again while it is open: nothing changes; asked again once it was met: it is open again, and that is
    recorded. Raises NotAllowedError for a login that does not judge here, NotFoundError for a foreign one. Durable.
    """
    person = asker_of(suggestion, actor)
    moment = at or now()
    with transaction.atomic(durable=True):
        request, is_new = OpinionRequest.objects.select_for_update().get_or_create(
            suggestion=suggestion, asked_by=person, defaults={"asked_at": moment}
        )
        if not is_new:
            if open_requests(suggestion.production).filter(pk=request.pk).exists():
                return request
            request.asked_at = moment
            request.save(update_fields=["asked_at"])
        tell("opinion.asked", suggestion, person, actor, moment)
    return request


def asker_of(suggestion: Suggestion, actor: Actor) -> Contributor:
    """In whose name a login asks: whoever judges here. Raises NotAllowedError, NotFoundError."""
    production = suggestion.production
    if not is_permitted(actor, production, Permission.DECIDE):
        require(actor, production, Permission.DECIDE_ON_BEHALF)
    person = judges_as(actor, production)
    if person is None:
        raise NotAllowedError("Only somebody who judges here asks for a second opinion.")
    return person


def tell(event: str, suggestion: Suggestion, person: Contributor, actor: Actor, at: datetime) -> None:
    """One event about the suggestion."""
    record(
        event=event,
        actor=actor,
        obj_table="loop_suggestion",
        obj_uid=suggestion.uid,
        production_id=suggestion.production_id,
        at=at,
        facts={"asked_by": str(person.uid)},
    )

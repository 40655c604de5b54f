"""Asking no longer for a second opinion."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.queue.models import OpinionRequest
from loop.queue.opinion import asker_of, tell
from loop.suggestion.models import Suggestion


def withdraw_opinion(*, suggestion: Suggestion, actor: Actor, at: datetime | None = None) -> bool:
    """Takes one's own request back: whether there was one. Raises as `ask_opinion`. Durable."""
    person = asker_of(suggestion, actor)
    moment = at or now()
    with transaction.atomic(durable=True):
        gone, _ = OpinionRequest.objects.filter(suggestion=suggestion, asked_by=person).delete()
        if gone:
            tell("opinion.withdrawn", suggestion, person, actor, moment)
    return bool(gone)

"""Meaning suggestions for people no longer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.material.models import Production
from loop.people.models import Contributor
from loop.queue.assign import chosen_of, tell
from loop.queue.models import Assignment
from loop.suggestion.models import Suggestion


def unassign(
    *,
    production: Production,
    suggestions: Iterable[Suggestion],
    actor: Actor,
    people: Sequence[Contributor] = (),
    query: str = "",
    at: datetime | None = None,
) -> int:
    """Means the suggestions no longer for these people, by default for nobody; how many assignments went.

    They wait for everybody again. Raises as `assign`. Durable.
    """
    chosen, moment = chosen_of(production, suggestions, actor), at or now()
    with transaction.atomic(durable=True):
        found = Assignment.objects.filter(suggestion__in=chosen)
        gone, _ = (found.filter(contributor__in=people) if people else found).delete()
        if gone:
            tell("queue.unassigned", production, chosen, people, query, actor, moment)
    return gone

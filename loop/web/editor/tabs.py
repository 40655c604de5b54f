"""The tabs above the queue: its states with their counts, and the views that somebody saved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from loop.kernel.clock import now
from loop.material.models import Production
from loop.people.models import Contributor, User
from loop.queue.counts import counts_by_stage
from loop.queue.querysets import ASSIGNED, DISAGREED, HELD, OPINION, WAITING, views_of
from loop.web.editor.wanted import STATES, STATES_OF_READERS, Wanted, scope, wanted

QUIET = (ASSIGNED, OPINION, DISAGREED, HELD)  # states that show only where something is in them


def state_counts(production: Production, filters: Wanted, me: Contributor | None) -> dict[str, int]:
    """How many are in each state, within the other filters. One query."""
    stages = counts_by_stage(production, me, scope(production, filters), at=now()).values()
    return {state: sum(each[state] for each in stages) for state in STATES}


def tabs_of(
    production: Production, user: User, filters: Wanted, counts: dict[str, int], *, judges: bool
) -> dict[str, Any]:
    """{states, views, open}: `open` is the saved view that is on screen. One query."""
    base = reverse("queue", args=[production.code])
    states = [
        {
            "label": label,
            "count": counts[state],
            "url": f"{base}?{replace(filters, state=state).query}",
            "is_here": filters.state == state,
        }
        for state, label in (STATES if judges else STATES_OF_READERS).items()
        if counts[state] or state not in QUIET or filters.state == state
    ]
    views = []
    for each in views_of(production, user).select_related("owner"):
        kept = wanted(QueryDict(each.query).dict(), judges=judges)
        views.append(
            {
                "uid": each.uid,
                "name": each.name,
                "url": f"{base}?{kept.query}",
                "is_here": kept == filters and bool(filters.query),
                "is_mine": each.owner_id == user.pk,
                "is_shared": each.is_shared,
                "owner": each.owner.get_full_name() or each.owner.get_username(),
            }
        )
    return {
        "states": states,
        "views": views,
        "open": next((each for each in views if each["is_here"]), None),
        "query": filters.query,
        "suggested": filters.words or (STATES[WAITING] if judges else ""),
    }

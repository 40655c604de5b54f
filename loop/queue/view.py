"""Filters of the queue under a name."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError, NotFoundError, NotValidError
from loop.material.models import Production
from loop.people.models import User
from loop.people.querysets import require
from loop.people.roles import Permission
from loop.queue.models import SavedView

MAX_NAME: Final = 60
MAX_QUERY: Final = 1000
MAX_VIEWS: Final = 30  # of one person on one production: more are no tabs


def keep_view(
    *,
    production: Production,
    user: User,
    actor: Actor,
    name: str,
    query: str,
    is_shared: bool = False,
    view: SavedView | None = None,
    at: datetime | None = None,
) -> SavedView:
    """Keeps `query` under `name`, for oneself or shared with the production.

    1. With `view`, one of one's own, that one gets the name, the filters and whether it is shared.
    2. Without, a view of one's own that has the name is replaced, else a new one is made.

    Not audited: nothing depends on a view. Raises NotValidError for a name or a number of views out of bounds,
    ConflictError for a new name that another view of one's own has, NotFoundError for a view of somebody else,
    NotAllowedError for who does not see the queue. Durable.
    """
    require(actor, production, Permission.SEE_TEXT)
    known_as = " ".join(name.split())
    if not 1 <= len(known_as) <= MAX_NAME or not known_as.isprintable():
        raise NotValidError(f"name: expected 1 to {MAX_NAME} characters, found {len(known_as)}", field="name")
    if view is not None and (view.owner_id != user.pk or view.production_id != production.pk):
        raise NotFoundError("No such view of yours.")
    with transaction.atomic(durable=True):
        # Two windows of one person at once: one after the other, so that the number holds and no name comes twice.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        mine = SavedView.objects.filter(production=production, owner=user)
        named = mine.filter(name=known_as).first()
        if view is not None and named is not None and named.pk != view.pk:
            raise ConflictError(f"name: expected a new one, found a view called {known_as!r} already", field="name")
        kept = view or named
        if kept is None:
            if mine.count() >= MAX_VIEWS:
                raise NotValidError(f"views: expected at most {MAX_VIEWS}, found as many already", field="views")
            kept = SavedView(production=production, owner=user, created_at=at or now())
        kept.name, kept.query, kept.is_shared = known_as, query[:MAX_QUERY], is_shared
        kept.save()
    return kept

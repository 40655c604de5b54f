"""Dropping a view of the queue."""

from django.db import transaction

from loop.kernel.actor import Actor
from loop.kernel.errors import NotFoundError
from loop.people.models import User
from loop.people.querysets import is_permitted
from loop.people.roles import Permission
from loop.queue.models import SavedView


def drop_view(*, view: SavedView, user: User, actor: Actor) -> None:
    """Drops a view of one's own; whoever manages people may drop any that is shared. Raises NotFoundError. Durable."""
    clears = view.is_shared and is_permitted(actor, view.production, Permission.MANAGE_PEOPLE)
    if view.owner_id != user.pk and not clears:
        raise NotFoundError("No such view of yours.")
    with transaction.atomic(durable=True):
        SavedView.objects.filter(pk=view.pk).delete()

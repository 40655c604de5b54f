"""Disabling a login: its sessions end with the next request, its tokens with the next call."""

from django.db import transaction

from loop.audit.record import record
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import NotAllowedError
from loop.people.models import User
from loop.people.querysets import is_system


def disable_user(*, user: User, actor: Actor) -> User:
    """Marks the login inactive for everything: pages, admin, tokens. Admins and the system only.

    Nothing it recorded changes. Done twice it changes and records nothing.
    """
    if not is_system(actor) and not actor.is_admin:
        raise NotAllowedError("Disabling a login needs an admin.")
    with transaction.atomic(durable=True):
        if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
            record(
                event="user.changed", actor=actor, obj_table="loop_user", obj_uid=user.uid, production_id=None,
                at=now(), facts={"disabled": True},
            )  # fmt: skip
    user.is_active = False
    return user

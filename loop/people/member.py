"""Giving a login a role on a production."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from loop.audit.record import record
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import NotValidError
from loop.people.contributor import known_as
from loop.people.models import Member, Role, User
from loop.people.querysets import require
from loop.people.roles import Permission

if TYPE_CHECKING:
    from loop.material.models import Production


def add_member(
    *, user: User, production: Production, role: str, actor: Actor, contributor_id: str = "", name: str = ""
) -> Member:
    """Gives `user` the `role` on `production`, and says who the login is when it judges.

    1. The contributor is `contributor_id` in the production's namespace (default: the username), found or added, with
       the role as its function.
    2. An ended membership of the same role is taken up again; an active one is returned unchanged.

    Raises NotValidError for an unknown role or a disabled login, NotAllowedError without "people" on the production,
    ConflictError if the contributor is another login.
    """
    if role not in Role.values:
        raise NotValidError(f"Role: expected one of {', '.join(Role.values)}, found {role!r}.", field="role")
    if not user.is_active:
        raise NotValidError(f"The login {user.get_username()!r} is disabled.", field="user")
    require(actor, production, Permission.MANAGE_PEOPLE)
    moment = now()
    with transaction.atomic(durable=True):
        contributor = known_as(
            namespace=production.code, external_id=contributor_id or user.get_username(), production=production,
            function=role, actor=actor, name=name or user.get_full_name(), user=user, at=moment,
        )  # fmt: skip
        member, is_new = Member.objects.select_for_update().get_or_create(
            user=user,
            production=production,
            role=role,
            defaults={"contributor": contributor, "created_at": moment},
        )
        if not is_new and member.active:
            return member
        member.active = True
        member.save(update_fields=["active"])
        record(
            event="member.added", actor=actor, obj_table="loop_member", obj_uid=member.uid, production_id=production.pk,
            at=moment, facts={"user": str(user.uid), "role": role, "contributor": str(contributor.uid)},
        )  # fmt: skip
    return member

"""Named reads: which productions an actor sees, with which roles, and the one check every door uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.db.models import QuerySet

from loop.kernel.actor import Actor, person
from loop.kernel.errors import NotAllowedError, NotFoundError
from loop.people.models import Contributor, Member, User
from loop.people.roles import ADMIN, MATRIX, Permission, may, may_tool

if TYPE_CHECKING:
    from loop.material.models import Production


def actor_for_user(user: User) -> Actor:
    """The actor a login is. No query."""
    return person(user.uid, label=user.get_username(), user_id=user.pk, is_admin=user.is_superuser)


def productions_visible_to(actor: Actor) -> QuerySet[Production]:
    """The productions whose existence `actor` may know, ordered by code.

    A tool: those of its token. An admin: all. A person: those of active memberships. Nobody else sees any
    (the system acts on rows it is handed and asks for no list).
    """
    model: type[Production] = apps.get_model("loop", "Production")
    productions = model.objects.order_by("code")
    if actor.is_tool:
        return productions.filter(id__in=actor.production_ids or frozenset())
    if actor.is_admin:
        return productions
    if actor.user_id is None:
        return productions.none()
    own = Member.objects.filter(user_id=actor.user_id, active=True, user__is_active=True).values("production_id")
    return productions.filter(id__in=own)


def productions_where(actor: Actor, permission: Permission) -> QuerySet[Production]:
    """The visible productions on which `actor` has `permission`, ordered by code."""
    visible = productions_visible_to(actor)
    if actor.is_tool:
        return visible if may_tool(actor.scopes or frozenset(), permission) else visible.none()
    if actor.is_admin and permission in ADMIN:
        return visible
    if actor.user_id is None:
        return visible.none()
    roles = [role for role, permissions in MATRIX.items() if permission in permissions]
    held = Member.objects.filter(user_id=actor.user_id, active=True, user__is_active=True, role__in=roles)
    return visible.filter(id__in=held.values("production_id"))


def roles_of(actor: Actor, production_id: int) -> frozenset[str]:
    """The roles `actor` holds on the production; empty for tools and the system. One query."""
    if actor.is_tool or actor.user_id is None:
        return frozenset()
    held = Member.objects.filter(user_id=actor.user_id, production_id=production_id, active=True, user__is_active=True)
    return frozenset(held.values_list("role", flat=True))


def is_permitted(actor: Actor, production: Production, permission: Permission) -> bool:
    """Whether `actor` has `permission` on `production`. At most one query."""
    if actor.is_tool:
        ours = production.pk in (actor.production_ids or frozenset())
        return ours and may_tool(actor.scopes or frozenset(), permission)
    return may(roles_of(actor, production.pk), actor.is_admin, permission)


def require(actor: Actor, production: Production, permission: Permission) -> None:
    """Raises NotAllowedError if `actor` lacks `permission`, NotFoundError if it may not know the production at all.

    The system (pid "system") may do everything: it acts for commands run by whoever owns the machine.
    """
    if is_system(actor) or is_permitted(actor, production, permission):
        return
    if not is_permitted(actor, production, Permission.SEE_PRODUCTION):
        raise NotFoundError("No such production.")
    raise NotAllowedError(
        f"This needs the permission {permission.value!r} on the production {production.code}.",
        permission=permission.value,
    )


def is_system(actor: Actor) -> bool:
    """Whether the software itself acts, on behalf of nobody in particular."""
    return actor.pid == "system" and actor.user_id is None and not actor.is_tool


def judges_as(actor: Actor, production: Production) -> Contributor | None:
    """The contributor that the login is when it judges on `production`; None for tools and for who does not judge.

    With several roles the one that may decide counts first (director before editor before the others).
    """
    if actor.is_tool or actor.user_id is None:
        return None
    memberships = Member.objects.filter(
        user_id=actor.user_id, production=production, active=True, user__is_active=True
    ).select_related("contributor")
    order = {role: place for place, role in enumerate(MATRIX)}
    held = sorted(memberships, key=lambda member: (order.get(member.role, len(order)), member.pk))
    return held[0].contributor if held else None

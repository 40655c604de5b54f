"""Who sits at the desk and which production lies on it: the one way a page asks who may see or do what.

A view begins with `desk = at(request)` or `desk, production = open_production(request, code, Permission.X)`. What it
finds is kept on the request, so the context processor and the view share the same query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Case, When
from django.http import Http404, HttpRequest, HttpResponseBase

from loop.consent.querysets import waiting
from loop.kernel.actor import Actor
from loop.kernel.clock import now, utc_date
from loop.kernel.errors import NotAllowedError, NotFoundError
from loop.material.models import Production
from loop.people.models import Contributor, Member, Role, User
from loop.people.querysets import actor_for_user, productions_visible_to
from loop.people.roles import MATRIX, Permission, may

type_of_view = Callable[..., HttpResponseBase]


@dataclass(slots=True)
class Desk:
    """One login at work. `production` is the one the page is about, None on pages about none or several."""

    user: User
    actor: Actor
    productions: list[Production]
    memberships: list[Member]
    waits: Mapping[int, int] = field(default_factory=dict)  # by production: how many requests wait for an answer
    production: Production | None = None

    def roles(self, production: Production) -> frozenset[str]:
        """The roles held on a production. No query."""
        return frozenset(each.role for each in self.memberships if each.production_id == production.pk)

    def may(self, permission: Permission, production: Production | None = None) -> bool:
        """Whether the permission is held on `production`, by default the one of the page. No query."""
        about = production or self.production
        if about is None:
            return any(self.may(permission, each) for each in self.productions)
        return may(self.roles(about), self.actor.is_admin, permission)

    def where(self, permission: Permission) -> list[Production]:
        """The productions on which the permission is held, by code."""
        return [each for each in self.productions if self.may(permission, each)]

    def judges_as(self, production: Production) -> Contributor | None:
        """Whom the login is when it judges there: as `people.querysets.judges_as`, from what is loaded."""
        order = {role: place for place, role in enumerate(MATRIX)}
        held = [each for each in self.memberships if each.production_id == production.pk]
        held.sort(key=lambda each: (order.get(each.role, len(order)), each.pk))
        return held[0].contributor if held else None


def at(request: HttpRequest) -> Desk:
    """The desk of a logged-in request. One query the first time (two for an admin), none later."""
    kept = getattr(request, "desk", None)
    if isinstance(kept, Desk):
        return kept
    user = cast("User", request.user)
    actor = actor_for_user(user)
    visible = productions_visible_to(actor)
    held = Member.objects.filter(user=user, active=True, user__is_active=True, production__in=visible.order_by())
    # Only a consent officer's rows count what waits for an answer: nobody else is told, and the others pay nothing.
    held = held.annotate(waiting=Case(When(role=Role.CONSENT_OFFICER, then=waiting(utc_date(now()))), default=0))
    found = held.select_related("contributor", "production__policy").order_by("id")
    waits = {each.production_id: int(each.waiting) for each in found if each.waiting}
    memberships: list[Member] = [*found]
    if actor.is_admin:
        productions = list(visible)
    else:
        # Whoever is no admin sees the productions of the memberships: they came along.
        productions = sorted({each.production for each in memberships}, key=lambda each: each.code)
    desk = Desk(user, actor, productions, memberships, waits)
    request.desk = desk  # type: ignore[attr-defined]
    return desk


def open_production(
    request: HttpRequest, code: str, permission: Permission = Permission.SEE_PRODUCTION
) -> tuple[Desk, Production]:
    """Lays the production on the desk. Http404 if the login may not know of it, PermissionDenied without the right."""
    desk = at(request)
    production = next((each for each in desk.productions if each.code == code), None)
    if production is None:
        raise Http404("No such production.")
    desk.production = production
    if not desk.may(permission):
        raise PermissionDenied
    return desk, production


def page(view: type_of_view) -> type_of_view:
    """A page for people who are logged in. Refusals of the domain become the pages 404 and 403."""

    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NotFoundError as error:
            raise Http404(str(error)) from error
        except NotAllowedError as error:
            raise PermissionDenied(str(error)) from error

    return cast("type_of_view", login_required(opened))

"""What every page needs around its content: the productions to switch to, the ways one's roles open, the key map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from loop.material.models import Production
from loop.people.models import Role
from loop.people.roles import Permission
from loop.web.coach import coach
from loop.web.desk import Desk, at
from loop.web.keymap import keymap, keymap_of


@dataclass(frozen=True, slots=True)
class Way:
    """An entry of the bar: shown to whoever holds one of `needs` on the production (anywhere, if the page is of none).

    `name` is a URL name with the production's code as its argument. `inside` are other pages below it. Not shown to
    whoever holds one of `unless`. `counts`: beside it stands how many requests wait, for whom they wait.
    """

    label: str
    name: str
    action: str
    needs: frozenset[Permission]
    inside: frozenset[str] = frozenset()
    unless: frozenset[Permission] = frozenset()
    counts: bool = False


WAYS = (
    Way(
        "Queue",
        "queue",
        "go.queue",
        frozenset({Permission.DECIDE, Permission.DECIDE_ON_BEHALF, Permission.SEE_TEXT}),
        frozenset({"review"}),
    ),
    Way(
        "Exports",
        "exports",
        "go.exports",
        frozenset({Permission.SEE_EXPORT}),
        frozenset({"export", "export-compare", "export-new", "export-recalled", "explain-row"}),
    ),
    Way(
        "Authorisations",
        "authorisations",
        "go.consent",
        frozenset({Permission.SEE_REGISTRY, Permission.AUTHORISE_OWN}),
        frozenset(
            {
                "authorisation",
                "authorisation-new",
                "requests",
                "request-new",
                "link-new",
                "notices",
                "approvals",
                "approval",
                "recalls",
                "recall",
                "coverage",
                "parties",
                "party",
                "party-new",
                "compensation",
                "compensation-meet",
                "party-erase",
                "ai-use",
                "quarantine",
                "quarantine-release",
                "quarantine-release-code",
            }
        ),
        counts=True,
    ),
    Way(
        "Compensation",
        "compensation",
        "",
        frozenset({Permission.SETTLE}),
        frozenset({"compensation-meet"}),
        # Whoever reads the registry finds it there: the bar has no room for every page of theirs.
        frozenset({Permission.SEE_REGISTRY}),
    ),
    Way(
        "Trail",
        "trail",
        "go.trail",
        frozenset(
            {
                Permission.READ_TRAIL_ALL,
                Permission.READ_TRAIL_OWN,
                Permission.READ_TRAIL_ORDERS,
                Permission.READ_TRAIL_PRODUCTION,
                Permission.READ_TRAIL_CONSENT,
            }
        ),
        frozenset({"event", "checkpoint"}),
    ),
    Way("Research", "report", "go.report", frozenset({Permission.SEE_PRODUCTION})),
)


def page(request: HttpRequest) -> dict[str, Any]:
    """The context of `templates/base.html`. Two queries for a login, unless the view asked for the desk already.

    One more where the coach strip stands.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"keymap": keymap()}
    desk = at(request)
    return {
        "keymap": keymap_of(desk.user.preferences),
        "production": desk.production,
        "productions": [
            {"code": each.code, "title": each.title, "url": reverse("production", args=[each.code])}
            for each in desk.productions
        ],
        "nav": _nav(request, desk),
        "role_words": _role_words(desk),
        "coach": coach(request, desk),
    }


def _nav(request: HttpRequest, desk: Desk) -> list[dict[str, Any]]:
    """The ways into the production of the page, else into the first one that opens them."""
    here = request.resolver_match.url_name if request.resolver_match else ""
    found = []
    for way in WAYS:
        production = _leads_to(desk, way.needs)
        if production is None or any(desk.may(permission, production) for permission in way.unless):
            continue
        try:
            url = reverse(way.name, args=[production.code])
        except NoReverseMatch:
            continue
        current = here == way.name or here in way.inside
        count = desk.waits.get(production.pk, 0) if way.counts else 0
        found.append({"label": way.label, "url": url, "current": current, "action": way.action, "count": count})
    return found


def _leads_to(desk: Desk, needs: frozenset[Permission]) -> Production | None:
    candidates = [desk.production] if desk.production else desk.productions
    return next((each for each in candidates if any(desk.may(need, each) for need in needs)), None)


def _role_words(desk: Desk) -> str:
    words = ["Administrator"] if desk.actor.is_admin else []
    if desk.production is not None:
        words += [str(Role(role).label) for role in sorted(desk.roles(desk.production)) if role in Role.values]
    elif not words:
        words = sorted({str(Role(each.role).label) for each in desk.memberships if each.role in Role.values})
    return ", ".join(words)

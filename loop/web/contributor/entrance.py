"""Coming in: the link's secret is exchanged for a short cookie, and every page of the door asks the cookie.

The secret stands in one address only, `/c/<secret>/`, which shows nothing and leads on to `/c/`: no page has it in its
address, so neither a Referer, nor a bookmark, nor a neighbour's glance carries it on. The cookie holds the link's
identifier under our signature, for an hour since the last page, and goes to `/c/` only. The link itself is looked up
for each page: a closed one ends at once.

A GET changes nothing but `last_used_at`: mail scanners follow links, and their visit must count for nothing. So coming
in is no event of the audit log either; what is answered and taken back always is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from loop.consent.models import ContributorLink
from loop.consent.querysets import link_at, link_of
from loop.kernel.actor import Actor, by_link
from loop.kernel.clock import now
from loop.kernel.errors import NotFoundError
from loop.web.contributor import limits

HOUR_S: Final = 3_600
PATH: Final = "/c/"
SALT: Final = "loop.web.contributor"
type_of_view = Callable[..., HttpResponseBase]


@require_safe
def enter(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Exchanges the secret for a cookie. Unknown, ended and closed links are answered alike."""
    moment = now()
    try:
        link = link_of(secret, at=moment)
    except NotFoundError:
        wait = limits.wait_of_wrong(request.META.get("REMOTE_ADDR", ""))
        return _private(_slow(request, wait) if wait else _closed(request), referrer="no-referrer")
    ContributorLink.objects.filter(pk=link.pk).update(last_used_at=moment)
    response = redirect("door")
    _remember(response, link)
    return _private(response, referrer="no-referrer")


@require_POST
def leave(request: HttpRequest) -> HttpResponseBase:
    """Forgets the cookie: for whoever does not sit at a computer of their own. The link goes on."""
    request.user = AnonymousUser()
    response = show(request, "contributor/left.html", {})
    response.delete_cookie(cookie_name(), path=PATH)
    return _private(response)


def page(view: type_of_view) -> type_of_view:
    """A page of the door: `view(request, link, ...)` for whoever came by an open link, nothing for anybody else."""

    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.user = AnonymousUser()  # a login in the same browser plays no part
        link = _link(request)
        if link is None:
            return _private(_closed(request), referrer="no-referrer")
        key = link.uid.hex
        wait = limits.wait_of_page(key) or (limits.wait_of_act(key) if request.method == "POST" else 0)
        if wait:
            return _private(_slow(request, wait))
        try:
            response = view(request, link, *args, **kwargs)
        except (Http404, NotFoundError):
            response = show(request, "contributor/missing.html", {"link": link}, status=404)
        if cookie_name() not in response.cookies:
            _remember(response, link)
        return _private(response)

    return opened


def actor_of(link: ContributorLink) -> Actor:
    """Who acts by the link."""
    return by_link(link.uid, party_id=link.contributor_id, production_id=link.production_id)


def show(request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """A page of the door, without what the other pages have round their content: no keys, no productions."""
    return render(request, template, {"keymap": "", **context}, status=status)


def cookie_name() -> str:
    """Cookies know no ports: two homes on one machine must not open each other's doors."""
    return f"circled_door_{settings.HOME.id}" if settings.IS_LOCAL else "__Secure-circled_door"


def _link(request: HttpRequest) -> ContributorLink | None:
    try:
        held = signing.loads(request.COOKIES.get(cookie_name(), ""), salt=SALT, max_age=HOUR_S)
        return link_at(UUID(held["link"]), at=now())
    except (signing.BadSignature, NotFoundError):
        return None


def _remember(response: HttpResponseBase, link: ContributorLink) -> None:
    response.set_cookie(
        cookie_name(), signing.dumps({"link": str(link.uid)}, salt=SALT), max_age=HOUR_S, path=PATH,
        secure=not settings.IS_LOCAL, httponly=True, samesite="Lax",
    )  # fmt: skip


def _closed(request: HttpRequest) -> HttpResponse:
    return show(request, "contributor/closed.html", {"referrer": "no-referrer"}, status=404)


def _slow(request: HttpRequest, wait: int) -> HttpResponse:
    context = {"minutes": -(-wait // 60), "referrer": "no-referrer"}
    response = show(request, "contributor/slow.html", context, status=429)
    response["Retry-After"] = str(wait)
    return response


def _private(response: HttpResponseBase, *, referrer: str = "same-origin") -> HttpResponseBase:
    """For the one who came and for no cache, no index.

    Pages with forms keep `same-origin`: under `no-referrer` a browser sends its forms with the origin "null", which no
    check against forged forms can accept. Their addresses hold no secret.
    """
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = referrer
    return response

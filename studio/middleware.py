"""What every response gets: a record in the log and the metrics, and no copy in a cache once somebody is logged in."""

import time
from collections.abc import Callable
from uuid import uuid4

import structlog
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import add_never_cache_headers

from studio import metrics

type_of_response = Callable[[HttpRequest], HttpResponseBase]
log = structlog.get_logger("circled.request")

PERMISSIONS_POLICY = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"
QUIET = frozenset({"health-live", "health-ready", "metrics"})


class RequestRecord:
    """One log line a request, with the name of its route, never its path or query: those can hold words."""

    def __init__(self, get_response: type_of_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=uuid4().hex)
        response = self.get_response(request)
        seconds = time.perf_counter() - started
        match = request.resolver_match
        route = (match.view_name or match.route) if match else "unmatched"
        metrics.REQUESTS.labels(method=request.method or "", route=route, status=str(response.status_code)).inc()
        metrics.REQUEST_SECONDS.labels(route=route).observe(seconds)
        if route not in QUIET:
            log.info(
                "request",
                method=request.method,
                route=route,
                status=response.status_code,
                ms=round(seconds * 1000, 1),
                user=_user_id(request),
            )
        return response


class PrivatePages:
    """No cache keeps the pages of people who are logged in, not even the browser's.

    A view may mark bytes that never change under their address (`is_immutable`); their browser alone keeps those.
    """

    def __init__(self, get_response: type_of_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        if getattr(response, "is_immutable", False):
            return response
        if _user_id(request) is not None or "Authorization" in request.headers:
            # A view may be stricter or set an ETag, but not less private.
            add_never_cache_headers(response)
            response.headers["Cache-Control"] = "no-store, private"
        return response


def _user_id(request: HttpRequest) -> int | None:
    # Only what was already loaded: asking for request.user here would query the session for static files.
    user = getattr(request, "_cached_user", None)
    return user.pk if user is not None and user.is_authenticated else None

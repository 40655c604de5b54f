"""How much one token may ask. Best effort against mistakes; no secret depends on it (tokens carry 256 random bits).

Calls are counted in the process's memory (no query a call), so N web processes allow N times the rate. Orders of
exports, which cost real work, are counted in the shared cache.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from django.core.cache import BaseCache, cache
from django.core.cache.backends.locmem import LocMemCache
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView  # it reads the settings, which name the authentication that counts here

CALLS_A_MINUTE = 1_200
ORDERS_AN_HOUR = 120
ADDRESS_CALLS_A_MINUTE = 120
ADDRESS_ANSWERS_AN_HOUR = 60
FAILURES_A_MINUTE = 60

_calls = LocMemCache("circled-api-calls", {"OPTIONS": {"MAX_ENTRIES": 10_000}})


class CallThrottle(BaseThrottle):
    """1,200 calls a minute and token."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        return _count(_calls, f"call:{_token(request)}", window_s=60) <= CALLS_A_MINUTE

    def wait(self) -> float:
        return _left(60)


class OrderThrottle(BaseThrottle):
    """120 orders of exports an hour and token; reads are not counted."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        if request.method != "POST":
            return True
        return _count(cache, f"api-order:{_token(request)}", window_s=3_600) <= ORDERS_AN_HOUR

    def wait(self) -> float:
        return _left(3_600)


class AddressThrottle(BaseThrottle):
    """What is reached without a token: 120 calls a minute and caller, 60 answers an hour, for each release."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        uid = view.kwargs.get("uid", "")
        self.window_s = 60
        called = _count(_calls, f"address:{uid}:{request.META.get('REMOTE_ADDR', '')}", window_s=60)
        if called > ADDRESS_CALLS_A_MINUTE or request.method != "POST":
            return called <= ADDRESS_CALLS_A_MINUTE
        self.window_s = 3_600
        return _count(cache, f"api-answer:{uid}", window_s=3_600) <= ADDRESS_ANSWERS_AN_HOUR

    def wait(self) -> float:
        return _left(self.window_s)


def count_failed_authentication(request: Request) -> None:
    """Raises Throttled when an address has failed 60 times in this minute. Good tokens from there still pass."""
    if _count(_calls, f"failed:{request.META.get('REMOTE_ADDR', '')}", window_s=60) > FAILURES_A_MINUTE:
        raise Throttled(wait=_left(60))


def _token(request: Request) -> str:
    bearer: Any = request.auth
    return str(bearer.token.uid.hex) if bearer is not None else "nobody"


def _count(counter: BaseCache, key: str, *, window_s: int) -> int:
    windowed = f"{key}:{int(time.time()) // window_s}"
    if counter.add(windowed, 1, timeout=window_s * 2):
        return 1
    try:
        return counter.incr(windowed)
    except ValueError:  # it expired between the two calls
        return 1


def _left(window_s: int) -> int:
    return math.ceil(window_s - time.time() % window_s)

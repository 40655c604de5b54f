"""The settings of the tests with a way to the server that takes as long as a cookie says. For benchmarks only."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tests.settings import *  # noqa: F403
from tests.settings import MIDDLEWARE as USUAL

COOKIE = "bench_delay_ms"
MOST_MS = 1_000


class Delay:
    """Every answer, of pages, fragments and decisions alike, leaves that much later."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = request.COOKIES.get(COOKIE, "0")
        time.sleep(min(int(asked), MOST_MS) / 1_000 if asked.isdigit() else 0)
        return self.get_response(request)


MIDDLEWARE = ["benchmarks.slow.Delay", *USUAL]

"""How much may be asked at the door. A secret has 256 bits, so no limit protects it: these are against mistakes.

Pages are counted in the process's memory (no query a page), so N web processes allow N times the rate. What costs real
work, answers and withdrawals, and wrong links are counted in the shared cache.
"""

from __future__ import annotations

import math
import time
from typing import Final

from django.core.cache import BaseCache, cache
from django.core.cache.backends.locmem import LocMemCache

PAGES_A_MINUTE: Final = 120
ACTS_AN_HOUR: Final = 60
WRONG_A_MINUTE: Final = 60
MINUTE_S: Final = 60
HOUR_S: Final = 3_600

_pages = LocMemCache("circled-door-pages", {"OPTIONS": {"MAX_ENTRIES": 10_000}})


def wait_of_page(link: str) -> int:
    """Seconds to wait before the link shows another page; 0: none."""
    return _wait(_pages, f"door-page:{link}", PAGES_A_MINUTE, MINUTE_S)


def wait_of_act(link: str) -> int:
    """Seconds to wait before anything else is answered or taken back by the link; 0: none."""
    return _wait(cache, f"door-act:{link}", ACTS_AN_HOUR, HOUR_S)


def wait_of_wrong(address: str) -> int:
    """Seconds that an address must wait after a wrong link; 0: none. Right links from there still open."""
    return _wait(cache, f"door-wrong:{address}", WRONG_A_MINUTE, MINUTE_S)


def _wait(counter: BaseCache, key: str, most: int, window_s: int) -> int:
    windowed = f"{key}:{int(time.time()) // window_s}"
    if counter.add(windowed, 1, timeout=window_s * 2):
        return 0
    try:
        count = counter.incr(windowed)
    except ValueError:  # it expired between the two calls
        return 0
    return math.ceil(window_s - time.time() % window_s) if count > most else 0

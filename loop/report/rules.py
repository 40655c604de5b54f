"""Arithmetic of the reports, over plain values."""

from dataclasses import dataclass
from math import sqrt

# Below this many judged suggestions a share says little: tables show it greyed (review-ux.md section 4).
ENOUGH = 30

_Z95 = 1.959963984540054  # the 97.5 % quantile of the standard normal distribution


@dataclass(frozen=True, slots=True)
class Interval:
    """A share of a whole with its 95 % interval, all between 0 and 1."""

    share: float
    low: float
    high: float


def wilson(successes: int, n: int) -> Interval | None:
    """The Wilson score interval at 95 % of `successes` out of `n`; None for n = 0.

    It stays within 0 and 1 and holds for small n (E. B. Wilson, 1927). Raises ValueError for impossible counts.
    """
    if n < 0 or not 0 <= successes <= max(n, 0):
        raise ValueError(f"expected 0 <= successes <= n, found {successes} of {n}")
    if n == 0:
        return None
    share = successes / n
    spread = _Z95 * _Z95 / n
    centre = (share + spread / 2) / (1 + spread)
    half = _Z95 * sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    # At the ends the bound is exactly 0 or 1; rounding must not push it past the share.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return Interval(share=share, low=low, high=high)

"""From the moments of a file's frames to its rate, pure: exact fractions, never a rounded float.

Containers keep time in ticks, some as coarse as a millisecond, and state rates that were worked out from them
(19001/317 is meant to be 60000/1001). So a stated rate is only a hint: it counts if every frame stands where it would
have to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

NOMINAL: Final = tuple(
    Fraction(one) for one in (
        "24000/1001", "24", "25", "30000/1001", "30", "48000/1001", "48", "50", "60000/1001", "60",
        "5", "10", "12000/1001", "12", "25/2", "15000/1001", "15", "16", "18", "20", "72", "90", "96", "100",
        "120000/1001", "120",
    )
)  # fmt: skip
SAME: Final = Fraction(1, 10_000)  # relative; 24 and 24000/1001 are ten times as far apart
FASTEST: Final = 1000
EXACT_TICKS: Final = Fraction(3, 2)  # a moment was rounded to a tick, and so was the first one
LOOSE_FRAMES: Final = Fraction(1, 20)  # jitter that no eye and no edit sees


@dataclass(frozen=True, slots=True)
class Spacing:
    """`frames` at `rate` are what a copy with even spacing has; `is_variable` if the source is not evenly spaced."""

    rate: Fraction
    frames: int
    is_variable: bool


def spacing_of(moments: Sequence[int], tick: Fraction, hints: Sequence[Fraction], *, last: int = 0) -> Spacing:
    """How frames that are shown at `moments` (ascending, in ticks of `tick` seconds) are spaced.

    `hints` are the rates that the container states, the most trustworthy first; `last` is how long the last frame
    stands in ticks, 0 if unknown. With even spacing there are as many frames as moments. Without it the rate is the
    stated one if all moments lie on its grid, else the nominal rate nearest to the average.
    Raises ValueError without moments.
    """
    if not moments:
        raise ValueError("expected at least one frame, found none")
    count = len(moments)
    candidates = _candidates(moments, tick, [hint for hint in hints if 0 < hint <= FASTEST])
    if count == 1:
        return Spacing(candidates[0] if candidates else NOMINAL[1], 1, is_variable=False)
    for ticks, share in ((EXACT_TICKS, Fraction(0)), (EXACT_TICKS, LOOSE_FRAMES)):
        for rate in candidates:
            if _is_even(moments, tick, rate, max(ticks * tick, share / rate)):
                return Spacing(rate, count, is_variable=False)
    for rate in candidates:
        slots = slots_of(moments, tick, rate)
        if _is_on_grid(moments, tick, rate, slots) and len(set(slots)) == count:
            return Spacing(rate, slots[-1] + max(1, round(last * tick * rate)), is_variable=True)
    rate = nearest(_average(moments, tick, last))
    slots = slots_of(moments, tick, rate)
    return Spacing(rate, slots[-1] + max(1, round(last * tick * rate)), is_variable=True)


def slots_of(moments: Sequence[int], tick: Fraction, rate: Fraction) -> list[int]:
    """The frame number at `rate` that lies nearest to each moment, counted from the first."""
    return [slot_of((moment - moments[0]) * tick, rate) for moment in moments]


def slot_of(seconds: Fraction, rate: Fraction) -> int:
    """The frame number at `rate` that lies nearest to a moment."""
    return round(seconds * rate)


def nearest(rate: Fraction) -> Fraction:
    """The nominal rate that is nearest to `rate`."""
    return min(NOMINAL, key=lambda one: max(one / rate, rate / one))


def snapped(rate: Fraction) -> Fraction:
    """The nominal rate that is meant by a rate that was worked out from rounded moments, else the rate itself."""
    near = nearest(rate)
    return near if abs(near - rate) <= SAME * near else rate


def _candidates(moments: Sequence[int], tick: Fraction, hints: Sequence[Fraction]) -> list[Fraction]:
    found = [snapped(hint) for hint in hints] + list(hints)
    if len(moments) > 1:
        steps = {after - before for before, after in pairwise(moments)}
        if len(steps) == 1 and (step := steps.pop()) > 0:
            found.append(snapped(1 / (step * tick)))
        span = (moments[-1] - moments[0]) * tick
        if span > 0:
            found.append(nearest(Fraction(len(moments) - 1) / span))
    return list(dict.fromkeys(found))


def _is_even(moments: Sequence[int], tick: Fraction, rate: Fraction, slack: Fraction) -> bool:
    # In whole numbers: a long file has half a million frames.
    common = tick.denominator * rate.numerator
    a_tick, a_frame = tick.numerator * rate.numerator, tick.denominator * rate.denominator
    most, first = slack * common, moments[0]
    limit = most.numerator // most.denominator
    return all(abs((moment - first) * a_tick - place * a_frame) <= limit for place, moment in enumerate(moments))


def _is_on_grid(moments: Sequence[int], tick: Fraction, rate: Fraction, slots: Sequence[int]) -> bool:
    slack = max(EXACT_TICKS * tick, LOOSE_FRAMES / rate)
    first = moments[0]
    return all(abs((moment - first) * tick - slot / rate) <= slack for moment, slot in zip(moments, slots, strict=True))


def _average(moments: Sequence[int], tick: Fraction, last: int) -> Fraction:
    span = (moments[-1] - moments[0]) * tick
    whole = span + last * tick if last else span * len(moments) / (len(moments) - 1)
    return Fraction(len(moments)) / whole if whole > 0 else NOMINAL[1]

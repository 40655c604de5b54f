"""Film time, pure: integer frames, a rational rate, a drop flag; and SMPTE timecode as text.

A timecode counts labels, not seconds: at 24000/1001 the label 01:00:00:00 is frame 86,400, which lies at 3,603.6 s.
Drop-frame timecode (29.97 and 59.94 only) leaves out the labels 00 and 01 (00 to 03) of each minute that ten does not
divide; no frame is dropped. Source: SMPTE ST 12-1.
"""

import re
from fractions import Fraction
from typing import Final

from loop.kernel.errors import NotValidError

HOURS_PER_DAY: Final = 24
SIXTY: Final = 60
_TIMECODE = re.compile(r"(\d{2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})", re.ASCII)
_RATE = re.compile(r"(\d{1,9})(?:/(\d{1,9}))?", re.ASCII)
_NTSC_DECIMALS: Final = {
    "23.98": "24000/1001",
    "23.976": "24000/1001",
    "29.97": "30000/1001",
    "47.95": "48000/1001",
    "59.94": "60000/1001",
}


def parse_rate(text: str, *, field: str = "rate") -> Fraction:
    """Frames a second from "24" or "24000/1001".

    Raises NotValidError; for a decimal such as 23.976 the message names the fraction that is meant.
    """
    match = _RATE.fullmatch(text.strip())
    if match is None or int(match[1]) == 0 or (match[2] is not None and int(match[2]) == 0):
        meant = _NTSC_DECIMALS.get(text.strip())
        hint = f" (write {meant})" if meant else ""
        raise NotValidError(
            f"{field}: expected a whole number or a fraction such as 24000/1001, found {text!r}{hint}", field=field
        )
    return Fraction(int(match[1]), int(match[2] or 1))


def nominal(rate: Fraction) -> int:
    """The frames of one timecode second: 24 for 24000/1001, 30 for 30000/1001."""
    return round(rate)


def may_drop(rate: Fraction) -> bool:
    """Whether drop-frame timecode exists at this rate: 30000/1001 and 60000/1001 only."""
    return rate in (Fraction(30000, 1001), Fraction(60000, 1001))


def to_frames(timecode: str, rate: Fraction, *, drop_frame: bool = False) -> int:
    """The frame number that `timecode` labels, counted from 00:00:00:00.

    Raises NotValidError for another shape, a label that does not exist at this rate (a dropped one included), or
    drop-frame where there is none.
    """
    _check_drop(rate, drop_frame=drop_frame)
    match = _TIMECODE.fullmatch(timecode.strip())
    if match is None:
        raise NotValidError(f"timecode: expected HH:MM:SS:FF, found {timecode!r}", field="timecode")
    hours, minutes, seconds, frames = (int(match[part]) for part in (1, 2, 3, 5))
    base = nominal(rate)
    if hours >= HOURS_PER_DAY or max(minutes, seconds) >= SIXTY or frames >= base:
        raise NotValidError(
            f"timecode: expected at most 23:59:59:{base - 1:02d} at {rate} frames a second, found {timecode!r}",
            field="timecode",
        )
    count = ((hours * 60 + minutes) * 60 + seconds) * base + frames
    if not drop_frame:
        return count
    left_out = _left_out_a_minute(base)
    if seconds == 0 and frames < left_out and minutes % 10:
        raise NotValidError(f"timecode: {timecode!r} is a label that drop-frame leaves out", field="timecode")
    all_minutes = hours * 60 + minutes
    return count - left_out * (all_minutes - all_minutes // 10)


def to_timecode(frames: int, rate: Fraction, *, drop_frame: bool = False) -> str:
    """The label of frame `frames`; the last separator is ";" for drop-frame. Wraps at 24 hours as recorders do."""
    _check_drop(rate, drop_frame=drop_frame)
    if frames < 0:
        raise NotValidError(f"frames: expected 0 or more, found {frames}", field="frames")
    base = nominal(rate)
    if drop_frame:
        left_out = _left_out_a_minute(base)
        a_minute = base * 60 - left_out
        ten_minutes = a_minute * 10 + left_out
        frames %= ten_minutes * 6 * HOURS_PER_DAY
        tens, rest = divmod(frames, ten_minutes)
        # The first minute of each ten keeps all its labels.
        minutes_with_a_gap = 0 if rest < base * 60 else 1 + (rest - base * 60) // a_minute
        frames += left_out * (9 * tens + minutes_with_a_gap)
    seconds, part = divmod(frames, base)
    hours = seconds // 3600 % HOURS_PER_DAY
    mark = ";" if drop_frame else ":"
    return f"{hours:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{part:02d}"


def at_seconds(frames: int, rate: Fraction) -> Fraction:
    """When frame `frames` begins, in exact seconds."""
    return Fraction(frames) / rate


def seek_seconds(frames: int, rate: Fraction) -> Fraction:
    """Where to seek so that a player shows this frame and not its neighbour: its middle (product.md, decision 10)."""
    return (Fraction(frames) + Fraction(1, 2)) / rate


def _left_out_a_minute(base: int) -> int:
    return base // 15


def _check_drop(rate: Fraction, *, drop_frame: bool) -> None:
    if drop_frame and not may_drop(rate):
        raise NotValidError(
            f"drop_frame: expected 30000/1001 or 60000/1001 for drop-frame timecode, found {rate}", field="drop_frame"
        )

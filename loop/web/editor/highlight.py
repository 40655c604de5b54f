"""A text with its marked ranges, pure. Ranges may overlap, touch or be empty; offsets are Unicode code points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Marked:
    """A range with the number that its note carries."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text under the same marks. `ends` are the numbers of the marks that end right after it."""

    text: str
    marks: tuple[int, ...]
    ends: tuple[int, ...]


def segments(text: str, marked: Sequence[Marked]) -> list[Segment]:
    """The whole text cut where marks begin and end; joined it is the text again. Ranges are clipped to the text."""
    clipped = [
        Marked(each.number, max(0, min(each.start, len(text))), max(0, min(each.end, len(text)))) for each in marked
    ]
    cuts = sorted({0, len(text), *(each.start for each in clipped), *(each.end for each in clipped)})
    empty = {at: tuple(each.number for each in clipped if each.start == each.end == at) for at in cuts}
    found = [Segment("", (), empty[0])] if empty.get(0) else []
    for start, end in pairwise(cuts):
        under = tuple(
            each.number for each in clipped if each.start <= start and end <= each.end and each.start < each.end
        )
        ends = tuple(each.number for each in clipped if each.end == end and each.start < each.end)
        found.append(Segment(text[start:end], under, ends + empty.get(end, ())))
    return found

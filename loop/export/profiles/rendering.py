"""What a profile offers that is also written in the form of a tool: files, piece by piece, from the rows' columns."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from loop.decision.taxonomy import BEATS, CORE

Row = dict[str, Any]
Reader = Callable[[Sequence[str]], Iterator[Row]]  # the named columns of all rows, in order; may be called again
Files = Iterator[tuple[str, Iterator[bytes]]]  # (path, its pieces), each to be used up before the next is asked for
UNSTATED = "unstated"


def codes(read: Reader) -> tuple[list[str], list[str]]:
    """(reasons, beats) that a form must offer: those of the taxonomy and all that the rows have."""
    reasons, beats = {*CORE, UNSTATED}, {*BEATS}
    for row in read(("reasons", "beats", "spans")):
        reasons.update(row["reasons"], (span["reason"] for span in row["spans"] if span["reason"]))
        beats.update(row["beats"])
    return sorted(reasons), sorted(beats)


def ranges(row: Row, target: str, text: str) -> Iterator[tuple[int, int, str, str]]:
    """(start, end, characters, reason) of the row's character ranges into `text` that hold something."""
    for span in row["spans"]:
        start, end = span["start"], span["end"]
        if span["target"] == target and span["unit"] == "code_point" and start < end <= len(text):
            yield start, end, text[start:end], span["reason"] or UNSTATED


def array(items: Iterable[bytes]) -> Iterator[bytes]:
    """A JSON array, one item a line."""
    yield b"["
    separator = b"\n"
    for item in items:
        yield separator + item
        separator = b",\n"
    yield b"\n]\n"

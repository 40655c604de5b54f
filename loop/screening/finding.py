"""One thing found in a text: what and where, never the words. Ranges are code points, the end not included."""

from __future__ import annotations

from typing import Final, NamedTuple

SEAM: Final = "\x00"
"""Stands between texts that are read in one pass: no text of the house holds it, and no detector reads across it."""


class Finding(NamedTuple):
    """A code of codes.py and its range."""

    code: str
    start: int
    end: int

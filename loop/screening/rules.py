"""What is in texts that must not train: every detector, many texts in one pass. Pure: plain values in and out."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final
from unicodedata import normalize

from loop.screening import hidden, keys, personal, phrases, tokens
from loop.screening.finding import SEAM, Finding
from loop.screening.roster import NOBODY, Roster

# Letters in other clothes: full width, mathematical, circled. One code point each, so that ranges stay true.
_DRESSED: Final = (range(0xFF01, 0xFF5F), range(0x1D400, 0x1D800), range(0x24B6, 0x24EA), range(0x1F130, 0x1F14A))
_PLAIN: Final = {
    number: letter
    for numbers in _DRESSED
    for number in numbers
    for letter in [normalize("NFKC", chr(number))]
    if len(letter) == 1 and letter.isascii()
}
_IS_DRESSED: Final = re.compile("[\uff01-\uff5e\U0001d400-\U0001d7ff\u24b6-\u24e9\U0001f130-\U0001f149]")
_LOWER: Final = {number: number + 32 for number in range(ord("A"), ord("Z") + 1)}


def plain(text: str) -> str:
    """`text` with letters in other clothes as plain ones, as long as it was. For matching: what is stored stays."""
    return text.translate(_PLAIN) if not text.isascii() and _IS_DRESSED.search(text) else text


def find(texts: Sequence[str], roster: Roster = NOBODY) -> list[tuple[Finding, ...]]:
    """What is in each of the texts, in the order of their ranges; the same whether they come alone or together.

    Never raises, whatever the text. An address of the roster is `roster.email`, and not `personal.email` as well.
    """
    joined = SEAM.join(texts)
    starts = [0, *accumulate(len(text) + 1 for text in texts)]
    found: list[list[Finding]] = [[] for _ in texts]
    for finding in _all(joined, roster):
        place = bisect_right(starts, finding.start) - 1
        start, end = finding.start - starts[place], finding.end - starts[place]
        if place < len(texts) and end <= len(texts[place]):
            found[place].append(Finding(finding.code, start, end))
    for place, text in enumerate(texts):  # one by one: most texts are ASCII, which is known without reading them
        found[place] += hidden.find(text)
    return [tuple(sorted(set(each), key=lambda one: (one.start, one.end, one.code))) for each in found]


def _all(joined: str, roster: Roster) -> Iterator[Finding]:
    folded = plain(joined)
    lowered = folded.lower() if folded.isascii() else folded.translate(_LOWER)
    yield from tokens.find(joined)
    if folded is not joined:
        yield from tokens.find(folded)
    yield from phrases.find(joined, folded)
    yield from keys.find(joined, lowered)
    for finding in personal.find(joined):
        is_ours = finding.code == "personal.email" and roster.owns(joined[finding.start : finding.end])
        yield finding._replace(code="roster.email") if is_ours else finding
    yield from roster.find(joined)

"""Characters that nobody sees: tags, bidirectional controls, zero width, control characters. Pure.

Not flagged, because ordinary text needs them: U+200D and U+200C outside of Latin words (emoji, Persian, Indic), one or
two variation selectors (emoji, ideographs), U+200B beside South-East Asian letters (it parts words there), U+FEFF at
the very beginning, U+200E, U+200F, U+061C and the embeddings and isolates U+202A to U+202C, U+2066 to U+2069 in a text
with right-to-left letters, the three flags that Unicode spells with tags, tab, line ends, form feed, soft hyphen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from loop.screening.finding import SEAM, Finding

_ZERO: Final = "\u200b\u2060-\u2064\u206a-\u206f\ufeff\u180e\u3164\uffa0"
_SUSPECT: Final = re.compile(
    "\U0001f3f4\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074"
    "|\U000e0077\U000e006c\U000e0073)\U000e007f"
    "|(?P<tags>[\U000e0000-\U000e007f]+)"
    "|(?P<override>[\u202d\u202e])"
    "|(?P<bidi>[\u200e\u200f\u061c\u202a-\u202c\u2066-\u2069])"
    "|(?P<selector_run>[\ufe00-\ufe0f\U000e0100-\U000e01ef]{3,})"
    f"|(?P<zero_width_run>[\u200c\u200d{_ZERO}]{{8,}})"
    f"|(?P<zero_width>[{_ZERO}]+|(?<=[A-Za-z0-9])[\u200c\u200d]+(?=[A-Za-z0-9]))"
    "|(?P<control>[\x01-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]+)"
)
_ANY: Final = re.compile(
    f"[\x01-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200c-\u200f\u202a-\u202e\u2066-\u2069{_ZERO}\ufe00-\ufe0f"
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef\U0001f3f4]"
)
_ANY_ASCII: Final = re.compile(r"[\x01-\x08\x0e-\x1f\x7f]")
_RIGHT_TO_LEFT: Final = re.compile(
    "[\u0590-\u05ff\u0600-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001eeff]"
)
_PARTS_WORDS: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")


def find(text: str) -> Iterator[Finding]:
    """What is hidden in `text`, which may be several texts with SEAM between them."""
    first = (_ANY_ASCII if text.isascii() else _ANY).search(text)
    if first is None:
        return
    # One character back: a joiner between Latin letters is told by the letter before it.
    for match in _SUSPECT.finditer(text, max(0, first.start() - 1)):
        kind = match.lastgroup
        if kind is None or (kind == "bidi" and _reads_from_the_right(text, match.start())):
            continue
        if kind == "zero_width" and _is_at_home(text, match.start(), match.end()):
            continue
        yield Finding(f"invisible.{kind}", match.start(), match.end())


def _reads_from_the_right(text: str, at: int) -> bool:
    start = text.rfind(SEAM, 0, at) + 1
    end = text.find(SEAM, at)
    return _RIGHT_TO_LEFT.search(text, start, len(text) if end < 0 else end) is not None


def _is_at_home(text: str, start: int, end: int) -> bool:
    """A byte order mark at the beginning, or a break between words of a script that writes none."""
    found = text[start:end]
    if found == "\ufeff":
        return start == 0 or text[start - 1] == SEAM
    return set(found) == {"\u200b"} and _PARTS_WORDS.search(text[max(0, start - 1) : end + 1]) is not None

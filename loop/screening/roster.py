"""The production's own people in a text: full names, e-mail addresses, and logins written with an @. Pure.

A name of one word is not looked for: characters are called Mara and Jonas too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from loop.screening.finding import Finding

LEAST_NAME: Final = 5
LEAST_LOGIN: Final = 3
_Tree = dict[str, "_Tree"]
_END: Final = ""


@dataclass(frozen=True)
class Roster:
    """Who is looked for. Made once a production and used for many texts."""

    names: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()
    _names: re.Pattern[str] | None = field(init=False, repr=False, compare=False)
    _emails: frozenset[str] = field(init=False, repr=False, compare=False)
    _logins: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        full = {" ".join(name.split()) for name in self.names}
        kept = sorted(name for name in full if " " in name and len(name) >= LEAST_NAME and "\x00" not in name)
        object.__setattr__(self, "_names", re.compile(_any_of(kept)) if kept else None)
        object.__setattr__(self, "_emails", frozenset(each.casefold() for each in self.emails if "@" in each))
        object.__setattr__(
            self, "_logins", frozenset(each.casefold() for each in self.logins if len(each) >= LEAST_LOGIN)
        )

    def find(self, text: str) -> Iterator[Finding]:
        """The names and logins in `text`, which may be several texts with a seam between them."""
        if self._names is not None:
            for match in self._names.finditer(text):
                if not _is_within_word(text, match.start(), match.end()):
                    yield Finding("roster.name", match.start(), match.end())
        if self._logins and "@" in text:
            for match in _LOGIN.finditer(text):
                if match["login"].rstrip(".-").casefold() in self._logins:
                    yield Finding("roster.login", match.start(), match.start() + 1 + len(match["login"].rstrip(".-")))

    def owns(self, email: str) -> bool:
        """Whether an address belongs to one of them."""
        return email.casefold() in self._emails


NOBODY: Final = Roster()
_LOGIN: Final = re.compile(r"(?<![\w.@])@(?P<login>\w[\w.\-]{1,149})(?![@])")


def _is_within_word(text: str, start: int, end: int) -> bool:
    return (start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_")) or (
        end < len(text) and (text[end].isalnum() or text[end] == "_")
    )


def _any_of(names: Iterable[str]) -> str:
    """A pattern for any of the names, the longer one where two begin alike. They share what they begin with, so that
    the cost does not grow with their number. A gap may be up to three spaces.
    """
    tree: _Tree = {}
    for name in names:
        node = tree
        for letter in name:
            node = node.setdefault(letter, {})
        node[_END] = {}
    return _pattern(tree)


def _pattern(node: _Tree) -> str:
    tail = ""
    while len(node) == 1 and _END not in node:  # a stretch that all share
        [(letter, node)] = node.items()
        tail += r"[ \u00a0]{1,3}" if letter == " " else re.escape(letter)
    branches = [
        (r"[ \u00a0]{1,3}" if letter == " " else re.escape(letter)) + _pattern(below)
        for letter, below in sorted(node.items())
        if letter != _END
    ]
    if not branches:
        return tail
    return f"{tail}(?:{'|'.join(branches)}){'?' if _END in node else ''}"

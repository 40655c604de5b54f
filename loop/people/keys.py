"""Keys that a login chooses for itself: how a key is written and what may be chosen. Pure.

Notation: modifiers first, in the order ctrl, alt, shift, then the key, joined by `+` (`ctrl+shift+k`); two keys one
after another stand with a space between (`g q`). One character stands for itself, in lower case; `space`, `plus` and
`comma` are written out; other keys are called what browsers call them (`arrowleft`). Ctrl also means the Mac's command
key.
"""

from __future__ import annotations

from typing import Final

# What a keycap says, of the keys that have a name; every other one says its character in capitals.
NAMES: Final = {
    "ctrl": "Ctrl",
    "alt": "Alt",
    "shift": "Shift",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "plus": "+",
    "comma": ",",
    "arrowup": "Up",
    "arrowdown": "Down",
    "arrowleft": "Left",
    "arrowright": "Right",
    "pageup": "Page Up",
    "pagedown": "Page Down",
    "home": "Home",
    "end": "End",
    "insert": "Insert",
    "delete": "Delete",
}

WRITTEN_OUT: Final = frozenset({"space", "plus", "comma"})


def caps(key: str) -> list[str]:
    """What the keycaps say: "shift+n" -> ["Shift N"], "g q" -> ["G", "Q"]."""
    return [" ".join(NAMES.get(part, part.upper()) for part in press.split("+")) for press in key.split(" ")]


def is_character(press: str) -> bool:
    """Whether one press writes a character, so that somebody who dictates or types beside the page could hit it."""
    key = press.removeprefix("shift+")
    return len(key) == 1 or key in WRITTEN_OUT


def works(key: str, *, single_keys: bool) -> bool:
    """Whether a key does anything for a login that may have switched the single characters off.

    `?` always does: it shows the keys.
    """
    return single_keys or key == "?" or not any(is_character(press) for press in key.split(" "))

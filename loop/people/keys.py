"""Keys that a login chooses for itself: how a key is written and what may be chosen. Pure.

Notation: modifiers first, in the order ctrl, alt, shift, then the key, joined by `+` (`ctrl+shift+k`); two keys one
after another stand with a space between (`g q`). One character stands for itself, in lower case; `space`, `plus` and
`comma` are written out; other keys are called what browsers call them (`arrowleft`). Ctrl also means the Mac's command
key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from loop.kernel.problem import Problem

ANYWHERE: Final = "everywhere"  # the place of an action that meets the actions of every other place
MAX_KEYS: Final = 4  # of one action
MODIFIERS: Final = ("ctrl", "alt", "shift")
EXAMPLES: Final = 'a key such as "a", "shift+n", "ctrl+enter" or "g q"'

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
FUNCTION_KEYS: Final = frozenset(f"f{number}" for number in range(1, 13))

# What browsers and systems keep for themselves, or what a page must not take away: tabs and windows, reload, address,
# print, find, zoom, history, clipboard, developer tools, moving the focus.
RESERVED: Final = frozenset(
    {
        *(f"ctrl+{key}" for key in "acdfhjlnopqrtuvwx0123456789-="),
        *(f"ctrl+shift+{key}" for key in "abcdijknoprtvwz"),
        *(f"ctrl+{key}" for key in ("plus", "pageup", "pagedown", "f4", "f5")),
        *(f"alt+{key}" for key in ("d", "e", "f", "home", "f4", "arrowleft", "arrowright", "space")),
        *("f1", "f3", "f5", "f6", "f7", "f10", "f11", "f12", "shift+f10"),
    }
)
NEVER: Final = {
    "backspace": "Backspace: nothing lies on it, it is pressed too easily",
    "tab": "Tab, which moves the focus",
}


class Action(Protocol):
    """What the rules ask of a binding of the key map."""

    @property
    def id(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def keys(self) -> tuple[str, ...]: ...
    @property
    def where(self) -> str: ...
    @property
    def typing(self) -> bool: ...
    @property
    def ordered(self) -> bool: ...


def caps(key: str) -> list[str]:
    """What the keycaps say: "shift+n" -> ["Shift N"], "g q" -> ["G", "Q"]."""
    return [" ".join(NAMES.get(part, part.upper()) for part in press.split("+")) for press in key.split(" ")]


def as_text(key: str) -> str:
    """A key as it stands in a text field, so that `read` takes it again: "ctrl+k" -> "Ctrl+K"."""
    named = NAMES | {"plus": "Plus", "comma": "Comma", "pageup": "PageUp", "pagedown": "PageDown"}
    return " ".join("+".join(named.get(part, part.upper()) for part in press.split("+")) for press in key.split(" "))


def is_character(press: str) -> bool:
    """Whether one press writes a character, so that somebody who dictates or types beside the page could hit it."""
    key = press.removeprefix("shift+")
    return len(key) == 1 or key in WRITTEN_OUT


def works(key: str, *, single_keys: bool) -> bool:
    """Whether a key does anything for a login that may have switched the single characters off.

    `?` always does: it shows the keys.
    """
    return single_keys or key == "?" or not any(is_character(press) for press in key.split(" "))


def read(text: str) -> list[str]:
    """The keys that somebody wrote, between commas or "or", in the notation of the map. What is odd stays, to be named.

    "Ctrl+K, G Q" -> ["ctrl+k", "g q"]. A comma alone is the comma key.
    """
    if text.strip() == ",":
        return ["comma"]
    found = []
    for each in re.split(r",|\bor\b", text.lower()):
        presses = [_in_order(press) for press in re.sub(r"\s*\+\s*", "+", each.strip()).split()]
        if presses:
            found.append(" ".join(presses))
    return list(dict.fromkeys(found))


def _in_order(press: str) -> str:
    if press == "+":
        return "plus"
    *modifiers, key = press.split("+")
    aliases = {"cmd": "ctrl", "command": "ctrl", "meta": "ctrl", "control": "ctrl", "option": "alt"}
    held = [aliases.get(each, each) for each in modifiers]
    if key in aliases.values() or not set(held) <= set(MODIFIERS):
        return press
    names = {"esc": "escape", "return": "enter", "up": "arrowup", "down": "arrowdown", "left": "arrowleft"}
    names |= {"right": "arrowright", "del": "delete"}
    return "+".join([*(each for each in MODIFIERS if each in held), names.get(key, key)])


def merged(actions: Sequence[Action], own: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The keys of every action with those that a login chose. An own key wins over one of the map that came later.

    What was chosen for an action that is no more is left out.
    """
    known = {each.id: each for each in actions}
    chosen = {name: list(keys) for name, keys in own.items() if name in known}
    found = {}
    for action in actions:
        rivals = [known[name] for name in chosen if known[name] is not action and _meet(known[name], action)]
        taken = {key for each in rivals for key in chosen[each.id] if key not in each.keys or key not in action.keys}
        found[action.id] = chosen.get(action.id, [key for key in action.keys if key not in taken])
    return found


def problems(own: Mapping[str, Sequence[str]], actions: Sequence[Action]) -> list[Problem]:
    """Everything that is wrong with chosen keys, each under the name of its action; [] when they may be kept."""
    known = {each.id: each for each in actions}
    found = []
    for name, keys in own.items():
        action = known.get(name)
        if action is None:
            found.append(Problem(name, "an action of the key map", repr(name[:80])))
        elif action.ordered and len(keys) != len(action.keys):
            found.append(Problem(name, f"{len(action.keys)} keys in their order", str(len(keys))))
        elif not action.ordered and len(keys) > MAX_KEYS:
            found.append(Problem(name, f"at most {MAX_KEYS} keys", str(len(keys))))
        else:
            found += [Problem(name, *said) for key in keys if key not in action.keys and (said := _odd(key, action))]
    return found or list(_clashes(own, actions))


def _odd(key: str, action: Action) -> tuple[str, str] | None:
    """(expected, found) of a key that cannot be chosen for an action."""
    presses = key.split(" ")
    if len(presses) > 2:  # noqa: PLR2004  (a prefix and its key)
        return "one key or two after one another", repr(key[:40])
    for press in presses:
        if (said := _odd_press(press)) is not None:
            return said
    if len(presses) > 1 and not is_character(presses[0]):
        return "a character as the first of two keys", _words(key)
    if action.typing and (is_character(presses[0]) or key == "enter"):
        return "a key with Ctrl or Alt, because it also works while text is written", _words(key)
    return None


def _odd_press(press: str) -> tuple[str, str] | None:
    *modifiers, last = press.split("+")
    if last in NEVER:
        return EXAMPLES, NEVER[last]
    if press in RESERVED or last in RESERVED:
        return "a key that the browser does not use itself", _words(press)
    if not _is_key(last) or modifiers != [each for each in MODIFIERS if each in modifiers]:
        return EXAMPLES, repr(press[:40])
    if "ctrl" in modifiers and "alt" in modifiers:
        return "Ctrl or Alt, not both: together they are AltGr, which writes characters", _words(press)
    if "shift" in modifiers and not last.isalpha() and len(last) == 1:
        return "the character itself, without Shift", _words(press)
    return None


def _is_key(name: str) -> bool:
    if len(name) == 1:
        return name.isascii() and name.isprintable() and not name.isspace() and name == name.lower()
    return name in FUNCTION_KEYS or (name in NAMES and name not in MODIFIERS)


def _clashes(own: Mapping[str, Sequence[str]], actions: Sequence[Action]) -> Iterator[Problem]:
    """Two actions on one key where both can be meant. Actions that share a key in the map itself never are at once."""
    now = {action.id: list(own.get(action.id, action.keys)) for action in actions}
    for action in actions:
        if now[action.id] == list(action.keys):
            continue  # the other one was moved here: it is named there
        for other in actions:
            if other is action or not _meet(action, other):
                continue
            shared = [key for key in now[action.id] if any(_same(key, each) for each in now[other.id])]
            shared = [key for key in shared if not (key in action.keys and key in other.keys)]
            if shared:
                yield Problem(
                    action.id, "a key that nothing else lies on", f"{_words(shared[0])}, which is “{other.label}”"
                )
                break


def _meet(one: Action, other: Action) -> bool:
    return one.where == other.where or ANYWHERE in (one.where, other.where)


def _same(one: str, other: str) -> bool:
    """The same key, or one that would never be reached because the other begins with it."""
    return one == other or one.startswith(f"{other} ") or other.startswith(f"{one} ")


def _words(key: str) -> str:
    return " ".join(caps(key))


def changed(own: Mapping[str, Sequence[str]], actions: Iterable[Action]) -> dict[str, list[str]]:
    """What of the chosen keys differs from the map: only that is kept, so that a better map reaches everybody else."""
    return {each.id: list(own[each.id]) for each in actions if each.id in own and list(own[each.id]) != list(each.keys)}

"""The one key map: what a key does, its words, and where it works.

It is served in the page as JSON and read by the key handler, the `?` sheet and the palette alike, so the help cannot
differ from the behaviour. A binding whose action is a control on the page presses that control (`data-action`).

Key notation: modifiers first, lower case, joined by `+` (`ctrl+k`; ctrl also means the Mac's command key); two keys one
after another are separated by a space (`g q`); `space`, `plus` and `comma` are written out. Single characters can be
switched off as a whole (WCAG 2.1.4), and every login can give an action other keys (`people/keys.py` says which).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from loop.people.keys import ANYWHERE, NAMES, merged, works

REVIEW = "review"
COMPARE = "compare"  # the page where candidates lie side by side; what it shares with the room is bound to the room
EVERYWHERE = ANYWHERE


@dataclass(frozen=True, slots=True)
class Binding:
    """One action: `typing` keys also work inside text boxes; `repeat` allows a held key.

    The keys of an `ordered` action mean its first, second, third ... thing, so their number stays.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    group: str
    where: str = EVERYWHERE
    typing: bool = False
    repeat: bool = False
    listed: bool = True
    ordered: bool = False


BINDINGS = (
    Binding("verdict.accept", ("a",), "Accept", "Verdict", REVIEW),
    Binding("verdict.reject", ("x",), "Reject", "Verdict", REVIEW),
    Binding("verdict.revise", ("r",), "Revise: write the text that should stand", "Verdict", REVIEW),
    Binding("verdict.skip", ("s",), "Skip", "Verdict", REVIEW),
    Binding("best", ("b",), "Best of this brief: chosen over the other candidates", "Verdict", REVIEW),
    Binding("compare.all", ("x",), "None of these: dismiss them all", "Verdict", COMPARE),
    Binding("undo", ("z", "ctrl+z"), "Undo my last verdict", "Verdict", REVIEW),
    Binding(
        "reason",
        ("1", "2", "3", "4", "5", "6", "7", "8", "9"),
        "Reason, before or after the verdict",
        "Reasons",
        REVIEW,
        listed=False,
        ordered=True,
    ),
    Binding("crossed", ("v",), "Somebody judged the same at the same time: choose", "Verdict", REVIEW),
    Binding("reason.more", ("0",), "All reasons", "Reasons", REVIEW),
    Binding("rationale", ("e",), "Write the rationale", "Reasons", REVIEW),
    Binding("praise", ("w",), "What works, and beats: arrows move, Space ticks", "Reasons", REVIEW),
    Binding("praise.last", ("shift+w",), "Why the last accepted one works", "Reasons", REVIEW),
    Binding("span.note", ("shift+e",), "Write the note of the chosen span", "Span", REVIEW),
    Binding("diff", ("d",), "Changes: on or off", "Text", REVIEW),
    Binding("line.previous", ("arrowup",), "One line up", "Text", REVIEW, repeat=True),
    Binding("line.next", ("arrowdown",), "One line down", "Text", REVIEW, repeat=True),
    Binding("submit", ("ctrl+enter",), "Send the revision", "Text", REVIEW, typing=True, listed=False),
    Binding("leave", ("escape",), "Leave the text, keep the draft", "Text", REVIEW, typing=True, listed=False),
    Binding("item.next", ("n",), "Next", "Queue", REVIEW, repeat=True),
    Binding("item.previous", ("p",), "Previous", "Queue", REVIEW, repeat=True),
    Binding("candidate.next", ("shift+n",), "Next candidate of this brief", "Queue", REVIEW),
    Binding("candidate.previous", ("shift+p",), "Previous candidate of this brief", "Queue", REVIEW),
    Binding("compare.open", ("c",), "Compare the candidates of this brief", "Queue", REVIEW),
    Binding("prompt", ("q",), "What was asked", "Queue", REVIEW),
    Binding("transport.play", ("space",), "Play or pause", "Transport", REVIEW),
    Binding("transport.stop", ("k",), "Stop; held, J and L go by single frames", "Transport", REVIEW),
    Binding("transport.forward", ("l",), "Forward, again for 2x and 4x", "Transport", REVIEW, repeat=True),
    Binding("transport.back", ("j",), "Backward, again for 2x and 4x", "Transport", REVIEW, repeat=True),
    Binding("frame.previous", ("arrowleft",), "One frame back; in a text, one word", "Transport", REVIEW, repeat=True),
    Binding("frame.next", ("arrowright",), "One frame on; in a text, one word", "Transport", REVIEW, repeat=True),
    Binding(
        "second.previous",
        ("shift+arrowleft",),
        "One second back; in a text, one character",
        "Transport",
        REVIEW,
        repeat=True,
    ),
    Binding(
        "second.next",
        ("shift+arrowright",),
        "One second on; in a text, one character",
        "Transport",
        REVIEW,
        repeat=True,
    ),
    Binding("frame.first", ("home",), "First frame, first word", "Transport", REVIEW),
    Binding("frame.last", ("end",), "Last frame, last word", "Transport", REVIEW),
    Binding("timecode", ("t",), "Go to a timecode or frame", "Transport", REVIEW),
    Binding("transport.loop", ("shift+l",), "Loop the span or the clip", "Transport", REVIEW),
    Binding("transport.slower", ("[",), "Slower", "Transport", REVIEW),
    Binding("transport.faster", ("]",), "Faster", "Transport", REVIEW),
    Binding("transport.mute", ("shift+m",), "Sound on or off", "Transport", REVIEW),
    Binding("span.in", ("i",), "Mark in", "Span", REVIEW),
    Binding("span.out", ("o",), "Mark out, this frame or word included", "Span", REVIEW),
    Binding("span.to-in", ("shift+i",), "Go to the in", "Span", REVIEW),
    Binding("span.to-out", ("shift+o",), "Go to the out", "Span", REVIEW),
    Binding("span.clear", ("u",), "Clear the marks or the chosen span", "Span", REVIEW),
    Binding("span.point", ("m",), "Note at this frame or word", "Span", REVIEW),
    Binding("still.in", ("plus", "="), "Closer", "Picture", REVIEW, repeat=True),
    Binding("still.out", ("-",), "Further away", "Picture", REVIEW, repeat=True),
    Binding("still.fit", (".",), "The whole picture, or pixel for pixel", "Picture", REVIEW),
    Binding(
        "still.move",
        ("arrowup", "arrowdown", "shift+arrowup", "shift+arrowdown"),
        "Move the cross or the picture up and down; with Shift by ten",
        "Picture",
        REVIEW,
        repeat=True,
        ordered=True,
    ),
    Binding("still.set", ("enter",), "Set the pin or the box", "Picture", REVIEW),
    Binding("compare.layout", ("v",), "Two or four at once", "Compare", COMPARE),
    Binding("compare.mode", ("shift+c",), "Side by side, wipe, difference", "Compare", COMPARE),
    Binding("compare.flip", ("c",), "Flip the two in place", "Compare", COMPARE),
    Binding("compare.against", ("h",), "Hold this one: the others are compared with it", "Compare", COMPARE),
    Binding("compare.wipe-left", ("comma",), "Wipe to the left", "Compare", COMPARE, repeat=True),
    Binding("compare.wipe-right", (".",), "Wipe to the right", "Compare", COMPARE, repeat=True),
    Binding("compare.blind", ("shift+b",), "Hide which model made what", "Compare", COMPARE),
    Binding("stage.full", ("f",), "Full stage: hide or show the panels", "Stage", REVIEW),
    Binding("permalink", ("y",), "Copy the address of this item and frame", "Stage", REVIEW),
    Binding("opinion.ask", ("shift+s",), "Ask for a second opinion, or no longer", "Queue", REVIEW),
    Binding("queue.rows", ("shift+x",), "Select rows: arrows, Shift for a range, Space", "Queue"),
    Binding("queue.assign", ("shift+a",), "Assign the selected rows", "Queue"),
    Binding("view.save", ("shift+v",), "Save or change this view", "Queue"),
    Binding("queue.start", ("enter",), "Start reviewing", "Everywhere"),
    Binding("filter", ("/",), "Filter", "Everywhere"),
    Binding("palette", ("ctrl+k",), "Commands", "Everywhere", typing=True),
    Binding("keys", ("?",), "Keys of this page", "Everywhere"),
    Binding("go.home", ("g h",), "Go home", "Go to"),
    Binding("go.queue", ("g q",), "Go to the queue", "Go to"),
    Binding("go.exports", ("g e",), "Go to exports", "Go to"),
    Binding("go.consent", ("g c",), "Go to authorisations", "Go to"),
    Binding("go.trail", ("g t",), "Go to the trail", "Go to"),
    Binding("go.report", ("g r",), "Go to the report", "Go to"),
)


def keymap(*, single_keys: bool = True, own: Mapping[str, Sequence[str]] | None = None) -> dict[str, Any]:
    """The map as the page needs it: `own` are the keys that the login chose for itself, by action.

    `single_keys=False` leaves only the keys that write no character, and `?`.
    """
    keys = merged(BINDINGS, own or {})
    working = {name: [key for key in held if works(key, single_keys=single_keys)] for name, held in keys.items()}
    return {
        "names": NAMES,
        "bindings": [asdict(binding) | {"keys": working[binding.id]} for binding in BINDINGS],
    }


def keymap_of(preferences: Mapping[str, Any]) -> dict[str, Any]:
    """The map of a login by its kept preferences."""
    return keymap(single_keys=bool(preferences.get("single_keys", True)), own=preferences.get("keys"))

"""Keys that somebody chose: how they are read, what may be chosen, and how they stand in the map."""

from __future__ import annotations

import pytest

from loop.people.keys import as_text, caps, changed, merged, problems, read, works
from loop.web.keymap import BINDINGS, REVIEW, Binding, keymap, keymap_of

KEYS = {each["id"]: each["keys"] for each in keymap()["bindings"]}


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("A", ["a"]),
        ("Ctrl+K, G Q", ["ctrl+k", "g q"]),
        ("shift + n or N", ["shift+n", "n"]),
        ("Shift+Ctrl+Y", ["ctrl+shift+y"]),
        ("Cmd+Enter", ["ctrl+enter"]),
        ("Left, Esc, Return", ["arrowleft", "escape", "enter"]),
        (",", ["comma"]),
        ("+", ["plus"]),
        ("a, a,, ", ["a"]),
        ("", []),
    ],
)
def test_it_reads_what_somebody_wrote(text: str, keys: list[str]) -> None:
    assert read(text) == keys


@pytest.mark.parametrize("key", sorted({key for keys in KEYS.values() for key in keys} | {"comma", "plus", "pageup"}))
def test_a_field_gives_back_the_key_it_shows(key: str) -> None:
    assert read(as_text(key)) == [key]


def test_keycaps_say_what_the_map_says() -> None:
    assert [caps("shift+n"), caps("g q"), caps("ctrl+enter")] == [["Shift N"], ["G", "Q"], ["Ctrl Enter"]]


def test_the_house_s_own_map_could_have_been_chosen() -> None:
    assert problems(KEYS, BINDINGS) == []
    assert changed(KEYS, BINDINGS) == {}


@pytest.mark.parametrize(
    ("action", "key", "found"),
    [
        ("verdict.accept", "backspace", "Backspace"),
        ("verdict.accept", "ctrl+backspace", "Backspace"),
        ("verdict.accept", "tab", "Tab"),
        ("verdict.accept", "ctrl+w", "Ctrl W"),
        ("verdict.accept", "ctrl+t", "Ctrl T"),
        ("verdict.accept", "ctrl+shift+n", "Ctrl Shift N"),
        ("verdict.accept", "alt+arrowleft", "Alt Left"),
        ("verdict.accept", "f5", "F5"),
        ("verdict.accept", "shift+f5", "Shift F5"),
        ("verdict.accept", "ctrl+alt+e", "Ctrl Alt E"),
        ("verdict.accept", "shift+?", "Shift ?"),
        ("verdict.accept", "hyper+a", "'hyper+a'"),
        ("verdict.accept", "accept", "'accept'"),
        ("verdict.accept", "g q a", "'g q a'"),
        ("verdict.accept", "ctrl+g q", "Ctrl G Q"),
        ("verdict.accept", "x", "“Reject”"),
        ("verdict.accept", "ctrl+k", "“Commands”"),
        ("verdict.accept", "g", "“Go home”"),
        ("submit", "q", "Q"),
        ("submit", "enter", "Enter"),
    ],
)
def test_what_cannot_be_chosen_is_named(action: str, key: str, found: str) -> None:
    said = problems({action: [key]}, BINDINGS)
    assert [each.field for each in said] == [action]
    assert found in said[0].found
    assert problems({action: ["ctrl+m"]}, BINDINGS) == []


def test_an_action_that_does_not_exist_is_refused() -> None:
    assert [each.found for each in problems({"verdict.burn": ["b"]}, BINDINGS)] == ["'verdict.burn'"]


def test_two_actions_may_change_places_at_once() -> None:
    assert problems({"verdict.accept": ["x"], "verdict.reject": ["a"]}, BINDINGS) == []


def test_ordered_keys_keep_their_number() -> None:
    assert [each.found for each in problems({"reason": ["q", "w"]}, BINDINGS)] == ["2"]
    assert problems({"reason": [f"alt+{number}" for number in range(1, 10)]}, BINDINGS) == []


def test_an_action_has_few_keys() -> None:
    assert problems({"prompt": ["ctrl+m", "ctrl+y", "ctrl+b", "ctrl+i", "ctrl+g"]}, BINDINGS)[0].found == "5"


def test_actions_that_are_never_at_once_may_share_a_key() -> None:
    one = Binding("clip.flip", ("c",), "Flip", "Clip", REVIEW)
    other = Binding("still.centre", ("c", "h"), "Centre", "Still", REVIEW)
    assert problems({"clip.flip": ["c", "v"]}, [one, other]) == []
    assert problems({"clip.flip": ["h"]}, [one, other])[0].found == "H, which is “Centre”"


def test_a_key_of_one_s_own_wins_over_one_that_the_house_gave_later() -> None:
    found = merged(BINDINGS, {"verdict.accept": ["x"], "gone.since": ["a"]})
    assert found["verdict.accept"] == ["x"]
    assert found["verdict.reject"] == []
    assert "gone.since" not in found


def test_without_single_keys_no_character_does_anything() -> None:
    left = {each["id"]: each["keys"] for each in keymap_of({"single_keys": False})["bindings"]}
    assert left["verdict.accept"] == []
    assert left["candidate.next"] == []
    assert left["go.queue"] == []
    assert left["palette"] == ["ctrl+k"]
    assert left["undo"] == ["ctrl+z"]
    assert left["keys"] == ["?"]
    assert works("shift+n", single_keys=True)
    assert not works("space", single_keys=False)

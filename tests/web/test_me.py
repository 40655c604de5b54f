"""One's own settings: theme, brightness, single keys, and which key does what."""

from __future__ import annotations

import pytest

from loop.people.models import User
from loop.people.preferences import keep_preferences
from tests.web.conftest import Desks

BASE = {"theme": "dark", "brightness": "3", "single_keys": "on"}


def preferences(who: str) -> dict[str, object]:
    return dict(User.objects.get(username=who).preferences)


def test_keys_of_one_s_own_are_kept_and_shown_wherever_a_key_is_shown(desks: Desks) -> None:
    answer = desks["editor"].post("/me/", {**BASE, "key.verdict.accept": "Ctrl+M", "key.palette": "Ctrl+Y"})
    assert answer.status_code == 302
    assert preferences("editor")["keys"] == {"verdict.accept": ["ctrl+m"], "palette": ["ctrl+y"]}
    home = desks["editor"].get("/").content.decode()
    assert "<kbd>Ctrl Y</kbd>" in home
    assert "<kbd>Ctrl K</kbd>" not in home
    assert '"keys": ["ctrl+m"]' in desks["editor"].get(desks.address("review/")).content.decode()
    assert "<kbd>Ctrl K</kbd>" in desks["director"].get("/").content.decode()


def test_every_action_stands_in_the_table_with_its_keys(desks: Desks) -> None:
    page = desks["editor"].get("/me/").content.decode()
    assert 'name="key.verdict.accept" value="A"' in page
    assert 'name="key.reason" value="1, 2, 3, 4, 5, 6, 7, 8, 9"' in page
    assert 'name="reset"' not in page  # nothing is changed yet


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Backspace", "nothing lies on it"),
        ("Ctrl+W", "browser does not use itself"),
        ("X", "found X, which is “Reject”"),
        ("hyper+a", "hyper+a"),
    ],
)
def test_a_key_that_cannot_be_is_refused_in_words_and_nothing_is_kept(desks: Desks, typed: str, words: str) -> None:
    answer = desks["editor"].post("/me/", {**BASE, "theme": "light", "key.verdict.accept": typed})
    page = answer.content.decode().replace("&#x27;", "'")
    assert answer.status_code == 422
    assert words in page
    assert f'value="{typed}"' in page
    assert 'aria-invalid="true"' in page
    assert preferences("editor") == {}
    assert desks["editor"].post("/me/", {**BASE, "key.verdict.accept": "Ctrl+M"}).status_code == 302


def test_one_key_or_all_go_back_to_the_house_s(desks: Desks) -> None:
    client = desks["editor"]
    client.post("/me/", {**BASE, "key.verdict.accept": "Ctrl+M", "key.verdict.skip": "Ctrl+B"})
    client.post(
        "/me/", {**BASE, "key.verdict.accept": "Ctrl+M", "key.verdict.skip": "Ctrl+B", "reset": "verdict.accept"}
    )
    assert preferences("editor")["keys"] == {"verdict.skip": ["ctrl+b"]}
    client.post("/me/", {**BASE, "key.verdict.skip": "Ctrl+B", "reset": "all"})
    assert preferences("editor")["keys"] == {}


def test_keys_that_one_does_not_mention_stay(desks: Desks) -> None:
    desks["editor"].post("/me/", {**BASE, "key.verdict.accept": "Ctrl+M"})
    desks["editor"].post("/me/", BASE)
    assert preferences("editor")["keys"] == {"verdict.accept": ["ctrl+m"]}


def test_theme_and_brightness_are_kept_and_go_with_every_page(desks: Desks) -> None:
    client = desks["editor"]
    answer = client.post("/me/", {"theme": "light", "brightness": "5"})
    assert (answer.cookies["circled_theme"].value, answer.cookies["circled_panel"].value) == ("light", "5")
    assert preferences("editor") == {"single_keys": False, "theme": "light", "brightness": 5, "keys": {}}
    assert 'data-theme="light" data-panel="5"' in client.get("/").content.decode()


@pytest.mark.parametrize("given", [{"theme": "neon"}, {"brightness": "9"}])
def test_a_value_that_does_not_exist_is_refused(desks: Desks, given: dict[str, str]) -> None:
    assert desks["editor"].post("/me/", {**BASE, **given}).status_code == 422
    assert preferences("editor") == {}


def test_what_is_not_given_stays_as_it_is(desks: Desks) -> None:
    editor = User.objects.get(username="editor")
    keep_preferences(user=editor, theme="light")
    keep_preferences(user=editor, coach=False)
    assert preferences("editor") == {"theme": "light", "coach": False}

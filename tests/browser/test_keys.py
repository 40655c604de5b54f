"""Keys as their owner has them: the map's guards, other keyboards, keys of one's own, and the palette."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from loop.decision.models import Decision
from loop.people.models import User
from loop.people.preferences import keep_preferences
from loop.web.keymap import BINDINGS
from tests.browser.conftest import press, ready, saved
from tests.support.cutting_room import Room

AtWork = Callable[..., Page]

# Dispatches keydown events at the element of `selector` and returns which of them the page took for itself.
SENT = """([selector, presses]) => presses.filter(([init]) => {
  const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init });
  document.querySelector(selector).dispatchEvent(event);
  return event.defaultPrevented;
}).map(([, name]) => name)"""
# The key map's own module, found under its hashed name.
SPELL = """async (inits) => {
  const loaded = performance.getEntriesByType("resource").map((each) => each.name);
  const url = loaded.find((each) => each.includes("/keymap"));
  const { spell } = await import(url);
  return inits.map((init) => spell(new KeyboardEvent("keydown", init)));
}"""


def keydown(key: str) -> dict[str, object]:
    """A key of the map as the browser reports it."""
    *modifiers, last = key.split("+")
    named = {"space": " ", "plus": "+", "comma": ",", "escape": "Escape", "enter": "Enter", "arrowup": "ArrowUp"}
    named |= {"arrowdown": "ArrowDown", "arrowleft": "ArrowLeft", "arrowright": "ArrowRight", "home": "Home"}
    pressed = named.get(last, last)
    shifted = "shift" in modifiers
    return {
        "key": pressed.upper() if shifted and len(pressed) == 1 else pressed,
        "shiftKey": shifted,
        "ctrlKey": "ctrl" in modifiers,
        "altKey": "alt" in modifiers,
    }


SINGLE = [(each, key) for each in BINDINGS for key in each.keys if " " not in key]


def test_guards_hold_for_every_key_of_the_map(at_work: AtWork) -> None:
    page = at_work()
    quiet = [(keydown(key), each.id) for each, key in SINGLE if not each.typing]
    page.locator("#rationale").focus()
    assert page.evaluate(SENT, ["#rationale", quiet]) == []
    page.locator("#stage").focus()
    for guard in (
        {"isComposing": True},
        {"keyCode": 229},
        {"modifierAltGraph": True},
        {"ctrlKey": True, "altKey": True},
    ):
        every = [({**keydown(key), **guard}, each.id) for each, key in SINGLE]
        assert page.evaluate(SENT, ["#stage", every]) == [], guard
    # A held key goes on only where that is meant; elsewhere it is swallowed and does nothing.
    page.evaluate(
        SENT, ["#stage", [({**keydown(key), "repeat": True}, each.id) for each, key in SINGLE if not each.repeat]]
    )
    page.wait_for_timeout(300)
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("#sync")).to_have_attribute("data-waiting", "0")
    assert Decision.objects.count() == 0


def test_a_second_key_before_the_next_item_is_painted_decides_nothing(room: Room, at_work: AtWork) -> None:
    page = at_work()
    page.evaluate(SENT, ["#stage", [(keydown("a"), "a"), (keydown("a"), "a"), (keydown("x"), "x")]])
    page.wait_for_timeout(500)
    saved(page)
    assert [each.suggestion.external_id for each in Decision.objects.all()] == ["s01-a"]


@pytest.mark.parametrize("layout", ["french", "russian", "greek", "caps", "mac", "german"])
def test_other_keyboards(layout: str, at_work: AtWork) -> None:
    """What the key writes counts; where it writes no Latin letter or digit, the place of the key."""
    page = at_work()
    presses = {
        "french": [
            ({"key": "a", "code": "KeyQ"}, "a"),
            ({"key": "&", "code": "Digit1"}, "1"),
            ({"key": "1", "code": "Digit1", "shiftKey": True}, "1"),
            ({"key": "?", "code": "KeyM", "shiftKey": True}, "?"),
        ],
        "russian": [
            ({"key": "\u0444", "code": "KeyA"}, "a"),
            ({"key": "\u0424", "code": "KeyA", "shiftKey": True}, "shift+a"),
            ({"key": "\u043b", "code": "KeyK", "ctrlKey": True}, "ctrl+k"),
        ],
        "greek": [({"key": "\u03b1", "code": "KeyA"}, "a"), ({"key": "\u03c7", "code": "KeyX"}, "x")],
        "caps": [
            ({"key": "A", "code": "KeyA"}, "a"),
            ({"key": "a", "code": "KeyA", "shiftKey": True}, "shift+a"),
            ({"key": "N", "code": "KeyN", "shiftKey": True}, "shift+n"),
        ],
        "mac": [
            ({"key": "k", "code": "KeyK", "metaKey": True}, "ctrl+k"),
            ({"key": "Enter", "code": "Enter", "metaKey": True}, "ctrl+enter"),
        ],
        "german": [
            ({"key": "z", "code": "KeyY"}, "z"),
            ({"key": "+", "code": "BracketRight"}, "plus"),
            ({"key": ",", "code": "Comma"}, "comma"),
            ({"key": " ", "code": "Space"}, "space"),
        ],
    }[layout]
    spelled = page.evaluate(SPELL, [init for init, _ in presses])
    for (init, wanted), found in zip(presses, spelled, strict=True):
        assert wanted in found, (init, found)


def test_a_key_of_one_s_own_by_keyboard_alone(room: Room, at_work: AtWork) -> None:
    page = at_work(address="/p/FERRY/review/")
    page.goto("/me/")
    button = page.locator("[data-capture]").first
    expect(button).to_have_accessible_name("Change the key of Accept")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Control+m")
    field = page.get_by_label("Accept", exact=True)
    expect(field).to_have_value("Ctrl+M")
    expect(button).to_be_focused()
    field.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("Kept.")).to_be_visible()
    page.goto("/p/FERRY/review/")
    ready(page)
    expect(page.locator("[data-action='verdict.accept'] kbd")).to_have_text("Ctrl M")
    page.keyboard.press("?")
    expect(page.locator("dialog .sheet div", has_text="Accept").first).to_contain_text("Ctrl M")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("acc")
    expect(page.locator(".palette [role=option]").first).to_contain_text("Ctrl M")
    page.keyboard.press("Escape")
    press(page, "a")
    page.wait_for_timeout(200)
    assert Decision.objects.count() == 0
    press(page, "Control+m")
    saved(page)
    assert Decision.objects.get().outcome == "accept"
    # Changed by mistake: Escape leaves a key as it was, and one key or all of them go back.
    page.goto("/me/")
    page.get_by_role("button", name="Change the key of Reject").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Reject", exact=True)).to_have_value("X")
    page.get_by_role("button", name="Reset Accept to A").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_label("Accept", exact=True)).to_have_value("A")


def test_without_script_a_key_is_typed_and_a_conflict_is_said(room: Room, sit_down: Callable[..., Page]) -> None:
    page = sit_down("editor", java_script_enabled=False)
    page.goto("/me/")
    field = page.get_by_label("Accept", exact=True)
    field.fill("X")
    with page.expect_navigation():
        page.get_by_role("button", name="Keep").first.click()
    expect(page.locator(".bind.bad")).to_contain_text("Reject")
    expect(field).to_have_value("X")
    field.fill("Ctrl+M, B2")
    with page.expect_navigation():
        page.get_by_role("button", name="Keep").first.click()
    expect(page.locator(".bind.bad")).to_contain_text("b2")
    field.fill("Ctrl+M")
    with page.expect_navigation():
        page.get_by_role("button", name="Keep").first.click()
    assert User.objects.get(pk=room.users["editor"].pk).preferences["keys"] == {"verdict.accept": ["ctrl+m"]}


def test_reasons_on_other_keys_and_the_order_of_digits(room: Room, at_work: AtWork) -> None:
    own = [f"alt+{number}" for number in range(1, 10)]
    keep_preferences(user=room.users["editor"], keys={"reason": own}, actions=BINDINGS)
    page = at_work()
    expect(page.locator(".reasons kbd").nth(1)).to_have_text("Alt 2")
    press(page, "2", "Alt+2", "x")
    saved(page)
    assert len(Decision.objects.get().reasons) == 1
    assert Decision.objects.get().reasons != ["unstated"]


def test_the_palette_finds_what_the_page_does_not_show(room: Room, at_work: AtWork) -> None:
    page = at_work()
    page.goto("/")
    page.keyboard.press("Control+k")
    expect(page.locator(".palette [role=option]", has_text="Settings and keys").first).to_be_visible()
    page.keyboard.type("s04-b")
    expect(page.locator(".palette [role=option]").first).to_contain_text("s04-b")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    ready(page)
    expect(page.locator("#item")).to_have_attribute("data-label", "s04-b")
    page.goto("/p/FERRY/queue/")
    page.keyboard.press("Control+k")
    page.keyboard.type("research")
    expect(page.locator(".palette [role=option]").first).to_contain_text("Research")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.keyboard.press("Control+k")
    expect(page.locator(".palette [role=option]").first).to_contain_text("Research")


def test_the_panels_grow_brighter_and_the_stage_does_not(at_work: AtWork) -> None:
    page = at_work()
    colours = "['.panel', '#stage'].map((each) => getComputedStyle(document.querySelector(each)).backgroundColor)"
    panel, stage = page.evaluate(colours)
    page.locator(".menu.right > summary").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Panels round the picture").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    brighter, same = page.evaluate(colours)
    assert brighter != panel
    assert same == stage
    page.reload()
    assert page.evaluate(colours)[0] == brighter

"""The coach strip in a browser: it moves on with real verdicts, covers nothing, and closes for good."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import press, ready
from tests.support.cutting_room import Room

SIZES = [(1440, 900), (1280, 680), (1024, 700), (820, 1100)]
# Whether the strip lies over the item, or the page has to be scrolled because of it.
OVER = """() => {
  const [strip, room] = ["#coach", "#main"].map((each) => document.querySelector(each).getBoundingClientRect());
  const page = document.scrollingElement;
  return strip.bottom > room.top + 1 || page.scrollHeight > innerHeight || page.scrollWidth > innerWidth;
}"""


def test_it_leads_through_the_first_verdicts(room: Room, at_work: Callable[..., Page]) -> None:
    room.production.is_demo = True
    room.production.save(update_fields=["is_demo"])
    page = at_work()
    strip = page.locator("#coach")
    expect(strip).to_contain_text("Press A on one that works")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert not page.evaluate(OVER), (width, height)
    press(page, "a")
    expect(strip.locator("[data-step=accept]")).to_have_attribute("data-done", "")
    expect(strip.locator("[data-say=reject]")).to_be_visible()
    press(page, "x")  # without a reason: not yet
    expect(page.locator("#sync")).to_have_attribute("data-waiting", "0")
    expect(strip.locator("[data-say=reject]")).to_be_visible()
    press(page, "2")
    expect(strip.locator("[data-say=span]")).to_be_visible()
    expect(page.locator("#live")).to_contain_text("On a clip mark with", timeout=6000)
    press(page, "a", "a", "a")
    expect(strip.locator("[data-say=end]")).to_be_visible()
    expect(strip).to_contain_text("Your 5 decisions")
    strip.get_by_role("button", name="Close for good").focus()
    page.keyboard.press("Enter")
    expect(strip).to_be_hidden()
    expect(page.locator("#stage")).to_be_focused()
    page.wait_for_timeout(400)
    page.reload()
    ready(page)
    expect(strip).to_have_count(0)

"""What the review room may cost on the sample production: bytes and requests cold, movement, room on the screen."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable

import pytest
from django.db.models import Count
from playwright.sync_api import Page, Response, Route, expect

from loop.material.models import Production
from loop.people.models import User
from loop.suggestion.models import Suggestion
from tests.browser.conftest import later, let_in, press, ready
from tests.support.site import Site
from tests.support.stock import Stock

SCRIPTS_MAX_BYTES = 40_000
SHEETS_MAX_BYTES = 12_000
REQUESTS_MAX = 14
SIZES = ((1440, 900), (1440, 780), (1280, 680), (1024, 700), (820, 1100))
MEDIUM = {"image": "still", "video": "video", "audio": "audio"}
OF_MEDIA = re.compile(r"/p/\w+/media/")

# Every movement of what was already there, also within half a second of a key: the hand is on the keys all the time.
MOVED = """
window.moved = [];
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) {
    const name = ({ node }) => node?.nodeType === 1 ? `${node.tagName}#${node.id}.${node.className}` : "text";
    const what = each.sources.map(name);
    window.moved.push({ value: each.value, what });
  }
}).observe({ type: "layout-shift", buffered: true });
"""
SEEN = """() => {
  const inside = (each) => {
    const box = each.getBoundingClientRect();
    const [low, wide] = [innerHeight + 1, innerWidth + 1];
    return box.width > 0 && box.top >= 0 && box.left >= 0 && box.bottom <= low && box.right <= wide;
  };
  const all = (selector) => [...document.querySelectorAll(selector)];
  const panel = document.querySelector(".panel").getBoundingClientRect();
  const within = (each) => inside(each) && each.getBoundingClientRect().bottom <= panel.bottom + 1;
  const page = document.scrollingElement;
  return {
    scrolls: page.scrollHeight > innerHeight || page.scrollWidth > innerWidth,
    verbs: all(".bar .verb").filter(inside).length,
    reasons: all(".reasonbox > .reasons label").filter(within).length,
    rationale: all("#rationale").filter(within).length,
  };
}"""


@pytest.fixture
def stock(sample_stock: Stock) -> Stock:
    return sample_stock


@pytest.fixture
def editor(open_browser: Callable[..., Page], live_site: str, site: Site) -> Page:
    """A page with nothing in its cache, in which the sample's editor is logged in."""
    page = open_browser(script=MOVED)
    let_in(page, User.objects.get(username="editor"), site, live_site)
    return page


def one_of_each() -> dict[str, str]:
    """The address of an undecided item for each medium of the sample; of a decided one where there is no other."""
    code = Production.objects.get().code
    found: dict[str, str] = {}
    suggestions = Suggestion.objects.select_related("media").annotate(verdicts=Count("decisions"))
    for each in suggestions.order_by("verdicts", "id"):
        medium = MEDIUM[each.media.mime.partition("/")[0]] if each.media else "text"
        found.setdefault(medium, f"/p/{code}/review/?item={each.uid}")
    return found


def go(page: Page, medium: str, address: str) -> None:
    """To an item, until all that it shows at rest is there."""
    page.goto(address)
    ready(page)
    expect(page.locator("#stage")).to_have_attribute("data-medium", medium)
    page.wait_for_load_state("networkidle")


def test_the_review_room_is_light_when_it_is_cold(
    open_browser: Callable[..., Page], live_site: str, site: Site, record_property: Callable[[str, object], None]
) -> None:
    """Each medium in a browser that was never here. Bytes as they came over the wire, without headers."""
    editor = User.objects.get(username="editor")
    for medium, address in one_of_each().items():
        page = open_browser()
        let_in(page, editor, site, live_site)
        answers: list[Response] = []
        page.on("response", later(answers))
        go(page, medium, address)
        here = [each for each in answers if each.url.startswith(live_site) and not OF_MEDIA.search(each.url)]
        # What is fetched of the items after this one is not part of this one.
        cold = [each for each in here if "fragment=1" not in each.url]
        weight: dict[str, int] = defaultdict(int)
        for each in cold:
            weight[each.request.resource_type] += each.request.sizes()["responseBodySize"]
        names = [each.url.removeprefix(live_site) for each in cold]
        record_property(medium, dict(weight) | {"requests": len(cold)})
        assert weight["script"] <= SCRIPTS_MAX_BYTES, f"{medium}: {dict(weight)}"
        assert weight["stylesheet"] <= SHEETS_MAX_BYTES, f"{medium}: {dict(weight)}"
        assert len(cold) <= REQUESTS_MAX, f"{medium}: {names}"
        assert {each.status for each in cold} == {200}, f"{medium}: {names}"
        page.context.close()


def test_nothing_moves(editor: Page) -> None:
    """Not when the page comes, not under keys, not when the next item lies there."""
    for medium, address in one_of_each().items():
        go(editor, medium, address)
        press(editor, "2", "2", "n", "p", "x", "z")
        editor.wait_for_timeout(300)
        moved = editor.evaluate("moved")
        assert moved == [], f"{medium}: {moved}"


def test_nothing_moves_when_the_letters_come_late(editor: Page) -> None:
    held: list[Route] = []
    editor.route("**/*.woff2", later(held))
    editor.goto(one_of_each()["text"], wait_until="commit")
    ready(editor)
    editor.wait_for_timeout(400)  # the page has been read in other letters
    assert held, "expected the page to wait for a font"
    for each in held:
        each.continue_()
    editor.evaluate("document.fonts.ready")
    editor.wait_for_timeout(200)
    moved = editor.evaluate("moved")
    assert moved == [], moved


def test_a_verdict_needs_no_scrolling_at_any_size(editor: Page) -> None:
    for medium, address in one_of_each().items():
        go(editor, medium, address)
        for width, height in SIZES:
            editor.set_viewport_size({"width": width, "height": height})
            seen = editor.evaluate(SEEN)
            assert seen == {"scrolls": False, "verbs": 4, "reasons": 9, "rationale": 1}, f"{medium}, {width} x {height}"

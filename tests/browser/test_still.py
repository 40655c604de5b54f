"""A picture on the stage: as near as one wants, pins and boxes by keys and by pointer, the panels beside it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from loop.decision.models import Decision
from tests.browser.conftest import press, ready, saved
from tests.media.conftest import Screening
from tests.media.shelf import still
from tests.support.cutting_room import Room

READY = "() => document.querySelector('.still[data-ready]') !== null"


@pytest.fixture
def board(room: Room, tmp_path: Path) -> Room:
    """Three panels of a storyboard, 640 by 360 pixels; each answers a brief of its own."""
    screen = Screening(room, {})
    for number in (1, 2, 3):
        path = still(tmp_path / f"panel-{number}.png", size=(640, 360), number=number)
        screen.shows(path, name=f"p{number}-a", kind="storyboard", prompt=f"Panel {number}.")
    return room


def lay(page: Page, room: Room, external_id: str) -> None:
    page.goto(f"/p/FERRY/review/?item={room.suggestion(external_id).uid}")
    ready(page)
    page.wait_for_function(READY)


def zoom(page: Page) -> str:
    return page.locator("[data-zoom]").inner_text()


def test_pins_and_boxes_by_keys_go_with_the_verdict(board: Room, sit_down: Callable[..., Page]) -> None:
    page = sit_down("editor")
    lay(page, board, "p2-a")
    press(page, "m", "Shift+ArrowRight", "ArrowDown", "Enter", "2")
    press(page, "m", "i", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown", "o")
    press(page, "m", "Escape")
    expect(page.locator(".pins .mine")).to_have_count(2)
    expect(page.locator("#spans li")).to_have_count(2)
    press(page, "x")
    saved(page)
    decision = Decision.objects.get(outcome="reject")
    pin, box = decision.spans.order_by("position")
    assert (pin.unit, pin.target, pin.media_sha256) == ("region", "media", decision.suggestion.media.sha256)
    assert pin.region == {"x": "0.515625", "y": "0.502778", "w": "0", "h": "0"}
    assert pin.reason
    assert {key: Decimal(value) for key, value in box.region.items()} == {
        "x": Decimal("0.5"), "y": Decimal("0.5"), "w": Decimal("0.03125"), "h": Decimal("0.027778"),
    }  # fmt: skip


def test_near_and_far(board: Room, sit_down: Callable[..., Page]) -> None:
    page = sit_down("editor")
    lay(page, board, "p1-a")
    assert zoom(page) == "Fit 100 %"  # never larger than it is, unless one asks
    press(page, "+", "+", "+", "+")
    assert zoom(page) == "244 %"
    assert page.locator(".view img.coarse").count() == 1
    before = page.locator(".view img").bounding_box()
    press(page, "ArrowRight", "Shift+ArrowDown")
    after = page.locator(".view img").bounding_box()
    assert before is not None
    assert after is not None
    assert after["x"] < before["x"]
    assert after["y"] < before["y"]
    # Marks keep their place in the picture; the cross is never moved out of sight.
    press(page, "m", *["Shift+ArrowRight"] * 50, "Enter")
    tag = page.locator(".pins .mine circle").bounding_box()
    view = page.locator(".view").bounding_box()
    assert tag is not None
    assert view is not None
    assert view["x"] <= tag["x"] <= view["x"] + view["width"]
    press(page, ".")
    assert zoom(page) == "Fit 100 %"
    page.set_viewport_size({"width": 820, "height": 1100})
    assert page.evaluate("document.documentElement.scrollHeight") <= 1100


def test_a_pointer_draws_a_box_and_the_panels_beside_lead_on(board: Room, sit_down: Callable[..., Page]) -> None:
    page = sit_down("editor")
    lay(page, board, "p2-a")
    box = page.locator(".view img").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 64, box["y"] + 36)
    page.mouse.down()
    page.mouse.move(box["x"] + 320, box["y"] + 180, steps=4)
    page.mouse.up()
    expect(page.locator("#spans li")).to_have_count(1)
    expect(page.locator(".pins .chosen")).to_have_count(1)
    page.locator(".beside .after").click()
    expect(page.locator("#item")).to_have_attribute("data-label", "p3-a")
    expect(page.locator(".beside a")).to_have_count(1)
    expect(page.locator(".pins .mine")).to_have_count(0)
    page.locator(".beside .before").click()
    expect(page.locator("#item")).to_have_attribute("data-label", "p2-a")
    expect(page.locator(".pins .mine")).to_have_count(1)

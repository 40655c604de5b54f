"""Film in the review room itself: judged by keyboard alone, to the frame, from the files as a browser gets them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from loop.decision.models import Decision, DecisionSpan
from tests.browser.conftest import press, ready, saved
from tests.media.conftest import Screening
from tests.support.clips import make_clip
from tests.support.cutting_room import Room
from tests.support.player_bench import READ, SEEK, shown

NTSC = Fraction(30_000, 1001)
SHARES = {(1440, 900): 0.34, (1440, 780): 0.39, (1280, 680): 0.455, (1024, 700): 0.31, (820, 1100): 0.33}
PICTURE = """() => {
  const { width, height } = document.querySelector(".screen video").getBoundingClientRect();
  const wide = Math.min(width, height * 16 / 9);
  const page = document.scrollingElement;
  return {
    share: wide * wide * 9 / 16 / innerWidth / innerHeight,
    scrolls: page.scrollHeight > innerHeight || page.scrollWidth > innerWidth,
  };
}"""


@pytest.fixture
def clips(room: Room, tmp_path: Path) -> Room:
    """Two clips at 29.97 drop-frame from one minute before the hour, of which the page plays proxies."""
    screen = Screening(room, {})
    for name in "ab":
        path = tmp_path / f"{name}.mov"
        make_clip(path, rate=NTSC, frames=120, gop=48, b_frames=3, sound=True, timecode="00:59:58;00")
        screen.shows(path, name=f"clip-{name}", kind="previs_clip", prompt="The pier, at night.")
    return room


def open_clip(page: Page, room: Room, name: str, query: str = "") -> None:
    page.goto(f"/p/FERRY/review/?item={room.suggestion(name).uid}{query}")
    ready(page)
    page.locator("[data-player][data-ready]").wait_for()
    page.evaluate(READ)


def test_a_span_is_given_its_reason_and_stored_with_the_verdict_by_keyboard_alone(
    clips: Room, at_work: Callable[..., Page]
) -> None:
    page = at_work("editor")
    open_clip(page, clips, "clip-a")
    assert page.evaluate(SEEK, [0, 60, 119, 7]) == []
    expect(page.locator(".where [data-tc]")).to_have_text("00:59:58;07")

    # Four keys beside the transport: in, out, reason, verdict.
    press(page, "t")
    page.keyboard.type("01:00:00;00")
    page.keyboard.press("Enter")
    assert shown(page) == 60
    press(page, "i", "Shift+ArrowRight", "o", "1", "x")
    saved(page)

    verdict = Decision.objects.get(suggestion=clips.suggestion("clip-a"))
    span = DecisionSpan.objects.get(decision=verdict)
    media = clips.suggestion("clip-a").media
    assert verdict.outcome == "reject"
    assert media is not None
    assert (span.target, span.unit, span.start, span.end) == ("media", "frame", 60, 91)
    assert (span.rate_num, span.rate_den, span.drop_frame) == (30_000, 1001, True)
    assert span.media_sha256 == media.sha256
    assert span.reason == verdict.reasons[0]


def test_an_address_leads_to_the_frame_and_a_visit_goes_on_where_it_was(
    clips: Room, at_work: Callable[..., Page]
) -> None:
    page = at_work("editor")
    open_clip(page, clips, "clip-a", "&f=45&span=40-50")
    assert shown(page) == 45
    page.keyboard.press("Shift+O")
    assert shown(page) == 50
    page.keyboard.press("ArrowRight")
    page.keyboard.press("y")
    assert "f=51" in page.url
    assert f"item={clips.suggestion('clip-a').uid}" in page.url
    open_clip(page, clips, "clip-b")
    assert shown(page) == 0
    open_clip(page, clips, "clip-a")
    assert shown(page) == 51


def test_the_next_film_is_fetched_before_it_is_wanted(clips: Room, at_work: Callable[..., Page]) -> None:
    page = at_work("editor")
    media = clips.suggestion("clip-b").media
    assert media is not None
    with page.expect_response(lambda answer: f"/media/{media.uid}/proxy" in answer.url) as given:
        page.goto(f"/p/FERRY/review/?kind=previs_clip&item={clips.suggestion('clip-a').uid}")
    assert given.value.status == 206
    assert given.value.request.headers["range"] == "bytes=0-1048575"
    ready(page)
    press(page, "a")
    page.locator("[data-player][data-ready]").wait_for()
    page.evaluate(READ)
    assert page.evaluate(SEEK, [0, 3]) == []


def test_the_picture_has_its_share_at_every_size_and_the_full_stage_all_of_it(
    clips: Room, at_work: Callable[..., Page]
) -> None:
    page = at_work("editor")
    open_clip(page, clips, "clip-a")
    coach = page.locator(".coach button")
    if coach.count():
        coach.last.click()
        expect(page.locator(".coach")).to_be_hidden()
    for (width, height), least in SHARES.items():
        page.set_viewport_size({"width": width, "height": height})
        seen: dict[str, Any] = page.evaluate(PICTURE)
        assert not seen["scrolls"], (width, height)
        assert seen["share"] >= least, (width, height, seen)
    page.locator("#stage").focus()
    page.keyboard.press("f")
    expect(page.locator(".panel")).to_be_hidden()
    expect(page.locator(".hud")).to_be_visible()
    assert page.evaluate(PICTURE)["share"] > 0.4  # upright, the width is the limit
    press(page, "2")
    expect(page.locator(".hud .why")).not_to_be_empty()
    press(page, "x")
    saved(page)
    assert Decision.objects.get(suggestion=clips.suggestion("clip-a")).outcome == "reject"
    page.keyboard.press("Escape")
    expect(page.locator(".panel")).to_be_visible()

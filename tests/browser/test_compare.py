"""Candidates side by side: the same frame in all of them, and one gesture by keyboard that judges them all."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from loop.decision.models import Decision
from tests.browser.conftest import press, ready, saved
from tests.media.conftest import Screening
from tests.support.clips import make_clip
from tests.support.cutting_room import Room, bring_in, line

# Reads the number out of every picture in view.
READ: Final = """() => [...document.querySelectorAll(".cell:not([hidden]) video")].map((video) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 180 });
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0, 320, 180);
  const { data } = pen.getImageData(0, 10, 320, 1);
  return [...Array(16).keys()].reduce((found, bit) => found * 2 + (data[(bit * 20 + 10) * 4] > 127 ? 1 : 0), 0);
})"""
AT_REST: Final = (
    "() => document.documentElement.dataset.compared === 'ready' && !document.querySelector('.cells[data-busy]')"
)


@pytest.fixture
def clips(room: Room, tmp_path: Path) -> Room:
    """Three clips for one brief: two of 48 frames at 24, one of 50 at 25; the fourth answer is a text."""
    screen = Screening(room, {})
    for name, rate, frames in (("a", 24, 48), ("b", 24, 40), ("c", 25, 50)):
        path = make_clip(tmp_path / f"{name}.mp4", rate=Fraction(rate), frames=frames)
        screen.shows(path, name=f"clips-{name}", kind="previs_clip", prompt="The pier, at night.", seed=ord(name),
                     parameters={"guidance": ord(name) % 5, "steps": 30})  # fmt: skip
    return room


def compare(page: Page, room: Room, external_id: str, query: str = "") -> None:
    brief = room.suggestion(external_id).brief.uid
    page.goto(f"/p/FERRY/briefs/{brief}/compare/{query}")
    page.wait_for_function(AT_REST)


def frames(page: Page) -> list[int]:
    page.wait_for_function(AT_REST)
    found: list[int] = page.evaluate(READ)
    return found


def standing(room: Room, *names: str) -> list[str]:
    found = []
    for name in names:
        live = Decision.objects.filter(suggestion=room.suggestion(name), superseded_by=None).exclude(outcome="retract")
        found.append(" ".join(f"{each.outcome} {each.negative_kind}".strip() for each in live))
    return found


def test_the_same_frame_stands_in_all_of_them_and_what_cannot_be_matched_is_said(
    clips: Room, sit_down: Callable[..., Page]
) -> None:
    page = sit_down("editor")
    compare(page, clips, "clips-a")
    expect(page.locator(".cell:not([hidden])")).to_have_count(3)
    expect(page.locator("#sync-words")).to_contain_text("matched by time")
    page.keyboard.press("v")  # two at once: a beside b, of one rate
    expect(page.locator(".cell:not([hidden])")).to_have_count(2)
    expect(page.locator("#sync-words")).to_contain_text("B is 8 frames shorter and holds its last one")
    for key, expected in (
        ("ArrowRight", [1, 1]), ("ArrowRight", [2, 2]), ("Shift+ArrowRight", [26, 26]), ("ArrowLeft", [25, 25]),
        ("End", [47, 39]), ("Home", [0, 0]),
    ):  # fmt: skip
        page.keyboard.press(key)
        assert sorted(frames(page), reverse=True) == expected, key
    # Playing, then at rest: all on one frame again.
    for _ in range(3):
        page.keyboard.press(" ")
        page.wait_for_timeout(450)
        page.keyboard.press(" ")
        left, right = frames(page)
        assert left == right, (left, right)
        assert 0 < left < 40
        assert int(page.locator("[data-frame]").inner_text()) == left
    page.keyboard.press("Shift+N")
    page.keyboard.press("Shift+N")
    expect(page.locator("#sync-words")).to_contain_text("24 and 25")


def test_b_in_the_room_judges_the_brief_and_z_takes_it_back_as_a_whole(
    room: Room, at_work: Callable[..., Page]
) -> None:
    page = at_work()
    press(page, "Shift+N")
    expect(page.locator("#item")).to_have_attribute("data-label", "s01-b")
    press(page, "b")
    expect(page.locator("#item")).to_have_attribute("data-label", "s02-a")
    expect(page.locator("#undo")).to_contain_text("Best B over A")
    marks = page.locator(".queue a[data-outcome]").evaluate_all("rows => rows.map((row) => row.dataset.outcome)")
    assert marks == ["reject", "accept"]
    saved(page)
    assert standing(room, "s01-a", "s01-b") == ["reject sibling", "accept"]
    press(page, "a", "z", "z")
    expect(page.locator("#item")).to_have_attribute("data-label", "s01-b")
    saved(page)
    assert standing(room, "s01-a", "s01-b", "s02-a") == ["", "", ""]
    assert page.locator(".queue a[data-outcome]").count() == 0


def test_takes_are_compared_by_keyboard_alone_and_named_by_their_numbers(
    room: Room, sit_down: Callable[..., Page]
) -> None:
    bring_in(
        room.production,
        [line(f"27a-{take}", f"Take {take}. She waits.", kind="take", meta={"take": str(take)}) for take in (3, 7, 9)],
    )
    page = sit_down("editor")
    page.goto(f"/p/FERRY/review/?item={room.suggestion('27a-3').uid}")
    ready(page)
    press(page, "c")
    page.wait_for_function(AT_REST)
    press(page, "v", "Shift+N", "Shift+N")
    expect(page.locator(".cell.chosen b")).to_have_text("Take 9")
    expect(page.locator(".cell:not([hidden]) ins")).to_have_text("9.")
    press(page, "e")
    page.keyboard.type("She does not look.")
    press(page, "Escape")
    with page.expect_navigation():
        press(page, "b")
    ready(page)
    assert standing(room, "27a-3", "27a-7", "27a-9") == ["reject sibling", "reject sibling", "accept"]
    decision = Decision.objects.get(suggestion=room.suggestion("27a-9"))
    assert decision.text.rationale == "She does not look."
    assert decision.context["page"] == "compare"
    press(page, "z")
    saved(page)
    assert standing(room, "27a-3", "27a-7", "27a-9") == ["", "", ""]


def test_none_of_these_waits_for_a_reason_where_one_is_wanted(room: Room, sit_down: Callable[..., Page]) -> None:
    room.production.reason_required = True
    room.production.save()
    page = sit_down("editor")
    compare(page, room, "s01-a")
    press(page, "x")
    expect(page.locator("#undo")).to_contain_text("why?")
    with page.expect_navigation():
        press(page, "2")
    assert standing(room, "s01-a", "s01-b") == ["reject dismissed", "reject dismissed"]
    assert len(Decision.objects.first().reasons) == 1  # type: ignore[union-attr]


def test_two_in_one_place(clips: Room, sit_down: Callable[..., Page]) -> None:
    page = sit_down("editor")
    compare(page, clips, "clips-a")
    press(page, "Shift+C")
    expect(page.locator("#cells")).to_have_attribute("data-mode", "wipe")
    press(page, ",", ",")
    assert page.evaluate("document.getElementById('wipe').value") == "46"
    press(page, "Shift+C")
    expect(page.locator("#cells")).to_have_attribute("data-mode", "difference")
    press(page, "c")
    names = []
    for _ in range(2):
        names.append(page.locator(".cell:not([hidden]):not(.away) b").inner_text())
        press(page, "c")
    assert names == ["B", "A"]
    press(page, "Escape")
    expect(page.locator("#cells")).to_have_attribute("data-mode", "side")
    for width, height in ((1440, 900), (1440, 780), (1280, 680), (1024, 700), (820, 1100)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollHeight") <= height, (width, height)
        assert page.locator("[data-action='best']").is_visible()

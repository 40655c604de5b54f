"""The queue by keyboard: rows assigned, a view kept, two people on one queue, and what the end says."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from loop.decision.models import Decision
from loop.kernel.actor import SYSTEM
from loop.queue.models import Assignment, OpinionRequest, SavedView
from loop.queue.policy import set_policy
from tests.browser.conftest import press, ready, saved
from tests.support.cutting_room import Room

QUEUE = "/p/FERRY/queue/"


def on_table(page: Page) -> str:
    return page.locator("#item").get_attribute("data-label") or ""


def test_rows_are_selected_assigned_and_kept_as_a_view(room: Room, sit_down: Callable[..., Page]) -> None:
    page = sit_down("producer")
    page.goto(QUEUE)
    expect(page.locator("#page")).to_be_visible()  # the script is at work
    page.keyboard.press("Shift+X")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("#selected")).to_have_text("3 selected")
    page.keyboard.press("Shift+A")
    page.keyboard.type("Edi")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".messages")).to_contain_text("3 newly assigned to Editor.")
    named = Assignment.objects.order_by("suggestion").values_list("suggestion__external_id", "contributor__external_id")
    assert list(named) == [("s01-b", "editor"), ("s02-a", "editor"), ("s02-b", "editor")]

    page.goto(f"{QUEUE}?state=assigned")
    page.keyboard.press("Shift+V")
    page.keyboard.type("With Edith")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".tabs .view[aria-current]")).to_have_text("With Edith")
    assert SavedView.objects.get().query == "state=assigned"


def test_two_people_on_one_queue_get_different_items_and_leave_none(room: Room, at_work: Callable[..., Page]) -> None:
    set_policy(production=room.production, actor=SYSTEM, reviewers_per_item=1)
    pages = {name: at_work(name) for name in ("editor", "director")}
    editor, director = pages.values()
    expect(director.locator(".queue .with").first).to_have_text("with Editor")
    assert on_table(editor) == "s01-a"
    assert on_table(director) == "s02-b"  # the editor's browser has the first three
    seen: dict[str, list[str]] = {"editor": [], "director": []}
    for _ in range(12):
        for name, page in pages.items():
            if page.locator("#decide").count():
                seen[name].append(on_table(page))
                press(page, "a")
                saved(page)
                page.wait_for_timeout(150)  # the claim of the next
    for page in pages.values():
        page.reload()  # whoever was done first was told that the last ones are with the other
        expect(page.locator(".ending h2")).to_contain_text("Nothing to review.")
    assert not set(seen["editor"]) & set(seen["director"])
    assert len(seen["editor"]) + len(seen["director"]) == 12
    assert Decision.objects.values("suggestion").distinct().count() == Decision.objects.count() == 12


def test_what_is_left_with_somebody_else_can_be_taken_and_the_end_says_what_was_done(
    room: Room, at_work: Callable[..., Page]
) -> None:
    set_policy(production=room.production, actor=SYSTEM, reviewers_per_item=1)
    editor = at_work("editor")
    director = at_work("director")
    press(director, "2", "x", *("a",) * 8)
    expect(director.locator(".ending h2")).to_have_text("Everything left is with Editor")
    saved(director)
    with director.expect_navigation(url="**/review/?item=*"):
        director.keyboard.press("Enter")
    ready(director)
    assert on_table(director) == "s01-a"
    press(director, "Shift+S")
    expect(director.locator(".opinion")).to_contain_text("You ask for a second opinion")
    assert OpinionRequest.objects.get().suggestion.external_id == "s01-a"
    press(director, "a")
    saved(director)
    expect(director.locator(".ending .figures")).to_contain_text("accepted")
    expect(director.locator(".pareto")).to_contain_text("Confusing, or a beat is missing")
    expect(director.locator(".undo-list li")).to_have_count(10)
    press(editor, "a")  # both verdicts are kept, whoever was asked
    saved(editor)
    assert Decision.objects.filter(suggestion__external_id="s01-a").count() == 2

"""Without JavaScript the same pages work with plain forms; with it, no page of any role breaks the content policy."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from loop.decision.models import Decision
from loop.kernel.actor import SYSTEM
from loop.people.account import add_user
from tests.browser.conftest import type_login
from tests.support.cutting_room import PASSWORD, Room


def push(page: Page, name: str) -> None:
    """Presses a button or link by keyboard."""
    page.get_by_role("button", name=name).first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_the_review_room_works_without_javascript(room: Room, sit_down: Callable[..., Page]) -> None:
    page = sit_down("editor", java_script_enabled=False)
    page.goto("/p/FERRY/queue/")
    page.get_by_role("link", name="Start reviewing").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    push(page, "Accept")
    expect(page.locator("[role=alert]").filter(has_text="Accepted: s01-a")).to_be_visible()
    page.locator("[data-digit='3']").focus()
    page.keyboard.press("Space")
    page.locator("#rationale").focus()
    page.keyboard.type("Not her tone.")
    push(page, "Reject")
    page.locator("#revise > summary").focus()
    page.keyboard.press("Enter")
    page.locator("[name=revised_content]").focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Stop.")
    push(page, "Revise")
    push(page, "Skip")
    push(page, "Undo")
    assert list(Decision.objects.order_by("id").values_list("suggestion__external_id", "outcome")) == [
        ("s01-a", "accept"),
        ("s01-b", "reject"),
        ("s02-a", "revise"),
        ("s02-b", "skip"),
        ("s02-b", "retract"),
    ]
    reject, revise = Decision.objects.get(outcome="reject"), Decision.objects.get(outcome="revise")
    assert reject.text.rationale == "Not her tone."
    assert revise.text.revised_content == "Note 3. The pause says it. Stop."
    expect(page.locator("#item")).to_have_attribute("data-label", "s02-b")


def test_no_page_breaks_the_content_policy(room: Room, open_browser: Callable[..., Page]) -> None:
    add_user(username="admin", actor=SYSTEM, password=PASSWORD, is_admin=True)
    uid = room.suggestion("s01-a").uid
    for name in ("editor", "data", "consent", "auditor", "admin"):
        page = open_browser()
        page.goto("/accounts/login/")
        type_login(page, name)
        addresses = ["/", "/me/", "/p/FERRY/", f"/p/FERRY/items/{uid}/", "/accounts/password/change/", "/nowhere/"]
        if name == "admin":
            addresses += ["/admin/", "/admin/loop/user/"]
        links = page.locator("header nav a").evaluate_all("all => all.map((each) => each.getAttribute('href'))")
        for address in [*addresses, *links]:
            response = page.goto(address)
            assert response is not None
            assert response.status == (404 if address == "/nowhere/" else 200), address

"""Drafts in the browser and on the server: a killed tab, another machine, two at once, and leaving."""

from __future__ import annotations

import json
from collections.abc import Callable

from playwright.sync_api import Page, expect

from loop.decision.models import Decision, DecisionDraft
from tests.browser.conftest import press, ready, saved
from tests.support.cutting_room import Room

AtWork = Callable[..., Page]


def kept() -> dict[str, str]:
    """The rationale of every draft on the server."""
    return {each.suggestion.external_id: each.body["rationale"] for each in DecisionDraft.objects.all()}


def write(page: Page, words: str) -> None:
    press(page, "e")
    page.keyboard.type(words)


def rested(page: Page) -> None:
    expect(page.locator("#draft")).to_contain_text("Draft saved", timeout=10_000)


def test_a_draft_survives_a_killed_tab_and_waits_on_another_machine(room: Room, at_work: AtWork) -> None:
    first = at_work()
    write(first, "The pause is the line")
    first.wait_for_timeout(600)
    expect(first.locator("#draft")).to_contain_text("Draft in this browser")
    rested(first)
    assert kept() == {"s01-a": "The pause is the line"}
    first.keyboard.type(", not the words")
    first.keyboard.press("Escape")  # leaving the box sends at once
    first.wait_for_timeout(600)
    assert kept() == {"s01-a": "The pause is the line, not the words"}
    first.context.close()

    other = at_work()
    expect(other.locator("#rationale")).to_have_value("The pause is the line, not the words")
    expect(other.locator("#draft")).to_contain_text("Draft saved")
    expect(other.locator("#draft-offer")).to_have_count(0)
    other.goto("/")
    expect(other.get_by_text("1 draft", exact=True)).to_be_visible()
    other.goto("/p/FERRY/review/")
    ready(other)
    press(other, "x")
    saved(other)
    assert Decision.objects.get().text.rationale == "The pause is the line, not the words"
    assert kept() == {}


def test_the_newer_of_two_drafts_stands_and_the_other_is_offered(room: Room, at_work: AtWork) -> None:
    one, two = at_work(), at_work()
    write(one, "From the cutting room")
    one.keyboard.press("Escape")
    rested(one)
    write(two, "From the train")  # knows of no other yet
    two.keyboard.press("Escape")
    offer = two.locator("#draft-offer")
    expect(offer).to_contain_text("begun in another browser")
    expect(two.locator("#rationale")).to_have_value("From the train")
    offer.get_by_role("button", name="Use it").focus()
    two.keyboard.press("Enter")
    expect(two.locator("#rationale")).to_have_value("From the cutting room")
    rested(two)
    assert kept() == {"s01-a": "From the cutting room"}
    two.reload()
    ready(two)
    expect(two.locator("#rationale")).to_have_value("From the cutting room")
    expect(two.locator("#draft-offer")).to_contain_text("Use it")  # the other is not lost either


def test_what_the_server_did_not_get_stays_here_and_goes_out_later(room: Room, at_work: AtWork) -> None:
    page = at_work()
    page.context.set_offline(True)
    write(page, "Written in a tunnel")
    page.keyboard.press("Escape")
    page.wait_for_timeout(700)
    expect(page.locator("#draft")).to_contain_text("Draft in this browser")
    assert kept() == {}
    page.context.set_offline(False)
    page.goto("/")  # any page sends what an earlier one left
    page.wait_for_timeout(2500)
    assert kept() == {"s01-a": "Written in a tunnel"}


def test_logging_out_sends_first_and_leaves_nothing_behind(room: Room, at_work: AtWork) -> None:
    page = at_work()
    write(page, "Half a secret")
    page.wait_for_timeout(600)
    page.locator(".menu.right > summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Log out").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.goto("/accounts/login/")
    left = page.evaluate(
        "JSON.stringify(Object.keys(localStorage).filter((each) => each.startsWith('circled.draft.')))"
    )
    assert json.loads(left) == []
    assert kept() == {"s01-a": "Half a secret"}


def test_emptied_by_hand_it_is_gone_and_an_undo_brings_the_words_back(room: Room, at_work: AtWork) -> None:
    page = at_work()
    write(page, "x")
    page.keyboard.press("Escape")
    rested(page)
    press(page, "e", "Backspace", "Escape")
    page.wait_for_timeout(800)
    assert kept() == {}
    expect(page.locator("#draft")).to_have_text("")
    write(page, "Said and taken back")
    press(page, "Escape", "x", "z")
    expect(page.locator("#item")).to_have_attribute("data-label", "s01-a")
    expect(page.locator("#rationale")).to_have_value("Said and taken back")

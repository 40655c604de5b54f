"""When the network, the server or the session fails: what was decided is recorded once and in order."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import cycle

from playwright.sync_api import Page, Route, expect

from loop.decision.models import Decision
from tests.browser.conftest import press, ready, saved, type_login
from tests.support.cutting_room import Room, bring_in, line

SEED = 20_260_521
VERDICTS = 24
AtWork = Callable[..., Page]


def test_lost_answers_and_a_busy_server_change_nothing(room: Room, at_work: AtWork) -> None:
    bring_in(room.production, [line(f"t{number:02d}-a", f"More {number}.") for number in range(20)])
    chance = random.Random(SEED)  # noqa: S311 - repeatable
    page = at_work()
    kinds = ["503", "lost answer", "no network", "passed", "passed"]
    chance.shuffle(kinds)
    coming = cycle(kinds)  # in turn, so that each occurs however the sending is timed
    trouble = dict.fromkeys(kinds, 0)

    def hinder(route: Route) -> None:
        kind = next(coming)
        trouble[kind] += 1
        if kind == "503":
            route.fulfill(status=503, body="busy")
        elif kind == "lost answer":
            route.fetch()  # it arrives and is recorded; the browser never hears of it
            route.abort()
        elif kind == "no network":
            route.abort()
        else:
            route.continue_()

    page.route("**/decide/", hinder)
    given: list[tuple[str, str]] = []
    for number in range(VERDICTS):
        if number == 8:
            page.wait_for_load_state("networkidle")  # the next two are here: these can be judged offline
            page.wait_for_timeout(500)
            page.context.set_offline(True)
        if number == 10:
            page.context.set_offline(False)
        expect(page.locator("#item[data-label]")).to_be_attached(timeout=15_000)
        label = page.locator("#item").get_attribute("data-label") or ""
        key, outcome = chance.choice([("a", "accept"), ("x", "reject")])
        press(page, key)
        expect(page.locator("#item")).not_to_have_attribute("data-label", label)
        given.append((label, outcome))
    saved(page)
    assert all(trouble.values()), f"seed {SEED}: {trouble}"
    found = Decision.objects.filter(superseded_by=None).order_by("id").select_related("suggestion")
    assert [(each.suggestion.external_id, each.outcome) for each in found] == given, f"seed {SEED}"
    assert Decision.objects.count() == VERDICTS


def test_an_item_that_does_not_arrive_comes_by_itself_when_the_network_does(room: Room, at_work: AtWork) -> None:
    page = at_work()
    page.wait_for_timeout(400)
    page.context.set_offline(True)
    press(page, "a", "a", "a", "a")  # the three that were fetched ahead, and the next
    expect(page.get_by_role("heading", name="This item could not be loaded")).to_be_visible()
    press(page, "x")  # nothing lies on the table: no verdict
    page.context.set_offline(False)
    expect(page.locator("#item")).to_have_attribute("data-label", "s03-a", timeout=15_000)
    press(page, "x")
    saved(page)
    found = Decision.objects.order_by("id").values_list("suggestion__external_id", "outcome")
    assert list(found) == [(name, "accept") for name in ("s01-a", "s01-b", "s02-a", "s02-b")] + [("s03-a", "reject")]


def test_decisions_made_offline_survive_a_closed_tab(room: Room, at_work: AtWork) -> None:
    page = at_work()
    page.wait_for_timeout(400)  # the next items are here
    page.context.set_offline(True)
    press(page, "a", "x")
    expect(page.locator("#sync")).to_contain_text("2 unsent")
    context = page.context
    page.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto("/p/FERRY/review/")
    ready(again)
    saved(again)
    found = Decision.objects.order_by("id").values_list("suggestion__external_id", "outcome")
    assert list(found) == [("s01-a", "accept"), ("s01-b", "reject")]


def test_an_ended_session_is_said_and_the_decision_waits_for_the_person(room: Room, at_work: AtWork) -> None:
    page = at_work()
    page.wait_for_timeout(400)
    page.context.clear_cookies()
    press(page, "a")
    expect(page.locator("#alarm")).to_contain_text("Your session has ended. 1 decision waits in this browser")
    assert Decision.objects.count() == 0
    login = page.context.new_page()
    login.goto("/accounts/login/")
    type_login(login, "director")  # somebody else at the same desk: it is not sent in that name
    login.wait_for_timeout(500)
    assert Decision.objects.count() == 0
    login.context.clear_cookies()
    login.goto("/accounts/login/")
    type_login(login, "editor")
    page.bring_to_front()
    page.evaluate("dispatchEvent(new Event('focus'))")
    saved(page)
    assert str(Decision.objects.get().decided_by) == "Editor"


def test_a_refusal_is_shown_and_kept(room: Room, at_work: AtWork) -> None:
    page = at_work()
    page.wait_for_timeout(400)
    room.production.reason_required = True  # a policy that changed while the page was open
    room.production.save()
    press(page, "x")
    expect(page.locator("#alarm")).to_contain_text("wants a reason")
    assert Decision.objects.count() == 0
    page.get_by_role("button", name="Discard").focus()
    press(page, "Enter")
    expect(page.locator("#alarm")).to_be_hidden()

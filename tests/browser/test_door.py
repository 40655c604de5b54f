"""A contributor at their own door: on a phone, by keyboard, without JavaScript, and while an export runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from loop.audit.verify import verify
from loop.consent.link import open_link
from loop.consent.models import Authorisation, ConsentRequest
from loop.consent.notice import record_notice
from loop.consent.request import ask_parties
from loop.export.models import Export, ExportRow, ExportRowDropped
from loop.export.rules import PUBLISHED
from loop.kernel.actor import SYSTEM
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.models import Contributor
from loop.recall.models import RecallRow
from tests.browser.axe import violations
from tests.browser.conftest import let_in
from tests.support.releases import PURPOSE, YEAR, Stage, few_lines, finished, stage, today
from tests.support.site import Site

PHONE = {"width": 390, "height": 844}
SIZES = ((1440, 900), (1280, 680), (820, 1100), (390, 844), (320, 640))
SEED = 20261121
ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Door:
    """What the contributor was sent."""

    show: Stage
    party: Contributor
    request: ConsentRequest
    address: str


@pytest.fixture
def door(live_site: str) -> Door:
    show = stage()
    show.brings_in(few_lines())
    party = Contributor.objects.get(external_id="director-1")
    show.authorises("editor-1")
    (request,) = ask_parties(
        parties=[party], production=show.production, uses=[PURPOSE], recipients=[show.recipient.code],
        valid_until=today() + YEAR, actor=SYSTEM,
        notice=record_notice(version="1", language="ar", text="نطلب موافقتك.\n\nلا شيء غير ذلك.", actor=SYSTEM),
    )  # fmt: skip
    _, secret = open_link(party=party, production=show.production, actor=SYSTEM)
    return Door(show, party, request, f"/c/{secret}/")


def test_to_withdraw_takes_no_more_clicks_than_to_allow(door: Door, open_browser: Callable[..., Page]) -> None:
    """Counted in a browser without scripts, on a phone: every click a person makes after the page is open."""
    page = open_browser(viewport=PHONE, java_script_enabled=False, has_touch=True)
    page.goto(door.address)
    assert page.url.endswith("/c/")
    clicks = 0

    def click(role: str, name: str) -> None:
        nonlocal clicks
        page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]
        clicks += 1

    click("radio", "I allow it")
    click("button", "Send my answer")
    expect(page.locator(".messages")).to_contain_text("Your answer is recorded.")
    to_allow, clicks = clicks, 0
    door.show.releases()
    page.reload()
    click("link", "Withdraw the record")
    expect(page.locator("main")).to_contain_text("Its recipient is told at once")
    click("button", "Withdraw now")
    expect(page.locator(".messages")).to_contain_text("Withdrawn. Your work is recalled from E-1")
    assert clicks <= to_allow == 2
    assert RecallRow.objects.exists()


def test_everything_is_done_by_keyboard(door: Door, open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    page.goto(door.address)

    def reach(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.closest('label, a, button')?.innerText ?? ''").startswith(name):
                return
        raise AssertionError(f"the keyboard does not reach {name!r}")

    reach("I allow it")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("I refuse it")).to_be_checked()
    page.keyboard.press("ArrowUp")
    reach("Send my answer")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".messages")).to_contain_text("Your answer is recorded.")
    reach("Withdraw")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    reach("Withdraw now")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".messages")).to_contain_text("Withdrawn.")
    states = Authorisation.objects.get(party=door.party).events.order_by("id").values_list("state", flat=True)
    assert list(states) == ["ConsentGiven", "ConsentWithdrawn"]


def test_the_secret_goes_no_further_than_the_first_address(
    door: Door, open_browser: Callable[..., Page], site: Site
) -> None:
    page = open_browser()
    secret = door.address.split("/")[2]
    told: list[str] = []
    page.on("request", lambda request: told.append(f"{request.url} {request.headers.get('referer', '')}"))
    page.goto(door.address)
    page.get_by_role("link", name="Receipt to print").click()
    page.goto("/c/" + "x" * 43 + "/")
    assert sum(secret in each for each in told) == 1
    assert not any("xxx" in each.split(" ")[1] for each in told)
    assert secret not in page.evaluate("document.cookie")
    written = site.log.read_text(errors="replace")
    assert "Not Found: /c/[link]/" in written
    assert "xxxx" not in written
    assert secret not in written


def test_no_rule_of_accessibility_is_broken(door: Door, open_browser: Callable[..., Page]) -> None:
    page = open_browser(reduced_motion="reduce")
    page.goto(door.address)
    found = []
    addresses = ["/c/", "/c/receipt/", "/c/nothing-here/", "/c/withdraw/nothing/"]

    def look(address: str) -> None:
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                found.extend(f"{address} {scheme} {width}: {each}" for each in violations(page))
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    found.append(f"{address} {width}: wider than the window")

    for address in addresses:
        page.goto(address)
        look(address)
    page.goto("/c/")
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("alert").filter(has_text="Please say yes or no here.")).to_be_visible()
    look("an open question")
    page.get_by_label("I allow it").check()
    page.get_by_role("button", name="Send my answer").click()
    door.show.releases()
    page.goto("/c/withdraw/")
    look("/c/withdraw/")
    page.get_by_role("button", name="Withdraw everything now").click()
    look("withdrawn")
    assert not found, "\n".join(found)


def test_a_receipt_prints_on_one_page(door: Door, open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    page.goto(door.address)
    page.get_by_label("I allow it").check()
    page.get_by_role("button", name="Send my answer").click()
    page.get_by_role("link", name="Receipt to print").click()
    page.emulate_media(media="print")
    expect(page.get_by_text("Back")).to_be_hidden()
    expect(page.locator(".print-only")).to_contain_text("receipt")
    printed = page.pdf(format="A4", margin=dict.fromkeys(("top", "right", "bottom", "left"), "18mm"))
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") + printed.count(b"/Type /Page>") <= 1


@pytest.mark.soak(rounds=ROUNDS, seed=SEED)
def test_allowing_and_withdrawing_while_an_export_runs(
    door: Door, open_browser: Callable[..., Page], slice_of: Callable[[int], int]
) -> None:
    """By the link, at a random moment of a release: each row of the party is left out or recalled, never both."""
    dice = Random(SEED)  # noqa: S311  (timing, not secrets)
    page = open_browser(viewport=PHONE)
    page.goto(door.address)
    started = time.monotonic()
    door.show.releases()
    usual = time.monotonic() - started

    def run(export: Export) -> Export:
        try:
            return finished(export)
        finally:
            connection.close()

    for number in range(max(3, slice_of(ROUNDS))):
        page.goto("/c/")
        if number:
            page.locator("summary", has_text="Change your answer").click()
        page.get_by_label("I allow it").check()
        page.get_by_role("button", name="Send my answer").click()
        expect(page.locator(".messages")).to_contain_text("Your answer is recorded.")
        export = door.show.orders()
        page.get_by_role("link", name="Withdraw the record").first.click()
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(run, export)
            time.sleep(dice.uniform(0, 1.4) * usual)
            page.get_by_role("button", name="Withdraw now").click()
            expect(page.locator(".messages")).to_contain_text("Withdrawn.")
            export = running.result(timeout=60)
        assert export.state == PUBLISHED, export.failure
        released = ExportRow.objects.filter(export=export, contributor_ids__contains=[door.party.pk])
        rows = set(released.values_list("id", flat=True))
        dropped = set(ExportRowDropped.objects.filter(row__export=export).values_list("row_id", flat=True))
        recalled = set(RecallRow.objects.filter(row__export=export).values_list("row_id", flat=True))
        assert rows == dropped | recalled
        assert not dropped & recalled
    report = verify()
    assert report.ok, report.problems


def test_the_officers_pages_break_no_rule_either(
    door: Door, open_browser: Callable[..., Page], site: Site, live_site: str
) -> None:
    officer = add_user(username="olga", actor=SYSTEM).user
    add_member(user=officer, production=door.show.production, role="consent_officer", actor=SYSTEM)
    page = open_browser(reduced_motion="reduce")
    let_in(page, officer, site, live_site)
    found = []
    base = f"/p/{door.show.production.code}"
    for address in (f"{base}/requests/", f"{base}/requests/new/", f"{base}/notices/", "links"):
        if address == "links":
            page.goto(f"{base}/requests/")
            page.get_by_role("button", name="New link").click()
            expect(page.locator("h1")).to_have_text("1 link to send")
        else:
            page.goto(address)
        for theme in ("dark", "light"):
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            for width, height in SIZES[:3]:
                page.set_viewport_size({"width": width, "height": height})
                found.extend(f"{address} {theme} {width}: {each}" for each in violations(page))
    assert not found, "\n".join(found)

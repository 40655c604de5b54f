"""No page breaks a rule of WCAG 2.2 AA that a machine can check: both themes, five sizes, forced colours, zoom."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final
from uuid import uuid4

import pytest
from django.test import Client
from playwright.sync_api import Page

from tests.browser.axe import BY_SIZE, violations
from tests.browser.conftest import let_in, ready
from tests.support.cutting_room import Room, bring_in, line
from tests.support.site import Site

SIZES: Final = ((1440, 900), (1440, 780), (1280, 680), (1024, 700), (820, 1100))
THEMES: Final = ("dark", "light")
SCRIPT: Final = "INT. CAR DECK - NIGHT\n\nIt drips.\n\nRUNA\nIt will not hold till the ramp.\n\nShe turns the key."
PAGES: Final = {
    "editor": [
        "/",
        "/me/",
        "/p/FERRY/",
        "/p/FERRY/queue/",
        "/p/FERRY/queue/?state=all",
        "/p/FERRY/items/{item}/",
        "/p/FERRY/briefs/{brief}/compare/",
        "/p/FERRY/research/",
    ],
    "producer": ["/", "/p/FERRY/policy/"],
    "data": ["/", "/p/FERRY/exports/", "/p/FERRY/exports/new/"],
    "consent": ["/p/FERRY/authorisations/"],
    "auditor": ["/p/FERRY/trail/"],
}


@pytest.fixture
def show(room: Room) -> Room:
    """The cutting room with verdicts, a script page, and the coach strip in its room."""
    bring_in(room.production, [line("s90-a", SCRIPT, kind="script_page"), line("s90-b", SCRIPT.lower())])
    room.production.is_demo = True
    room.production.save(update_fields=["is_demo"])
    client = Client()
    client.force_login(room.users["editor"], backend="allauth.account.auth_backends.AuthenticationBackend")
    for name, outcome in (("s01-a", "accept"), ("s02-a", "reject"), ("s03-a", "skip")):
        body = {"idempotency_key": str(uuid4()), "suggestion": str(room.suggestion(name).uid), "outcome": outcome}
        assert client.post("/p/FERRY/decide/", json.dumps(body), content_type="application/json").status_code == 201
    return room


def themed(page: Page, theme: str) -> None:
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)


def checked(page: Page, address: str, sizes: tuple[tuple[int, int], ...] = SIZES) -> list[str]:
    """Everything wrong with the page that is open, in both themes and at every size."""
    found = []
    for theme in THEMES:
        themed(page, theme)
        for place, (width, height) in enumerate(sizes):
            page.set_viewport_size({"width": width, "height": height})
            wrong = violations(page, rules=() if place == 0 and theme == THEMES[0] else BY_SIZE)
            found += [f"{address} {theme} {width}x{height}: {each}" for each in wrong]
    return found


def test_pages(show: Room, open_browser: Callable[..., Page], live_site: str, site: Site) -> None:
    """The login, then every page of every role: wide and upright."""
    sizes = (SIZES[0], SIZES[4])
    page = open_browser(reduced_motion="reduce")
    page.goto("/accounts/login/")
    found = checked(page, "login", sizes)
    for who, addresses in PAGES.items():
        let_in(page, show.users[who], site, live_site)
        for address in addresses:
            page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})
            example = show.suggestion("s02-a")
            answer = page.goto(address.format(item=example.uid, brief=example.brief.uid))
            assert answer is not None
            assert answer.ok, address
            found += checked(page, f"{who} {address}", sizes)
    assert not found, "\n".join(found)


def test_the_review_room(show: Room, at_work: Callable[..., Page]) -> None:
    """Every size, then the dialogs, the open parts, forced colours and twice the size of everything."""
    page = at_work("editor")
    found = checked(page, "room")
    script = f"/p/FERRY/review/?item={show.suggestion('s90-a').uid}"
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(script)
    ready(page)
    found += checked(page, "script page", SIZES[:1])
    for key, what in (("?", "keys"), ("Control+k", "palette"), ("r", "revising"), ("0", "all reasons")):
        page.keyboard.press(key)
        page.wait_for_timeout(300)
        for theme in THEMES:
            themed(page, theme)
            found += [f"{what} {theme}: {each}" for each in violations(page)]
        page.keyboard.press("Escape")
    page.goto("/p/FERRY/review/")
    ready(page)
    page.emulate_media(forced_colors="active")
    found += [f"forced colours: {each}" for each in violations(page)]
    page.emulate_media(forced_colors="none")
    page.set_viewport_size({"width": 720, "height": 450})  # 1440 x 900 at 200 %
    found += [f"200 %: {each}" for each in violations(page)]
    assert not found, "\n".join(found)
    for name in ("accept", "reject", "revise", "skip"):
        page.locator(f".bar [data-action='verdict.{name}']").click(trial=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 720

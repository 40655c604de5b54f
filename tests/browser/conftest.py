"""A real browser on a real server: everything is done by keyboard; a message about the content policy fails a test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from loop.people.models import User
from tests.support.cutting_room import PASSWORD, Room, open_room
from tests.support.site import PLAIN_HOST, Site

Kept = TypeVar("Kept")
SIZE = {"width": 1440, "height": 900}
ARGUMENTS = ["--no-sandbox", f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1"]
# What a test of lost answers brings about itself; and a header that a browser ignores on plain HTTP, and says so.
EXPECTED = ("Failed to load resource", "net::ERR", "NetworkError", "Cross-Origin-Opener-Policy header has been ignored")


@pytest.fixture(scope="session")
def playwright_running() -> Iterator[Playwright]:
    # Playwright's own loop runs in this thread, and Django would refuse the database because of it.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as running:
        yield running
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def browser(playwright_running: Playwright, chromium: str) -> Iterator[Browser]:
    launched = playwright_running.chromium.launch(executable_path=chromium, args=ARGUMENTS)
    yield launched
    launched.close()


@pytest.fixture
def room(live_site: str) -> Room:
    """The cutting room on the live site."""
    return open_room()


@pytest.fixture
def open_browser(browser: Browser, live_site: str) -> Iterator[Callable[..., Page]]:
    """`open_browser(**options)`: a page in a browser of its own, each of its pages after `script`, if one is given.

    Errors of scripts and of the policy fail the test.
    """
    contexts: list[BrowserContext] = []
    found: list[str] = []

    def heard(message: Any) -> None:
        if message.type in {"error", "warning"} and not any(words in message.text for words in EXPECTED):
            found.append(f"{message.type}: {message.text}")

    def start(*, script: str = "", **options: Any) -> Page:
        context = browser.new_context(**{"base_url": live_site, "viewport": SIZE, **options})
        context.set_default_timeout(15_000)
        contexts.append(context)
        context.on("console", heard)
        context.on("weberror", lambda error: found.append(f"script: {error.error}"))
        if script:
            context.add_init_script(script)
        return context.new_page()

    yield start
    for context in contexts:
        context.close()
    assert not found, "\n".join(found)


@pytest.fixture
def sit_down(open_browser: Callable[..., Page], room: Room) -> Callable[..., Page]:
    """`sit_down("editor")`: a page on which that login has just logged in, by keyboard."""

    def log_in(name: str, **options: Any) -> Page:
        page = open_browser(**options)
        page.goto("/accounts/login/")
        type_login(page, room.users[name].get_username())
        return page

    return log_in


def type_login(page: Page, username: str) -> None:
    """Name, Tab, password, Enter."""
    page.locator("input[name=login]").focus()
    page.keyboard.type(username)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def let_in(page: Page, user: User, site: Site, address: str) -> None:
    """A session of `user` in this page's browser, as a login makes it: for tests that are about something else."""
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": site.session_cookie, "value": session, "url": address}])


@pytest.fixture
def at_work(open_browser: Callable[..., Page], room: Room, live_site: str, site: Site) -> Callable[..., Page]:
    """`at_work("editor")`: the review room at its first item, ready for a key. The login has happened already."""

    def enter(name: str = "editor", address: str = "/p/FERRY/review/", **options: Any) -> Page:
        page = open_browser(**options)
        let_in(page, room.users[name], site, options.get("base_url", live_site))
        page.goto(address)
        ready(page)
        return page

    return enter


def ready(page: Page) -> None:
    """The item has been painted and the keyboard is on it, so keys count."""
    expect(page.locator("#stage")).to_be_focused(timeout=15_000)
    page.locator("#main[aria-busy=false]").wait_for()


def press(page: Page, *keys: str) -> None:
    """Keys one after another, in the review room each when the item before it has been painted."""
    for key in keys:
        page.locator("#main:not([aria-busy=true])").wait_for()
        page.keyboard.press(key)
        page.wait_for_timeout(40)


def saved(page: Page) -> None:
    """Everything has reached the server."""
    page.wait_for_timeout(150)
    page.locator("#main:not([aria-busy=true])").wait_for()
    expect(page.locator("#sync")).to_have_attribute("data-waiting", "0", timeout=30_000)


def later(held: list[Kept]) -> Callable[[Kept], None]:
    """Keeps requests until the test lets them go, or answers until it looks at them."""

    def keep(found: Kept) -> None:
        held.append(found)

    return keep

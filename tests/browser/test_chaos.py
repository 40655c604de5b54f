"""Forty decisions through everything that fails in a sitting: each is stored once, in the order in which it was given.

The way to the server fails by a shuffled deck, so every kind of failure occurs however the sending is timed; between
the decisions tabs are closed, crash, reload and multiply, the network goes and the session ends. Seeded: the same seed
is the same schedule.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import APIResponse, BrowserContext, Error, Page, Route, expect

from loop.decision.models import Decision
from tests.browser.conftest import later, let_in, press, ready, saved, type_login
from tests.support.cutting_room import Room, bring_in, line, open_room
from tests.support.site import PLAIN_HOST, Site

SEED = 20_261_121
DECISIONS = 40
ROUNDS = 20
PLAIN_ROUNDS = 20
FATES = (
    "busy",
    "lost answer",
    "no network",
    "slow there",
    "slow back",
    "passed",
    "passed",
    "passed",
    "passed",
    "passed",
)
EVENTS = (
    "offline",
    "close",
    "crash",
    "second tab",
    "other tab",
    "session",
    "reload",
    "second tab",
    "other tab",
    "close",
)
AtWork = Callable[..., Page]
OpenBrowser = Callable[..., Page]


@contextlib.contextmanager
def whoever_asked() -> Iterator[None]:
    """The tab may be gone; nothing else may fail."""
    try:
        yield
    except Error as error:
        if "closed" not in error.message and "crashed" not in error.message:
            raise


def passed_on(route: Route) -> APIResponse:
    """The server's answer. This client resolves names by itself, so it is told the address and the name apart."""
    asked = urlsplit(route.request.url)
    address = asked._replace(netloc=f"127.0.0.1:{asked.port}").geturl()
    return route.fetch(url=address, headers={**route.request.all_headers(), "host": asked.netloc})


@dataclass
class Trouble:
    """What happens to each request that carries a decision."""

    chance: random.Random
    deck: list[str] = field(default_factory=list)
    met: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FATES, 0))
    held: list[Callable[[], None]] = field(default_factory=list)
    is_over: bool = False

    def __call__(self, route: Route) -> None:
        if not self.deck:
            self.deck = self.chance.sample(FATES, len(FATES))
        fate = "passed" if self.is_over else self.deck.pop()
        self.met[fate] += 1
        with whoever_asked():
            if fate == "busy":
                route.fulfill(status=503, body="busy")
            elif fate == "lost answer":
                passed_on(route)  # it arrives and is recorded; the browser never hears of it
                route.abort()
            elif fate == "no network":
                route.abort()
            elif fate == "slow there":
                self.held.append(route.continue_)
            elif fate == "slow back":
                answer = passed_on(route)
                self.held.append(lambda: route.fulfill(response=answer))
            else:
                route.continue_()

    def let_go(self) -> None:
        """What was slow arrives."""
        held, self.held = self.held, []
        for arrive in held:
            with whoever_asked():
                arrive()


@dataclass
class Sitting:
    """One person's tabs, and what was given in them, in order."""

    context: BrowserContext
    tabs: list[Page]
    trouble: Trouble
    chance: random.Random
    room: Room
    given: list[tuple[str, str]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    @property
    def page(self) -> Page:
        return self.tabs[-1]

    def judge(self) -> None:
        """One key. It counts once the next item is painted: then the page has said that it is kept."""
        item = self.page.locator("#item[data-label]")
        expect(item).to_be_attached(timeout=20_000)
        label = item.get_attribute("data-label") or ""
        uid = item.get_attribute("data-uid") or ""
        key, outcome = self.chance.choice([("a", "accept"), ("x", "reject"), ("s", "skip")])
        press(self.page, key)
        expect(self.page.locator(f"#item[data-uid='{uid}']")).to_have_count(0, timeout=20_000)
        self.given.append((label, outcome))

    def happens(self, event: str) -> None:
        self.seen.add(event)
        getattr(self, event.replace(" ", "_"))()

    def offline(self) -> None:
        """Two decisions without a network: what was fetched ahead is there, and what waits is counted."""
        self.calm()
        self.page.wait_for_timeout(600)  # the next two are here
        self.context.set_offline(True)
        self.judge()
        self.judge()
        expect(self.page.locator("#sync")).to_have_text("2 unsent")
        self.context.set_offline(False)

    def close(self) -> None:
        """The tab is closed with something under way."""
        self.page.close()
        self.tabs.pop()
        if not self.tabs:
            self.sit_down()

    def crash(self) -> None:
        """The tab's process dies: no handler of the page runs any more."""
        with contextlib.suppress(Error):
            self.page.goto("chrome://crash", timeout=3_000)
        self.close()

    def second_tab(self) -> None:
        self.sit_down()

    def other_tab(self) -> None:
        self.tabs.insert(0, self.tabs.pop())
        self.page.bring_to_front()

    def session(self) -> None:
        """The session ends; somebody is asked to log in, and does so in another tab."""
        self.calm()
        self.page.wait_for_timeout(600)
        self.context.clear_cookies()
        self.judge()
        self.until(
            lambda: "Your session has ended" in self.page.locator("#alarm").inner_text(), "no word of the session"
        )
        login = self.context.new_page()
        login.goto("/accounts/login/")
        type_login(login, self.room.users["editor"].get_username())
        login.close()
        self.page.bring_to_front()
        self.page.evaluate("dispatchEvent(new Event('focus'))")  # a browser without windows sends none
        self.until(self.page.locator("#alarm").is_hidden, "the page did not see that somebody is logged in")

    def reload(self) -> None:
        self.page.reload()
        ready(self.page)

    def sit_down(self) -> None:
        page = self.context.new_page()
        page.goto(f"/p/{self.room.production.code}/review/")
        ready(page)
        self.tabs.append(page)

    def calm(self) -> None:
        """Nothing is under way. Shown as the page shows it."""
        sync = self.page.locator("#sync")
        self.until(lambda: sync.get_attribute("data-waiting") == "0", "the outbox did not empty")

    def until(self, is_so: Callable[[], bool], otherwise: str) -> None:
        """Waits while what was slow arrives."""
        for _ in range(200):
            self.trouble.let_go()
            if is_so():
                return
            self.page.wait_for_timeout(100)
        pytest.fail(otherwise)


def sit_through(page: Page, room: Room, *, seed: int) -> Sitting:
    """Forty decisions with every failure between them, and the check of what is stored."""
    chance = random.Random(seed)  # noqa: S311 - repeatable
    sitting = Sitting(page.context, [page], Trouble(random.Random(seed + 1)), chance, room)  # noqa: S311
    page.context.route("**/decide/", sitting.trouble)
    events = chance.sample(EVENTS, len(EVENTS))
    while len(sitting.given) < DECISIONS:
        sitting.judge()
        if len(sitting.given) % 2:
            sitting.trouble.let_go()
        if len(sitting.given) % 3 == 0 and events and len(sitting.given) < DECISIONS - 2:
            sitting.happens(events.pop())
    sitting.trouble.is_over = True
    sitting.calm()
    saved(sitting.page)
    expect(sitting.page.locator("#sync")).to_have_text("All saved")
    found = Decision.objects.filter(production=room.production).order_by("id").select_related("suggestion")
    assert [(each.suggestion.external_id, each.outcome) for each in found] == sitting.given, f"seed {seed}"
    assert len({each.external_id for each in found}) == DECISIONS, f"seed {seed}"
    assert all(sitting.trouble.met.values()), f"seed {seed}: {sitting.trouble.met}"
    assert sitting.seen == set(EVENTS), f"seed {seed}"
    return sitting


def a_room(number: int) -> Room:
    """A production for one round: enough to judge that the queue does not end before the decisions."""
    room = open_room(f"ROUND{number}", suggestions=0, prefix=f"r{number}-")
    lines = [line(f"t{each:02d}-a", f"Note {each}. The pause says it.") for each in range(DECISIONS + 12)]
    bring_in(room.production, lines)
    return room


@pytest.mark.soak(rounds=ROUNDS, seed=SEED)
def test_forty_decisions_through_chaos(
    live_site: str, site: Site, open_browser: OpenBrowser, slice_of: Callable[[int], int]
) -> None:
    for number in range(slice_of(ROUNDS)):
        room = a_room(number)
        page = open_browser()
        let_in(page, room.users["editor"], site, live_site)
        page.goto(f"/p/{room.production.code}/review/")
        ready(page)
        assert page.evaluate("isSecureContext && Boolean(navigator.locks)")
        sit_through(page, room, seed=SEED + number)
        page.context.close()


@pytest.mark.soak(rounds=PLAIN_ROUNDS, seed=SEED)
def test_forty_decisions_through_chaos_on_plain_http(
    live_site: str, site: Site, open_browser: OpenBrowser, slice_of: Callable[[int], int]
) -> None:
    address = live_site.replace("127.0.0.1", PLAIN_HOST)
    for number in range(slice_of(PLAIN_ROUNDS)):
        room = a_room(number)
        page = open_browser(base_url=address)
        let_in(page, room.users["editor"], site, address)
        page.goto(f"/p/{room.production.code}/review/")
        ready(page)
        missing = (
            "[isSecureContext, Boolean(navigator.locks), Boolean(crypto.randomUUID), 'serviceWorker' in navigator]"
        )
        assert page.evaluate(missing) == [False] * 4
        sit_through(page, room, seed=SEED + 1000 + number)
        page.context.close()


def test_a_chain_of_undo_takes_back_each_through_chaos(room: Room, at_work: AtWork) -> None:
    page = at_work()
    trouble = Trouble(random.Random(SEED))  # noqa: S311 - repeatable
    page.context.route("**/decide/", trouble)
    press(page, "a", "x", "a", "x", "s")
    page.reload()
    ready(page)
    sitting = Sitting(page.context, [page], trouble, random.Random(SEED), room)  # noqa: S311
    labels = ["s03-a", "s02-b", "s02-a", "s01-b", "s01-a"]
    for label in labels:
        press(page, "z")
        shown = page.locator(f"#item[data-label='{label}']")
        sitting.until(lambda shown=shown: shown.count() == 1, f"{label} did not come back")
    sitting.calm()
    found = list(Decision.objects.order_by("id").select_related("suggestion", "supersedes"))
    assert [each.outcome for each in found] == ["accept", "reject", "accept", "reject", "skip"] + ["retract"] * 5
    assert [each.suggestion.external_id for each in found[5:]] == labels
    assert [each.supersedes for each in found[5:]] == found[4::-1]


DENIED = "indexedDB.open = () => { throw new DOMException('denied', 'SecurityError'); };"
FAILING = """
const begin = IDBDatabase.prototype.transaction;
IDBDatabase.prototype.transaction = function (...given) {
  if (window.broken) throw new DOMException('the disk is gone', 'InvalidStateError');
  return begin.apply(this, given);
};
"""


def test_without_storage_the_next_item_waits_for_the_server(room: Room, at_work: AtWork, live_site: str) -> None:
    page = at_work("editor", script=DENIED)
    expect(page.locator("#sync")).to_have_text("Saved one by one")
    held: list[Route] = []
    page.route("**/decide/", later(held))
    press(page, "a")
    expect(page.locator("#sync")).to_have_text("1 unsent")
    expect(page.locator("#item")).to_have_attribute("data-label", "s01-a")  # not acknowledged: not gone on
    page.keyboard.press("x")  # and nothing else is taken
    held.pop().fulfill(status=503, body="busy")
    page.wait_for_timeout(500)
    expect(page.locator("#item")).to_have_attribute("data-label", "s01-a")
    held.pop().continue_()
    page.unroute("**/decide/")
    expect(page.locator("#item")).to_have_attribute("data-label", "s01-b")
    press(page, "x", "z")
    saved(page)
    assert list(Decision.objects.order_by("id").values_list("suggestion__external_id", "outcome")) == [
        ("s01-a", "accept"),
        ("s01-b", "reject"),
        ("s01-b", "retract"),
    ]


def test_a_disk_that_fails_in_the_middle_loses_nothing(room: Room, at_work: AtWork) -> None:
    page = at_work("editor", script=FAILING)
    press(page, "a")
    held: list[Route] = []
    page.route("**/decide/", later(held))
    press(page, "x")
    expect(page.locator("#sync")).to_have_text("1 unsent")
    page.evaluate("window.broken = true")
    page.keyboard.press("s")
    expect(page.locator("#sync")).to_have_text("2 unsent")
    held.pop().continue_()
    page.unroute("**/decide/")
    saved(page)
    expect(page.locator("#sync")).to_have_text("Saved one by one")
    found = Decision.objects.order_by("id").values_list("suggestion__external_id", "outcome")
    assert list(found) == [("s01-a", "accept"), ("s01-b", "reject"), ("s02-a", "skip")]

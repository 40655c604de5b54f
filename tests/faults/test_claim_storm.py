"""Eight people walk one queue against the real server: nobody is handed what another has, and nothing is forgotten.

Each behaves as the browser does: it claims what it is about to show and what comes after, judges, and claims again. Now
and then one dies (it forgets what it held, hangs up before the answer) or falls asleep beyond its lease.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from loop.decision.models import Decision
from loop.kernel.actor import SYSTEM
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.models import User
from loop.queue.models import Claim, ReviewPolicy
from tests.support.cutting_room import Room, bring_in, line, open_room
from tests.support.site import Site

PEOPLE = 8
ITEMS = 1_000
SEED = 20261123
LEASE_S = 3
WINDOW = 24  # rows that a browser asks about at once
HOLD = 3
DIES, HANGS_UP, FALLS_ASLEEP, WALKS_ON = 0.02, 0.02, 0.01, 0.03  # of a hundred turns


@dataclass(frozen=True)
class Hold:
    """One person is sure to have an item on the table or beside it, from the answer until the lease runs out."""

    item: str
    person: int
    since: float
    until: float


@dataclass
class Person:
    """One browser: what it knows, and what it did, with the moments it can be sure of."""

    number: int
    address: str
    cookie: str
    rows: list[str]
    dice: random.Random
    mine: list[str] = field(default_factory=list)
    over: set[str] = field(default_factory=set)  # judged by me, or waiting for me no longer
    granted: dict[str, float] = field(default_factory=dict)  # item -> when the last request that got it was sent
    late: set[str] = field(default_factory=set)  # judged when the lease may have run out
    holds: list[Hold] = field(default_factory=list)
    grants: list[tuple[str, float]] = field(default_factory=list)  # (item, when it was asked for)
    judged: dict[str, float] = field(default_factory=dict)  # item -> when the server had it for certain
    deaths: int = 0
    lapses: int = 0

    def __post_init__(self) -> None:
        self.connection = HTTPConnection(urlsplit(self.address).netloc, timeout=30)
        reply = self.ask("GET", "/session/")
        self.csrf = reply["csrf"]

    def ask(self, method: str, path: str, body: Any = None, *, hang_up: bool = False) -> Any:
        headers = {"Cookie": self.cookie, "Content-Type": "application/json", "X-CSRFToken": getattr(self, "csrf", "")}
        self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        if hang_up:
            self.connection.close()
            return None
        reply = self.connection.getresponse()
        for name, value in reply.getheaders():
            if name.lower() == "set-cookie" and "csrf" in value:
                self.cookie = f"{self.cookie}; {value.split(';')[0]}"
        text = reply.read()
        assert reply.status in (200, 201), (reply.status, path, text[:300])
        return json.loads(text)

    def claim(self, *, hang_up: bool = False) -> bool:
        """Claims the next rows. False: none of them waits for anybody any more."""
        window = [uid for uid in self.rows if uid not in self.over][:WINDOW]
        if not window:
            return False
        before = time.monotonic()
        body = {"want": window, "hold": HOLD, "drop": self.mine}
        answer = self.ask("POST", "/p/FERRY/claims/", body, hang_up=hang_up)
        if answer is None:
            self.let_go(set(self.mine), before)
            self.mine = []
            return True
        self.let_go(set(self.mine) - set(answer["mine"]), before)
        after = time.monotonic()
        self.over.update(answer["gone"])
        self.mine = answer["mine"]
        for uid in self.mine:
            self.granted[uid] = before
            self.grants.append((uid, before))
            self.holds.append(Hold(uid, self.number, after, before + LEASE_S))
        if not self.mine:
            time.sleep(0.05)  # everything near is with others: a browser asks the server for what lies further
            self.rows = self.rows[WINDOW:] + self.rows[:WINDOW]
        return True

    def let_go(self, items: set[str], moment: float) -> None:
        """From this moment nobody can count on these holds any more: they are being judged or dropped."""
        self.holds = [
            Hold(one.item, one.person, one.since, min(one.until, moment)) if one.item in items else one
            for one in self.holds
        ]

    def judge(self, uid: str) -> None:
        self.let_go({uid}, time.monotonic())
        outcome = self.dice.choice(("accept", "reject", "reject", "revise"))
        body = {"idempotency_key": str(uuid4()), "suggestion": uid, "outcome": outcome, "reasons": ["story.tone"]}
        self.ask("POST", "/p/FERRY/decide/", body | ({"revised_content": "Later."} if outcome == "revise" else {}))
        self.judged.setdefault(uid, time.monotonic())
        if time.monotonic() > self.granted[uid] + LEASE_S:
            self.late.add(uid)
        self.over.add(uid)
        self.mine = [each for each in self.mine if each != uid]

    def turn(self) -> bool:
        chance = self.dice.random()
        if chance < HANGS_UP:
            self.claim(hang_up=True)
            self.deaths += 1
        if not self.claim():
            return False
        if chance > 1 - DIES:
            self.mine = []  # the browser was killed: what it held is known to the server alone, until it lapses
            self.deaths += 1
            return True
        if not self.mine:
            return True
        if chance > 1 - DIES - FALLS_ASLEEP:
            time.sleep(LEASE_S + 0.3)
            self.lapses += 1
        elif chance > 1 - DIES - FALLS_ASLEEP - WALKS_ON:
            return True  # goes on without a verdict
        self.judge(self.mine[0])
        return True

    def walk(self) -> Person:
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline:
            try:
                if not self.turn():
                    break
            except (HTTPException, OSError):
                self.connection.close()
        self.connection.close()
        return self


def login_of(user: User, site: Site) -> str:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return f"{site.session_cookie}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


@pytest.fixture
def walkers(live_site: str, site: Site, slice_of: Callable[[int], int]) -> tuple[Room, list[Person]]:
    room = open_room(suggestions=2)
    count = slice_of(ITEMS)
    bring_in(room.production, [line(f"note{number:04d}-a", f"Note {number}.") for number in range(2, count)])
    ReviewPolicy.objects.create(production=room.production, reviewers_per_item=1, lease_s=LEASE_S)
    rows = [str(uid) for uid in room.production.suggestions.order_by("id").values_list("uid", flat=True)]
    people = []
    for number in range(PEOPLE):
        user = add_user(username=f"walker{number}", actor=SYSTEM).user
        add_member(user=user, production=room.production, role="editor", actor=SYSTEM)
        dice = random.Random(SEED + number)  # noqa: S311 - a seeded run
        people.append(Person(number, live_site, login_of(user, site), list(rows), dice))
    return room, people


def overlaps(holds: list[Hold]) -> list[tuple[Hold, Hold]]:
    """Two people with one item at one moment."""
    found = []
    by_item: dict[str, list[Hold]] = {}
    for one in sorted(holds, key=lambda each: each.since):
        if one.until > one.since:
            by_item.setdefault(one.item, []).append(one)
    for each in by_item.values():
        for place, earlier in enumerate(each):
            found += [
                (earlier, later)
                for later in each[place + 1 :]
                if later.person != earlier.person and later.since < earlier.until
            ]
    return found


@pytest.mark.soak(rounds=ITEMS, seed=SEED)
def test_no_item_is_handed_to_two_people_and_none_is_forgotten(
    walkers: tuple[Room, list[Person]], record_property: Callable[[str, object], None]
) -> None:
    room, people = walkers
    with ThreadPoolExecutor(PEOPLE) as pool:
        done = list(pool.map(Person.walk, people))
    total = room.production.suggestions.count()
    holds = [one for each in done for one in each.holds]
    assert not overlaps(holds)
    # What one had judged was handed to nobody afterwards.
    judged: dict[str, float] = {}
    for each in done:
        for uid, moment in each.judged.items():
            judged[uid] = min(moment, judged.get(uid, moment))
    late = [(uid, each.number) for each in done for uid, asked in each.grants if uid in judged and asked > judged[uid]]
    assert not late
    labels = Counter(Decision.objects.exclude(outcome="skip").values_list("suggestion__uid", flat=True))
    assert len(labels) == total, f"forgotten: {total - len(labels)}"
    # More than one judged an item only where a lease had lapsed before its holder said something, which is kept too.
    doubled = {str(uid) for uid, count in labels.items() if count > 1}
    assert doubled <= {uid for each in done for uid in each.late}
    lapses = sum(each.lapses for each in done)
    assert not Claim.objects.filter(suggestion__decisions__isnull=True).exists()
    deaths = sum(each.deaths for each in done)
    assert len({one.person for one in holds}) == PEOPLE
    record_property(
        "seen",
        f"{total} items, {len(holds)} claims by {PEOPLE} people, 0 held by two at once, 0 forgotten; {deaths} killed, "
        f"{lapses} lapsed, {len(doubled)} judged twice after a lapse",
    )

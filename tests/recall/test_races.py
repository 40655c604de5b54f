"""A withdrawal against freeze, build and publish: whatever the timing, each row is left out or recalled.

A schedule is a seed. Most schedules stop the release and the withdrawal at named points: the release goes to one, then
the withdrawal to one of its own, then who goes on is drawn. Every tenth lets both run and draws when the withdrawal
comes. In half of the former a second release, or another party's withdrawal, takes part. The long run insists that the
withdrawal was met at each of its points while the release stood at each of its own, and that it waited wherever the
release holds the lock.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.db import connections

from loop.audit.verify import verify
from loop.export import advance as advancing
from loop.export import finish, freeze, places, publish
from loop.export.advance import advance
from loop.export.models import Export, ExportExclusion, ExportRow, ExportRowDropped
from loop.export.rules import PUBLISHED, UNFINISHED
from loop.kernel.actor import SYSTEM
from loop.people.models import Contributor
from loop.recall import withdraw as withdrawing
from loop.recall.models import RecallRow
from loop.recall.querysets import records_of
from loop.recall.withdraw import withdraw
from tests.support.databases import FreshDatabase
from tests.support.interleave import Point, Turns, watch
from tests.support.releases import Stage, few_lines, stage

SEED = 20261121
SCHEDULES, PARTS = 5_000, 4
IN_A_SLICE = 12  # schedules of each part outside `make soak`
SCHEDULES_A_SHOW = 40  # a party's recalled rows are looked through again; a new show begins without any
PARTIES = ("director-1", "editor-1")
PROFILES = ("signals", "unpaired_preference")

OF_THE_RELEASE = (
    Point("before the lock of freezing", advancing, "freeze"),
    Point("freezing, lock held", freeze, "sift"),
    Point("frozen, not committed", freeze, "_settle", "after"),
    Point("freeze committed", advancing, "freeze", "after"),
    Point("before building", advancing, "build"),
    Point("built", advancing, "build", "after"),
    Point("before the lock of publishing", finish, "publish"),
    Point("publishing, lock held", publish, "_settle"),
    Point("published, not committed", publish, "_settle", "after"),
    Point("publish committed", finish, "publish", "after"),
)
OF_THE_WITHDRAWAL = (
    Point("withdrawing, lock held", withdrawing, "take_back"),
    Point("recorded, not traced", withdrawing, "trace"),
    Point("traced, nobody told", withdrawing, "notify"),
    Point("told, not committed", withdrawing, "notify", "after"),
)


HELD = tuple(point.label for point in OF_THE_RELEASE if "held" in point.label or "not committed" in point.label)
FREE = ("start", *(point.label for point in OF_THE_RELEASE if point.label not in HELD), "end")
STOPS = (*(point.label for point in OF_THE_WITHDRAWAL), "end")


@dataclass
class Round:
    """What one schedule did: releases, the parties that withdrew, and the order of points if turns were taken."""

    releases: list[Export]
    parties: list[Contributor]
    history: list[tuple[str, str]]


@pytest.fixture
def turns(fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[Turns]:
    watch(monkeypatch, (*OF_THE_RELEASE, *OF_THE_WITHDRAWAL))
    with ThreadPoolExecutor(3) as pool:
        yield Turns(pool)
        list(pool.map(lambda _: (time.sleep(0.05), connections.close_all()), range(3)))


def to_the_end(export: Export) -> Export:
    while export.state in UNFINISHED:
        advance(export.pk)
        export.refresh_from_db()
    return export


def drawn(dice: Random, show: Stage, turns: Turns, usual: float) -> Round:
    """One schedule: a release, a withdrawal, perhaps a third, in an order that the dice decide."""
    parties = [Contributor.objects.get(namespace=show.production.code, external_id=name) for name in PARTIES]
    dice.shuffle(parties)
    releases = [show.orders(dice.choice(PROFILES))]
    if dice.random() < 0.1:
        running = turns.pool.submit(to_the_end, releases[0])
        time.sleep(dice.uniform(0, 1.3) * usual)
        taken_back(show, parties[0])
        return Round([running.result(60)], parties[:1], [])
    third = dice.choice(("nobody", "nobody", "release", "withdrawal"))
    acts: dict[str, Callable[[], Any]] = {
        "release": lambda: to_the_end(releases[0]), "withdrawal": lambda: taken_back(show, parties[0]),
    }  # fmt: skip
    if third == "release":
        releases.append(show.orders(dice.choice(PROFILES)))
        acts["another release"] = lambda: to_the_end(releases[1])
    elif third == "withdrawal":
        acts["another withdrawal"] = lambda: taken_back(show, parties[1])
    plan = [("release", dice.choice((*FREE, *HELD))), ("withdrawal", dice.choice(STOPS))]
    _, history = turns.play(dice, acts, plan)
    return Round(releases, parties if third == "withdrawal" else parties[:1], history)


def taken_back(show: Stage, party: Contributor) -> None:
    withdraw(authorisations=records_of(party, show.production), actor=SYSTEM)


def insist(done: Round) -> Counter[str]:
    """Of each row of each party exactly one: left out when frozen, dropped, or named by a notice. So say the files."""
    seen: Counter[str] = Counter()
    for export in done.releases:
        assert export.state == PUBLISHED, (export.state, export.failure, done.history)
        rows = {row.pk: row for row in ExportRow.objects.filter(export=export)}
        dropped = set(ExportRowDropped.objects.filter(row__export=export).values_list("row_id", flat=True))
        recalled = set(RecallRow.objects.filter(row__export=export).values_list("row_id", flat=True))
        table = pq.read_table(places.root() / export.folder / "data", columns=["fb_row_id"])
        shipped = {row.pk for row in rows.values() if row.row_id in set(table.column("fb_row_id").to_pylist())}
        assert table.num_rows == len(shipped)
        assert shipped == set(rows) - dropped, done.history
        assert not dropped & recalled, done.history
        excluded = ExportExclusion.objects.filter(export=export).values_list("decision_id", "other_decision_id")
        assert not set(excluded) & {(rows[one].decision_id, rows[one].other_decision_id) for one in recalled}
        theirs = {pk for pk, row in rows.items() if {party.pk for party in done.parties} & set(row.contributor_ids)}
        assert theirs == (dropped | recalled) & theirs, done.history
        assert recalled <= theirs, done.history
        seen += Counter(recalled=len(recalled), dropped=len(dropped), excluded=len(excluded))
        seen["releases " + ("recalled" if recalled else "dropped" if dropped else "excluded")] += 1
    return seen


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.soak(rounds=SCHEDULES // PARTS, seed=SEED)
def test_every_row_is_left_out_or_recalled(
    turns: Turns, slice_of: Callable[[int], int], record_property: Callable[[str, object], None], part: int
) -> None:
    """Exactly one of: not in the release, dropped before publishing, named by a notice. Each schedule has a seed."""
    seen: Counter[str] = Counter()
    pairs: set[tuple[str, str]] = set()
    orders: set[tuple[tuple[str, str], ...]] = set()
    many, usual, show = a_slice(slice_of), 0.2, None
    for number in range(many):
        seed = SEED + part * SCHEDULES + number
        dice = Random(seed)  # noqa: S311  (timing, not secrets)
        if show is None or number % SCHEDULES_A_SHOW == 0:
            show = stage(f"ferry-{number}")
            show.brings_in(few_lines())
            show.authorises()
            started = time.monotonic()
            show.releases()
            usual = time.monotonic() - started
        done = drawn(dice, show, turns, usual)
        try:
            seen += insist(done)
        except AssertionError as error:
            error.add_note(f"schedule {seed}")
            raise
        seen["schedules by turns" if done.history else "schedules by sleep"] += 1
        orders.add(tuple(done.history))
        pairs |= met(done.history)
        for party in done.parties:
            show.authorises(party.external_id)
    every = {(here, where) for here in FREE for where in STOPS} | {(here, "waits") for here in HELD}
    if many == SCHEDULES // PARTS:
        assert every <= pairs, sorted(every - pairs)
    assert not {(here, where) for here in HELD for where in STOPS} & pairs
    record_property("seen", told(seen, orders, pairs))
    report = verify()
    assert report.ok, report.problems


def a_slice(slice_of: Callable[[int], int]) -> int:
    """All schedules of a part, or a few."""
    share = slice_of(SCHEDULES // PARTS)
    return share if share == SCHEDULES // PARTS else IN_A_SLICE


def met(history: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which points of the withdrawal were reached while the release stood at which of its own."""
    here, found = "start", set()
    for who, where in history:
        if who == "release" and where != "waits":
            here = where
        elif who == "withdrawal":
            found.add((here, where))
    return found


def told(seen: Counter[str], orders: set[Any], pairs: set[Any]) -> str:
    words = ", ".join(f"{many} {what}" for what, many in sorted(seen.items()))
    return f"{len(orders)} different orders, {len(pairs)} pairs of points met; {words}; 0 rows silently shipped"

"""Approval or refusal, withdrawal, freeze and publish at once: nothing leaves without the second person's word."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from django.db import connection

from loop.audit.verify import verify
from loop.consent.models import ApprovalDecision
from loop.export.advance import advance
from loop.export.lease import LeaseLostError
from loop.export.models import ExportRow, ExportRowDropped
from loop.kernel.errors import ConflictError
from loop.recall.approve import approve
from loop.recall.models import RecallRow
from loop.recall.propose import propose
from loop.recall.querysets import records_of
from loop.recall.refuse import refuse
from tests.recall.test_approval import director
from tests.support.databases import FreshDatabase
from tests.support.releases import few_lines, finished, officer, stage, waiting

SEED = 20261121
ROUNDS = 200


def apart(act: Callable[[], Any], after_s: float) -> Callable[[], Any]:
    """The act, later and on a connection of its own."""

    def run() -> Any:
        time.sleep(after_s)
        try:
            return act()
        finally:
            connection.close()

    return run


@pytest.mark.soak(rounds=ROUNDS, seed=SEED)
def test_nothing_leaves_without_approval_and_no_row_is_lost_or_named_twice(
    fresh_database: FreshDatabase, slice_of: Callable[[int], int], record_property: Callable[[str, object], None]
) -> None:
    """Each round: a worker, an officer who withdraws, and a second one who approves (3 of 4 times) or refuses."""
    dice = Random(SEED)  # noqa: S311  (timing, not secrets)
    show = stage(kind="external")
    show.brings_in(few_lines())
    show.authorises()
    olga, omar = officer(show), officer(show, "omar")
    party = director(show)
    started = time.monotonic()
    show.releases(second=olga)
    usual = time.monotonic() - started
    seen = {"refused": 0, "excluded": 0, "dropped": 0, "recalled": 0}
    for _ in range(slice_of(ROUNDS)):
        export = show.orders(dice.choice(("signals", "unpaired_preference")))
        request = waiting(export)
        says_yes = dice.random() < 0.75

        def decide(request: Any = request, says_yes: bool = says_yes) -> None:
            if says_yes:
                approve(request=request, actor=omar)
            else:
                refuse(request=request, reason="not this one", actor=omar)

        def take_back() -> Any:
            # By another officer, so it waits by itself if the release was out already: approved on the spot.
            return propose(authorisations=records_of(party, show.production), actor=olga, second=omar)

        def build(export_id: int = export.pk) -> None:
            with suppress(LeaseLostError):  # refused under the worker's hands: what it made does not count
                while advance(export_id).did:
                    pass

        with ThreadPoolExecutor(3) as pool:
            acts = [
                pool.submit(apart(build, 0)),
                pool.submit(apart(decide, dice.uniform(0, 1.4) * usual)),
                pool.submit(apart(take_back, dice.uniform(0, 1.4) * usual)),
            ]
            for act in acts:
                act.result(timeout=60)
        export.refresh_from_db()
        export = finished(export)  # an approval that came last leaves the publishing to the next worker
        decision = ApprovalDecision.objects.get(request=request)
        assert export.state == ("published" if says_yes else "cancelled"), (export.state, export.failure)
        if export.published_at is not None:
            assert decision.approved
            assert decision.decided_at <= export.published_at
        released = ExportRow.objects.filter(export=export, contributor_ids__contains=[party.pk])
        rows = set(released.values_list("id", flat=True))
        dropped = set(ExportRowDropped.objects.filter(row__export=export).values_list("row_id", flat=True))
        recalled = set(RecallRow.objects.filter(row__export=export).values_list("row_id", flat=True))
        assert not dropped & recalled
        if says_yes:
            assert rows == dropped | recalled
            seen["recalled" if recalled else "dropped" if dropped else "excluded"] += 1
        else:
            assert not recalled
            seen["refused"] += 1
        show.authorises("director-1")
    record_property("seen", ", ".join(f"{many} {what}" for what, many in seen.items()))
    report = verify()
    assert report.ok, report.problems


def test_of_two_who_decide_at_once_one_does(fresh_database: FreshDatabase) -> None:
    show = stage(kind="external")
    show.brings_in(few_lines())
    show.authorises()
    people = [officer(show, name) for name in ("olga", "omar", "otis", "odd")]
    for _ in range(4):
        export = finished(show.orders())
        request = waiting(export)

        def word(place: int, request: Any = request) -> str:
            try:
                if place % 2:
                    refuse(request=request, reason="no", actor=people[place])
                    return "refused"
                approve(request=request, actor=people[place])
            except ConflictError:
                return "late"
            return "approved"

        with ThreadPoolExecutor(4) as pool:
            said = [one.result(timeout=60) for one in [pool.submit(apart(lambda n=n: word(n), 0)) for n in range(4)]]
        assert said.count("late") == 3
        export.refresh_from_db()
        assert finished(export).state == ("published" if "approved" in said else "cancelled")

"""A withdrawal against freeze, build and publish: whatever the timing, each row is left out or recalled."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from django.db import connection

from loop.audit.verify import verify
from loop.export.models import Export, ExportRow, ExportRowDropped
from loop.export.rules import PUBLISHED
from loop.kernel.actor import SYSTEM
from loop.people.models import Contributor
from loop.recall.models import RecallRow
from loop.recall.querysets import records_of
from loop.recall.withdraw import withdraw
from tests.support.databases import FreshDatabase
from tests.support.releases import few_lines, finished, stage

SEED = 20261120
ROUNDS = 200


@pytest.mark.soak(rounds=ROUNDS, seed=SEED)
def test_every_row_is_left_out_or_recalled(
    fresh_database: FreshDatabase, slice_of: Callable[[int], int], record_property: Callable[[str, object], None]
) -> None:
    """Exactly one of: not in the release, dropped before publishing, named by a notice. Seeded; odds of all three."""
    dice = Random(SEED)  # noqa: S311  (timing, not secrets)
    show = stage()
    show.brings_in(few_lines())
    show.authorises()
    director = Contributor.objects.get(external_id="director-1")
    started = time.monotonic()
    show.releases()
    usual = time.monotonic() - started
    seen = {"excluded": 0, "dropped": 0, "recalled": 0}

    def run(export: Export) -> Export:
        try:
            return finished(export)
        finally:
            connection.close()

    for _ in range(slice_of(ROUNDS)):
        export = show.orders(dice.choice(("signals", "unpaired_preference")))
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(run, export)
            time.sleep(dice.uniform(0, 1.4) * usual)
            withdraw(authorisations=records_of(director, show.production), actor=SYSTEM)
            export = running.result(timeout=60)
        assert export.state == PUBLISHED, (export.state, export.failure)
        released = ExportRow.objects.filter(export=export, contributor_ids__contains=[director.pk])
        rows = set(released.values_list("id", flat=True))
        dropped = set(ExportRowDropped.objects.filter(row__export=export).values_list("row_id", flat=True))
        recalled = set(RecallRow.objects.filter(row__export=export).values_list("row_id", flat=True))
        assert rows == dropped | recalled
        assert not dropped & recalled
        seen["recalled" if recalled else "dropped" if dropped else "excluded"] += 1
        show.authorises("director-1")
    record_property("seen", ", ".join(f"{many} {what}" for what, many in seen.items()))
    report = verify()
    assert report.ok, report.problems

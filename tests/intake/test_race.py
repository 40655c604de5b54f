"""Two ingests of one file at the same time: one finds everything new, the other everything known."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connections

from loop.intake.ingest import ingest
from loop.intake.report import IngestReport
from loop.kernel.actor import SYSTEM
from loop.signal.counts import counts
from tests.intake.shows import decision, line, show
from tests.support.databases import FreshDatabase


def test_two_at_once_keep_each_row_once(fresh_database: FreshDatabase) -> None:
    production = show()
    objects = [line(f"s{n}", group_id=f"g{n % 5}", decisions=[decision(by=f"writer-{n % 3}")]) for n in range(300)]
    lines = [json.dumps(one).encode() for one in objects]
    reports: list[IngestReport] = []
    both = threading.Barrier(2)

    def run() -> None:
        both.wait()
        reports.append(ingest(lines=lines, production=production, actor=SYSTEM, source="race"))
        connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted((report.suggestions_new, report.decisions_new) for report in reports) == [(0, 0), (300, 300)]
    assert counts(production.pk)["decisions"] == 300


def test_a_connection_lost_halfway_keeps_nothing(fresh_database: FreshDatabase) -> None:
    production = show()

    def lines() -> Iterator[bytes]:
        for number in range(2_500):
            yield json.dumps(line(f"s{number}")).encode()

    def cut(read: int) -> None:
        if read >= 2_000:
            killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid()"
            )

    killer = fresh_database.connect("superuser")
    with pytest.raises(DatabaseError, match=r"terminat|closed"):
        ingest(lines=lines(), production=production, actor=SYSTEM, source="cut", progress=cut)
    connections.close_all()
    assert counts(production.pk)["suggestions"] == 0

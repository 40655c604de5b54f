"""A release whose own verification fails is given up with what was found, so that somebody can look for the cause."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loop.export import places
from loop.export.advance import advance
from loop.export.finish import NotVerifiedError
from loop.export.models import Export
from loop.export.rules import MAX_ATTEMPTS
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, few_lines, finished, stage


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    made.authorises()
    return made


def until_verifying(show: Stage) -> Export:
    export = show.orders()
    while export.state != Export.State.VERIFYING:
        advance(export.pk)
        export.refresh_from_db()
    return export


def test_the_reason_names_the_file(show: Stage) -> None:
    export = until_verifying(show)
    shard = places.shards(export) / export.shards.get().path
    table = pq.read_table(shard)
    rows = table.to_pylist()
    rows[0]["rationale"] = "Not what was said."
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), shard)
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(NotVerifiedError):
            advance(export.pk)
    export.refresh_from_db()
    assert export.state == Export.State.FAILED
    assert export.failure.startswith("NotVerifiedError while verifying: expected a folder that verifies, found: data/")


def test_the_same_release_untouched_is_published(show: Stage) -> None:
    assert finished(until_verifying(show)).state == Export.State.PUBLISHED

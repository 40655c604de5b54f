"""A process that dies at any named point leaves nothing that the next one does not bring to the same bytes."""

import os
import subprocess
import sys

import pytest

from loop.export.advance import advance
from loop.export.models import Export
from tests.faults.test_release_workers import insist, show, time_passes
from tests.support.databases import REPOSITORY, FreshDatabase
from tests.support.releases import Stage, finished

__all__ = ["show"]

POINTS = (
    "freeze, before its commit",
    "shard half written",
    "shard written, not renamed",
    "shard renamed, not reported",
    "shard reported",
    "folder half assembled",
    "manifest written, not in the log",
    "manifest in the log, no proof",
    "log sealed, no proof",
    "folder verified, not in place",
    "folder in place, not published",
    "before the commit of publishing",
    "published, litter left",
)


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_a_named_point_is_made_good(show: Stage, fresh_database: FreshDatabase, point: str) -> None:
    export = show.orders("signals", rows_per_shard=100)
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "tests" / "support" / "crash.py"), point],
        env={**os.environ, **fresh_database.environment, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True, text=True, check=False, cwd=REPOSITORY,
    )  # fmt: skip
    assert done.returncode == -9, f"{point}: {done.returncode} {done.stdout}{done.stderr}"
    time_passes()
    export.refresh_from_db()
    if point == "published, litter left":
        assert export.state == "published"
        assert not advance(export.pk).did
    else:
        assert export.state != "published"
    finished(export)
    insist(Export.objects.get(pk=export.pk), show)

"""A process that dies while a release waits for its second person, or while that person approves, decides nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from loop.audit.verify import verify as verify_log
from loop.consent.models import ApprovalDecision
from loop.export.models import Export
from loop.recall.approve import approve
from tests.faults.test_release_workers import insist, time_passes
from tests.support.databases import REPOSITORY, FreshDatabase
from tests.support.releases import Stage, few_lines, finished, officer, stage, waiting


@pytest.fixture
def outside(fresh_database: FreshDatabase) -> Stage:
    """Everybody allows, the recipient is outside, and olga may approve."""
    made = stage(kind="external")
    made.brings_in(few_lines())
    officer(made)
    made.authorises()
    made.arguments["second"] = officer(made)
    return made


def dies(fresh_database: FreshDatabase, point: str) -> None:
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "tests" / "support" / "crash.py"), point],
        env={**os.environ, **fresh_database.environment, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True, text=True, check=False, cwd=REPOSITORY,
    )  # fmt: skip
    assert done.returncode == -9, f"{point}: {done.returncode} {done.stdout}{done.stderr}"
    time_passes()


def unapproved(show: Stage) -> Export:
    return show.orders("signals", rows_per_shard=3, second=None)


@pytest.mark.parametrize("point", ["folder in place, not published", "before the commit of publishing"])
def test_it_dies_before_it_waits_and_waits_all_the_same(
    outside: Stage, fresh_database: FreshDatabase, point: str
) -> None:
    export = unapproved(outside)
    dies(fresh_database, point)
    export.refresh_from_db()
    assert export.state == "verifying"
    assert finished(export).state == "awaiting"
    approve(request=waiting(export), actor=officer(outside))
    export.refresh_from_db()
    finished(export)
    insist(export, outside)


def test_it_dies_once_it_waits_and_nobody_publishes_it(outside: Stage, fresh_database: FreshDatabase) -> None:
    export = unapproved(outside)
    dies(fresh_database, "awaiting, not told")
    export.refresh_from_db()
    assert finished(export).state == "awaiting"
    assert export.lease_token is None
    approve(request=waiting(export), actor=officer(outside))
    export.refresh_from_db()
    finished(export)
    insist(export, outside)


def test_an_approval_that_dies_before_its_commit_was_never_given(outside: Stage, fresh_database: FreshDatabase) -> None:
    export = finished(unapproved(outside))
    dies(fresh_database, "approved, before its commit")
    export.refresh_from_db()
    assert finished(export).state == "awaiting"
    assert not ApprovalDecision.objects.exists()
    approve(request=waiting(export), actor=officer(outside))
    export.refresh_from_db()
    finished(export)
    insist(export, outside)
    report = verify_log()
    assert report.ok, report.problems


@pytest.mark.parametrize(
    "point", ["folder half assembled", "folder verified, not in place", "before the commit of publishing"]
)
def test_it_dies_between_the_approval_and_publishing(outside: Stage, fresh_database: FreshDatabase, point: str) -> None:
    export = finished(unapproved(outside))
    approve(request=waiting(export), actor=officer(outside))
    dies(fresh_database, point)
    export.refresh_from_db()
    assert export.state == "verifying"
    finished(export)
    insist(export, outside)

"""Leases: late finishers are fenced, the poisonous is given up, the database's clock decides."""

from pathlib import Path

import pytest
from django.db import connection

from loop.export import build as building
from loop.export import lease, places
from loop.export.advance import advance
from loop.export.cancel import NotUnfinishedError, cancel
from loop.export.models import Export, ExportShard
from loop.export.retry import NotFailedError, retry
from loop.export.rules import MAX_ATTEMPTS
from loop.export.sweep import sweep
from loop.kernel.actor import SYSTEM
from loop.kernel.ids import uuid7
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, few_lines, finished, stage


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    made.authorises()
    return made


@pytest.fixture
def export(show: Stage) -> Export:
    """A release of four shards whose building has begun."""
    made = show.orders("signals", rows_per_shard=2)
    assert advance(made.pk).state == "frozen"
    step = advance(made.pk)
    assert (step.state, step.messages) == ("building", 4)
    return made


def expire(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET lease_until = clock_timestamp() - interval '1 s' WHERE lease_until > now()")  # noqa: S608


def test_two_workers_never_claim_the_same_shard(export: Export) -> None:
    claimed = [lease.claim_shard(export.pk) for _ in range(5)]
    assert len({found[0] for found in claimed if found}) == 4
    assert claimed[4] is None


def test_a_shard_whose_lease_ran_out_is_claimed_again_and_the_late_finisher_changes_nothing(
    export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker stalls past its lease after it wrote its file; another one does the shard; the first one wakes up."""
    real, late = building._write, {}

    def stalls(shard: ExportShard, held: lease.Held) -> object:
        written = real(shard, held)
        if not late:
            late["number"] = shard.number
            expire("loop_export_shard")
            monkeypatch.setattr(building, "_write", real)
            other = lease.claim_shard(export.pk)
            while other and other[0] != shard.pk:
                other = lease.claim_shard(export.pk)
            assert other is not None
            late["token"] = other[1]
        return written

    monkeypatch.setattr(building, "_write", stalls)
    assert building.build(export.pk) is True  # fenced: no error, no effect
    row = ExportShard.objects.get(export=export, number=late["number"])
    assert (row.state, row.lease_token, row.sha256, row.attempts) == ("running", late["token"], "", 2)
    expire("loop_export_shard")
    assert finished(export).state == "published"


def test_a_renewal_by_a_stranger_is_refused(export: Export) -> None:
    found = lease.claim_shard(export.pk)
    assert found is not None
    shard, token = found
    assert lease.renew("loop_export_shard", shard, token)
    assert not lease.renew("loop_export_shard", shard, uuid7())
    assert not lease.release("loop_export_shard", shard, uuid7())
    with pytest.raises(ValueError, match="expected one of"):
        lease.renew("loop_user", shard, token)


def test_a_heartbeat_keeps_the_lease_and_notices_its_loss(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "HEARTBEAT_S", 0.05)
    found = lease.claim_shard(export.pk)
    assert found is not None
    shard, token = found
    with lease.held("loop_export_shard", shard, token) as held:
        expire("loop_export_shard")
        held._stop.wait(0.5)
        row = ExportShard.objects.get(pk=shard)
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s > clock_timestamp()", [row.lease_until])
            assert cursor.fetchone() == (True,)
        held.check()
        ExportShard.objects.filter(pk=shard).update(lease_token=uuid7())
        held._stop.wait(0.5)
        with pytest.raises(lease.LeaseLostError):
            held.check()


def test_a_shard_that_always_fails_fails_the_release_with_a_reason_and_a_person_may_retry(
    export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = building._write

    def full(shard: ExportShard, held: lease.Held) -> object:
        if shard.number == 1:
            raise OSError(28, "No space left on device")
        return real(shard, held)

    monkeypatch.setattr(building, "_write", full)
    failures = 0
    while export.state == "building" or failures == 0:
        try:
            advance(export.pk)
        except OSError:
            failures += 1
        export.refresh_from_db()
    assert failures == MAX_ATTEMPTS
    assert (export.state, export.failure) == (
        "failed",
        f"a shard failed {MAX_ATTEMPTS} times: OSError in shard 1",
    )
    assert sweep() == []
    monkeypatch.setattr(building, "_write", real)
    done = ExportShard.objects.filter(export=export, state="done").count()
    assert retry(export=export, actor=SYSTEM).state == "frozen"
    assert ExportShard.objects.filter(export=export, state="done").count() == done
    export.refresh_from_db()
    assert finished(export).state == "published"
    with pytest.raises(NotFailedError):
        retry(export=export, actor=SYSTEM)


def test_what_dies_without_a_word_is_given_up_by_the_sweep(export: Export) -> None:
    """Kill -9 leaves no reason: the lease runs out, the attempts tell."""
    for _ in range(MAX_ATTEMPTS):
        found = lease.claim_shard(export.pk)
        assert found is not None
        ExportShard.objects.exclude(pk=found[0]).filter(state="pending").update(state="done", sha256="x")
        expire("loop_export_shard")
    assert lease.claim_shard(export.pk) is None
    assert sweep() == [export.pk]
    assert advance(export.pk).state == "failed"
    export.refresh_from_db()
    assert export.failure == f"a shard failed {MAX_ATTEMPTS} times: its worker died each time"


def test_an_order_whose_freeze_always_dies_is_given_up_by_the_sweep(show: Stage) -> None:
    export = show.orders()
    for _ in range(MAX_ATTEMPTS):
        assert lease.claim_export(export.pk, "ordered")
        assert lease.claim_export(export.pk, "ordered") is None  # taken
        expire("loop_export")
    assert sweep() == []
    export.refresh_from_db()
    assert (export.state, export.failure) == ("failed", f"the worker died {MAX_ATTEMPTS} times while ordered")
    assert retry(export=export, actor=SYSTEM).state == "ordered"


def test_only_one_sweep_at_a_time(export: Export, fresh_database: FreshDatabase) -> None:
    from loop.export.sweep import LOCK

    other = fresh_database.connect()
    other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    assert sweep() == []
    other.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    assert sweep() == [export.pk]


def test_a_cancelled_release_ends_whatever_its_workers_do(export: Export) -> None:
    found = lease.claim_shard(export.pk)
    assert found is not None
    assert cancel(export=export, actor=SYSTEM).state == "cancelled"
    assert cancel(export=export, actor=SYSTEM).state == "cancelled"
    assert not advance(export.pk).did
    assert sweep() == []
    assert not (Path(places.root()) / str(export.uid) / "shards").exists()


def test_what_was_published_cannot_be_cancelled(show: Stage) -> None:
    export, _ = show.releases()
    with pytest.raises(NotUnfinishedError, match="published"):
        cancel(export=export, actor=SYSTEM)

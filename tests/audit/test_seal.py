"""The sequencer: gapless places for what is committed, signed, and nobody waits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, transaction

from loop.audit import keys
from loop.audit.merkle import leaf_hash, root
from loop.audit.models import AuditCheckpoint, AuditEvent, AuditLeaf, AuditPending
from loop.audit.note import open_checkpoint
from loop.audit.querysets import checkpoint_at, cutoff_for_export, latest_checkpoint, log_index_of
from loop.audit.record import record
from loop.audit.seal import seal, seal_all
from loop.kernel.actor import SYSTEM
from loop.kernel.errors import NotFoundError
from tests.support.databases import FreshDatabase

pytestmark = pytest.mark.usefixtures("fresh_database")
AT = datetime(2026, 5, 1, tzinfo=UTC)


def happens(count: int = 1, event: str = "production.changed") -> list[AuditEvent]:
    table = "loop_production" if event.startswith("production") else "loop_user"
    with transaction.atomic():
        return [
            record(event=event, actor=SYSTEM, obj_table=table, obj_uid=uuid4(), production_id=None, at=AT, facts={})
            for _ in range(count)
        ]


def assert_gapless() -> None:
    leaves = list(AuditLeaf.objects.order_by("log_index").select_related("event"))
    assert [leaf.log_index for leaf in leaves] == list(range(len(leaves)))
    for checkpoint in AuditCheckpoint.objects.all():
        entries = [leaf_hash(bytes(leaf.event.entry)) for leaf in leaves[: checkpoint.size]]
        assert bytes(checkpoint.root) == root(entries)
        signed = open_checkpoint(checkpoint.note, keys.trusted())
        assert (signed.origin, signed.size, signed.root) == (keys.origin(), checkpoint.size, bytes(checkpoint.root))


def test_it_seals_in_the_order_of_ids_and_continues_the_frontier() -> None:
    first = happens(5)
    checkpoint = seal()
    assert checkpoint.size == 6  # the key's own event comes with the first seal
    assert [log_index_of(event.pk) for event in first] == [0, 1, 2, 3, 4]
    second = happens(300)
    assert seal().size == 306
    assert [log_index_of(event.pk) for event in second] == list(range(6, 306))
    assert not AuditPending.objects.exists()
    assert_gapless()


def test_the_key_that_signs_is_on_record_once() -> None:
    assert seal().size == 1
    event = AuditEvent.objects.get()
    assert event.type == "key.created"
    assert event.payload.facts == {"vkey": str(keys.load_or_create().verifier)}
    assert seal().size == 1
    assert AuditCheckpoint.objects.count() == 1


def test_a_new_key_is_announced_and_the_old_one_stays_trusted() -> None:
    old = seal()
    (settings.KEYS_ROOT / "log.pem").unlink()
    new = seal()
    assert new.size == old.size + 1
    trusted = keys.trusted()
    assert len(trusted) == 2
    assert open_checkpoint(old.note, trusted[1:]).size == old.size
    assert open_checkpoint(new.note, trusted[:1]).size == new.size


def test_nothing_pending_makes_no_new_checkpoint() -> None:
    happens()
    assert seal().size == seal().size == 2
    assert AuditCheckpoint.objects.count() == 1


def test_a_limit_takes_the_oldest_and_seal_all_goes_on() -> None:
    happens(10)
    assert seal(limit=4).size == 4
    assert seal_all().size == 11
    assert_gapless()


def test_an_event_that_commits_later_gets_a_later_place(fresh_database: FreshDatabase) -> None:
    writer = fresh_database.connect()
    writer.autocommit = False
    held = happens()[0]
    writer.execute(
        """
        INSERT INTO loop_audit_event SELECT nextval('loop_audit_event_id_seq'), gen_random_uuid(), type, at, actor_pid,
            production_id, object_table, object_uid, entry, leaf_hash FROM loop_audit_event WHERE id = %s
        """,
        [held.pk],
    )
    writer.execute("INSERT INTO loop_audit_pending SELECT max(id) FROM loop_audit_event")
    after = happens()[0]
    seal()
    assert log_index_of(after.pk) == 1
    writer.commit()
    late = AuditEvent.objects.exclude(pk__in=[held.pk, after.pk]).exclude(type="key.created").get()
    assert late.pk < after.pk
    assert log_index_of(late.pk) is None
    seal()
    assert log_index_of(late.pk) == 3
    assert_gapless()


def test_writers_do_not_wait_for_the_sequencer(fresh_database: FreshDatabase) -> None:
    happens()
    sealer = fresh_database.connect()
    sealer.autocommit = False
    sealer.execute("SELECT pg_advisory_xact_lock(%s)", [0x6369_7263_6C65_6401])
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2s'")
    happens(3)
    sealer.rollback()
    assert seal().size == 5


def in_threads(work: Callable[[int], None], count: int) -> None:
    def run(number: int) -> None:
        try:
            work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        for future in [pool.submit(run, number) for number in range(count)]:
            future.result()


def test_sealers_and_writers_at_once_leave_no_gap() -> None:
    def work(number: int) -> None:
        for _ in range(10):
            if number % 2:
                seal(limit=7)
            else:
                happens(3)

    in_threads(work, 4)
    assert seal_all().size == 61
    assert_gapless()


def test_a_failed_seal_leaves_nothing_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    happens(3)

    def broken(*_: object, **__: object) -> str:
        raise OSError("the disk is gone")

    monkeypatch.setattr("loop.audit.seal.sign", broken)
    with pytest.raises(OSError, match="the disk is gone"):
        seal()
    assert AuditPending.objects.count() == 3
    assert not AuditLeaf.objects.exists()
    monkeypatch.undo()
    assert seal().size == 4


def test_seal_refuses_to_run_inside_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        seal()


def test_orders_and_logins_do_not_move_the_cutoff_of_an_export() -> None:
    with pytest.raises(NotFoundError, match="seal the log first"):
        cutoff_for_export()
    happens(2)
    seal()
    cutoff = cutoff_for_export()
    assert cutoff.size == 3
    happens(2, event="session.login")
    assert seal().size == 5
    assert cutoff_for_export().size == 3
    assert latest_checkpoint() == checkpoint_at(5)
    happens(1)
    happens(1, event="session.login")
    seal()
    happens(1, event="session.login")
    seal()
    assert cutoff_for_export().size == 7


def test_the_log_of_nothing_but_logins_has_the_first_checkpoint_as_cutoff() -> None:
    happens(2, event="session.login")
    seal()
    happens(2, event="session.login")
    seal()
    assert cutoff_for_export().size == 3


def test_stale_statistics_do_not_slow_it(fresh_database: FreshDatabase) -> None:
    """The planner believes the tables to be empty here; a join over the chosen ids then took minutes for 50,000."""
    with fresh_database.connect("superuser") as admin:
        for table in ("loop_audit_pending", "loop_audit_event", "loop_audit_leaf"):
            admin.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        admin.execute("ANALYZE")
    happens(2000)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '5s'")
    assert seal_all().size == 2001

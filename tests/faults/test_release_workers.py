"""Real workers, a real broker, kill -9: no row is lost or doubled, and the bytes are those of an undisturbed run."""

import hashlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from loop import tasks
from loop.audit.keys import trusted
from loop.audit.querysets import TrailFilter, everything, trail
from loop.export import places
from loop.export.models import Export, ExportShard
from loop.export.rules import UNFINISHED
from loop.export.verify import verify
from tests.support import processes
from tests.support.databases import FreshDatabase
from tests.support.processes import Broker, Program
from tests.support.releases import Stage, decision, finished, stage, suggestion

KILLS = 100
SUGGESTIONS = 300
ROWS_PER_SHARD = 20
PATIENCE_S = 120.0
SEED = 20261120


def many_lines() -> Iterator[dict[str, object]]:
    for number in range(SUGGESTIONS):
        outcome = ("accept", "reject", "revise")[number % 3]
        changes = {"revised_content": f"Rewritten {number}"} if outcome == "revise" else {}
        yield suggestion(number, decision(outcome, **changes))


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(many_lines())
    made.authorises()
    return made


def digests(export: Export) -> dict[str, str]:
    folder = places.root() / export.folder
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (folder / "data" / export.profile).iterdir()
    }


def undisturbed(show: Stage, export: Export) -> Export:
    """The same order, built here without any worker."""
    return finished(
        show.orders(
            export.profile,
            rows_per_shard=export.recipe["rows_per_shard"],
            checkpoint=export.checkpoint_size,
            gate_date=export.gate_date,
        )
    )


def time_passes() -> None:
    """As if the leases of the dead had run out: the database's clock cannot be set, so their ends are."""
    with connection.cursor() as cursor:
        for table in ("loop_export", "loop_export_shard"):
            cursor.execute(
                f"UPDATE {table} SET lease_until = clock_timestamp() - interval '1 s' WHERE lease_until IS NOT NULL"  # noqa: S608
            )


def insist(export: Export, show: Stage) -> None:
    """Published once, verified, and byte for byte what an undisturbed run gives."""
    export.refresh_from_db()
    assert export.state == "published", export.failure
    events = Counter(event.type for event in trail(TrailFilter(obj_uid=export.uid), visible=everything()))
    assert events == {"export.ordered": 1, "export.frozen": 1, "export.built": 1, "export.published": 1}
    assert verify(places.root() / export.folder, keys=trusted()).ok
    assert not list(places.home(export).glob(".*.tmp"))
    assert digests(export) == digests(undisturbed(show, export))


@pytest.mark.soak(rounds=KILLS, seed=SEED)
def test_kill_9_of_workers_loses_and_doubles_nothing(
    show: Stage,
    broker: Broker,
    celery_worker_process: Callable[..., Program],
    slice_of: Callable[[int], int],
) -> None:
    """Workers die at random moments; a sweep after each death sends on what they left."""
    dice = random.Random(SEED)  # noqa: S311
    kills, orders = slice_of(KILLS), []
    for killed in count():
        if killed == kills:
            break
        if not orders or not Export.objects.filter(state__in=UNFINISHED).exists():
            orders.append(show.orders("signals", rows_per_shard=ROWS_PER_SHARD))
            tasks.nudge(orders[-1])
        worker = celery_worker_process(concurrency=2)
        time.sleep(dice.uniform(0.0, 0.6))
        worker.kill()
        ExportShard.objects.filter(state="running").update(attempts=1)  # this many kills would be poison
        Export.objects.filter(state__in=UNFINISHED).update(attempts=0)
        time_passes()
        tasks.sweep()
    worker = celery_worker_process(concurrency=2)
    for export in orders:
        _wait(export, worker)
    for export in orders:
        insist(export, show)


def test_a_lost_message_is_sent_again_by_the_sweep(
    show: Stage, broker: Broker, celery_worker_process: Callable[..., Program]
) -> None:
    export = show.orders("preference", rows_per_shard=ROWS_PER_SHARD)
    tasks.nudge(export)
    broker.clear()
    worker = celery_worker_process()
    time.sleep(1)
    export.refresh_from_db()
    assert export.state == "ordered"
    tasks.sweep()
    _wait(export, worker)
    insist(export, show)


def test_messages_that_come_three_times_and_out_of_order_change_nothing(
    show: Stage, broker: Broker, celery_worker_process: Callable[..., Program]
) -> None:
    exports = [show.orders(profile, rows_per_shard=ROWS_PER_SHARD) for profile in ("signals", "unpaired_preference")]
    messages = [str(export.uid) for export in exports] * 3
    random.Random(SEED).shuffle(messages)  # noqa: S311
    for uid in messages:
        assert tasks.send(uid)
    worker = celery_worker_process(concurrency=2)
    for export in exports:
        while export.state in UNFINISHED:
            tasks.send(str(export.uid))
            tasks.sweep()
            _pause(worker)
            export.refresh_from_db()
    for export in exports:
        insist(export, show)


def test_with_the_broker_dead_an_order_stands_and_run_worker_builds_it(
    show: Stage, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    from studio.celery import app

    before = app.conf.broker_url
    app.conf.broker_url = f"redis+socket://{tmp_path / 'nobody.sock'}"
    try:
        export = show.orders("signals", rows_per_shard=ROWS_PER_SHARD)
        started = time.monotonic()
        tasks.nudge(export)  # no error for whoever ordered, and no hanging
        assert time.monotonic() - started < 5
    finally:
        app.conf.broker_url = before
    worker = processes.Program(
        [processes.sys.executable, "manage.py", "run_worker", "--until-idle"],
        environment={
            **fresh_database.environment,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "REDIS_URL": f"redis+socket://{tmp_path / 'nobody.sock'}",
        },
        log=tmp_path / "run_worker.log",
    )
    assert worker.process.wait(PATIENCE_S) == 0, worker.log()
    insist(export, show)


def test_several_pollers_and_workers_share_the_work(
    show: Stage,
    broker: Broker,
    fresh_database: FreshDatabase,
    celery_worker_process: Callable[..., Program],
    tmp_path: Path,
) -> None:
    export = show.orders("signals", rows_per_shard=ROWS_PER_SHARD)
    tasks.nudge(export)
    environment = {**fresh_database.environment, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [processes.sys.executable, "manage.py", "run_worker", "--interval", "0.05"]
    pollers = [processes.Program(command, environment=environment, log=tmp_path / f"poll{n}.log") for n in range(2)]
    worker = celery_worker_process(concurrency=2)
    _wait(export, worker)
    for poller in pollers:
        poller.stop()
    insist(export, show)
    assert places.root() == settings.RELEASES_ROOT


def _wait(export: Export, worker: Program) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while export.state in UNFINISHED:
        if time.monotonic() > deadline:
            raise AssertionError(f"{export.state} after {PATIENCE_S} s:\n{worker.log()[-4000:]}")
        _pause(worker)
        export.refresh_from_db()


def _pause(worker: Program) -> None:
    assert worker.process.poll() is None, worker.log()
    time.sleep(0.2)

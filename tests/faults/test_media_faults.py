"""Killed makers of renditions: nothing is lost, nothing is made twice over, and nothing stays lying about."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.material.models import Media
from loop.media.models import Rendition
from loop.media.places import path_of
from loop.media.render import render_next
from loop.media.store import store
from loop.media.tidy import tidy
from loop.tasks import send_media
from tests.conftest import Broker, FreshDatabase, Program
from tests.media.shelf import clip, expected
from tests.support.clips import frame_numbers
from tests.support.cutting_room import open_room
from tests.support.databases import REPOSITORY

FRAMES = 72
KILLS, SEED = 60, 20260501
POINTS = (
    "taken, nothing made", "in the middle of a film", "made, without a name", "named, not published", "published",
)  # fmt: skip


@pytest.fixture
def film(fresh_database: FreshDatabase, tmp_path: Path) -> Media:
    """A stored clip of which nothing is made yet."""
    source = clip(tmp_path, rate=Fraction(24000, 1001), frames=FRAMES, size=(640, 360), sound=True)
    media = expected(open_room(suggestions=1).production, source)
    return store(media=media, source=source, actor=SYSTEM, at=now())


def _time_passes() -> None:
    """Leases run out, and what lies about is old."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE loop_media_rendition SET leased_until = clock_timestamp() - interval '1 s', attempts = 0"
            " WHERE state = 'running'"
        )


def _insist(film: Media, root: Path) -> None:
    """Everything is made, each frame is there, and besides the original and the renditions there is no file."""
    rows = list(film.renditions.order_by("id"))
    assert [(row.kind, row.state) for row in rows] == [
        (kind, "ready") for kind in ("thumb", "poster", "peaks", "proxy")
    ], [(row.kind, row.state, row.problem) for row in rows]
    assert frame_numbers(path_of(rows[-1].stored_name)) == list(range(FRAMES))
    for path in root.rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - 7200, time.time() - 7200))
    tidy()
    kept = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert kept == {film.stored_name} | {row.stored_name for row in rows}


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_a_named_point_is_made_good(
    film: Media, fresh_database: FreshDatabase, settings: Settings, point: str
) -> None:
    if point == "in the middle of a film":  # the others strike at whichever is made first
        Rendition.objects.exclude(kind="proxy").update(attempts=3, state="failed")
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "tests" / "support" / "crash_media.py"), point],
        env={**os.environ, **fresh_database.environment, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True, text=True, check=False, cwd=REPOSITORY,
    )  # fmt: skip
    assert done.returncode == -9, f"{point}: {done.returncode} {done.stdout}{done.stderr}"
    assert Rendition.objects.filter(state="ready").count() == (1 if point == "published" else 0)
    Rendition.objects.filter(state="failed").update(state="waiting", attempts=0)
    _time_passes()
    while render_next() is not None:
        pass
    _insist(film, Path(settings.MEDIA_ROOT))


@pytest.mark.soak(rounds=KILLS, seed=SEED)
def test_workers_killed_at_any_moment(
    film: Media, broker: Broker, celery_worker_process: Callable[..., Program], slice_of: Callable[[int], int],
    settings: Settings,
) -> None:  # fmt: skip
    chance = random.Random(SEED)  # noqa: S311
    for _ in range(slice_of(KILLS)):
        worker = celery_worker_process(queues="media")
        send_media()
        time.sleep(chance.uniform(0.05, 1.2))
        worker.kill()
        _time_passes()
    worker = celery_worker_process(queues="media")
    send_media()
    worker.wait_for(
        lambda: not Rendition.objects.exclude(state__in=("ready", "failed")).exists(), seconds=60, what="the renditions"
    )
    _insist(film, Path(settings.MEDIA_ROOT))


def test_the_worker_makes_everything_from_one_message(
    film: Media, broker: Broker, celery_worker_process: Callable[..., Program]
) -> None:
    assert send_media()
    assert broker.waiting("media") == 1
    worker = celery_worker_process(queues="media")
    worker.wait_for(lambda: Rendition.objects.filter(state="ready").count() == 4, seconds=60, what="the renditions")


def test_a_lost_rendition_is_made_again(film: Media, settings: Settings) -> None:
    while render_next() is not None:
        pass
    row = film.renditions.get(kind="proxy")
    path_of(row.stored_name).unlink()
    tidy()
    assert Rendition.objects.filter(state="waiting").count() == 1
    assert render_next() is not None
    _insist(film, Path(settings.MEDIA_ROOT))


def test_the_worker_without_a_broker_makes_them_too(film: Media, settings: Settings) -> None:
    out, err = io.StringIO(), io.StringIO()
    call_command("run_worker", "--until-idle", "--interval", "0", stdout=out, stderr=err)
    assert err.getvalue() == ""
    _insist(film, Path(settings.MEDIA_ROOT))

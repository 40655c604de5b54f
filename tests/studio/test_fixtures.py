"""The fixtures keep their promises: roles, clones, broker, real workers."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests.support.databases import FreshDatabase
from tests.support.processes import Broker, Program


@pytest.mark.django_db
def test_db_works_as_the_runtime_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        role, database = cursor.fetchone()
    assert role == "circled_app"
    assert database.startswith("circled_test_")


def test_fresh_database_commits_for_real(fresh_database: FreshDatabase) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO loop_heartbeat (name, at) VALUES ('x', now())")
    found = fresh_database.connect("circled_owner").execute("SELECT current_user, name FROM loop_heartbeat").fetchall()
    assert found == [("circled_owner", "x")]


def test_the_runtime_role_cannot_touch_the_schema(fresh_database: FreshDatabase) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        fresh_database.connect().execute("DROP TABLE loop_heartbeat")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        fresh_database.connect().execute("CREATE TABLE mine (id int)")


def test_a_real_worker_takes_messages(
    celery_worker_process: Callable[..., Program], broker: Broker, own_home: Path
) -> None:
    worker = celery_worker_process()
    assert worker.process.poll() is None
    assert broker.waiting("export") == 0
    worker.kill()
    assert worker.process.poll() is not None


def test_the_live_site_answers_with_hashed_files(live_site: str, static_files: Path) -> None:
    assert (static_files / "staticfiles.json").exists()

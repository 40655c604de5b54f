"""The runtime role may refresh statistics through one function, and through nothing else."""

import pytest
from django.db import connection

from loop.intake import ingest as module
from tests.conftest import FreshDatabase
from tests.support.releases import few_lines, stage

ANALYZED = "SELECT last_analyze FROM pg_stat_user_tables WHERE relname = 'loop_decision'"


def last_analyze() -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()" if connection.pg_version >= 150000 else "SELECT 1")
        cursor.execute(ANALYZED)
        (found,) = cursor.fetchone()
    return found


def test_a_bulk_load_refreshes_them(fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    before = last_analyze()
    monkeypatch.setattr(module, "BULK", 5)
    stage().brings_in(few_lines())
    assert last_analyze() != before


def test_a_small_one_does_not(fresh_database: FreshDatabase) -> None:
    before = last_analyze()
    stage().brings_in(few_lines())
    assert last_analyze() == before

"""The lock of publishing and withdrawing: who waits for whom."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from loop.consent.lock import hold
from tests.support.databases import FreshDatabase


@pytest.mark.parametrize(
    ("first", "second", "waits"),
    [
        ([1], [1], True),
        ([1, 2], [2, 3], True),
        ([1], [2], False),
        ([], [2], True),
        ([2], [], True),
        ([2**31 - 1], [1], False),
        ([2**31], [1], True),  # two productions may share a key: one waits, no more
    ],
)
def test_who_waits(fresh_database: FreshDatabase, first: list[int], second: list[int], waits: bool) -> None:
    got = Event()

    def other() -> None:
        try:
            with transaction.atomic():
                hold(second)
                got.set()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            mine = hold(first)
            waiting = pool.submit(other)
            assert got.wait(0.5 if waits else 20) is not waits
        waiting.result(timeout=20)
        assert got.is_set()
    assert mine.tzinfo is not None


def test_the_moment_is_later_for_who_waited(fresh_database: FreshDatabase) -> None:
    moments = []

    def other() -> None:
        try:
            with transaction.atomic():
                moments.append(hold([1]))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            hold([1])
            waiting = pool.submit(other)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.2), clock_timestamp()")
                released = cursor.fetchone()[1]
        waiting.result(timeout=20)
    assert moments[0] > released


def test_it_can_be_taken_twice(db: None) -> None:
    assert hold([1, 2]) <= hold([2]) <= hold([])


def test_it_needs_a_transaction(fresh_database: FreshDatabase) -> None:
    with pytest.raises(TransactionManagementError, match="expected a transaction"):
        hold([1])

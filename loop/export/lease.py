"""Leases on the database's clock: who works on what, until when, and how a late finisher is told apart.

A lease is a token on a row. Every later write names the token in its WHERE; no row found means somebody else took over,
and the late worker's result is dropped. Clocks of workers play no part.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from uuid import UUID, uuid4

from django.db import DatabaseError, connection

from loop.export.rules import HEARTBEAT_S, LEASE_S, MAX_ATTEMPTS
from loop.kernel.errors import LoopError


class LeaseLostError(LoopError):
    """The lease ran out and another worker took over; what was done under it does not count."""

    code = "lease_lost"


TABLES = frozenset({"loop_export", "loop_export_shard"})

CLAIM_EXPORT = """
UPDATE loop_export SET lease_token = %(token)s, lease_until = clock_timestamp() + make_interval(secs => %(lease)s),
       attempts = attempts + 1
WHERE id = (SELECT id FROM loop_export WHERE id = %(export)s AND state = %(state)s AND attempts < %(most)s
            AND (lease_until IS NULL OR lease_until < clock_timestamp()) FOR UPDATE SKIP LOCKED)
RETURNING id
"""
CLAIM_SHARD = """
UPDATE loop_export_shard SET state = 'running', lease_token = %(token)s,
       lease_until = clock_timestamp() + make_interval(secs => %(lease)s), attempts = attempts + 1
WHERE id = (SELECT h.id FROM loop_export_shard h JOIN loop_export e ON e.id = h.export_id
            WHERE h.export_id = %(export)s AND e.state = 'building' AND h.attempts < %(most)s
              AND (h.state = 'pending' OR (h.state = 'running' AND h.lease_until < clock_timestamp()))
            ORDER BY h.attempts, h.number LIMIT 1 FOR UPDATE OF h SKIP LOCKED)
RETURNING id
"""


def claim_export(export_id: int, state: str) -> UUID | None:
    """A token for the step that follows `state`; None if it is taken, done, or has died too often."""
    return _claim(CLAIM_EXPORT, export=export_id, state=state)[1]


def claim_shard(export_id: int) -> tuple[int, UUID] | None:
    """(shard id, token) of the next shard to write: pending, or running under a lease that ran out."""
    found, token = _claim(CLAIM_SHARD, export=export_id)
    return (found, token) if found is not None and token is not None else None


def _claim(statement: str, **parameters: int | str) -> tuple[int | None, UUID | None]:
    token = uuid4()
    with connection.cursor() as cursor:
        cursor.execute(statement, {"token": token, "lease": LEASE_S, "most": MAX_ATTEMPTS, **parameters})
        row = cursor.fetchone()
    return (row[0], token) if row else (None, None)


def release(table: str, row_id: int, token: UUID) -> bool:
    """Gives the lease back; False if it was lost already."""
    return _touch(table, row_id, token, "lease_token = NULL, lease_until = NULL")


def renew(table: str, row_id: int, token: UUID) -> bool:
    """Pushes the end of the lease out; False if it was lost."""
    return _touch(table, row_id, token, f"lease_until = clock_timestamp() + make_interval(secs => {LEASE_S})")


def _touch(table: str, row_id: int, token: UUID, change: str) -> bool:
    if table not in TABLES:
        raise ValueError(f"expected one of {sorted(TABLES)}, found {table!r}")
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {change} WHERE id = %s AND lease_token = %s", [row_id, token])  # noqa: S608
        return bool(cursor.rowcount == 1)


class Held:
    """A lease that a thread renews while the work goes on. `check()` raises once it is lost."""

    def __init__(self, table: str, row_id: int, token: UUID) -> None:
        self._table, self._row_id, self.token = table, row_id, token
        self._stop, self._lost = Event(), Event()

    def check(self) -> None:
        """Raises LeaseLostError if another worker took over."""
        if self._lost.is_set():
            raise LeaseLostError(f"expected to hold the lease of {self._table} {self._row_id}, found another holder")

    def _beat(self) -> None:
        """A database that is down is not a lost lease: the next beat, or the end of the work, finds out."""
        try:
            while not self._stop.wait(HEARTBEAT_S):
                try:
                    if not renew(self._table, self._row_id, self.token):
                        self._lost.set()
                        return
                except DatabaseError:
                    connection.close()
        finally:
            connection.close()  # this thread's own

    @contextmanager
    def beating(self) -> Iterator["Held"]:
        thread = Thread(target=self._beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join()


@contextmanager
def held(table: str, row_id: int, token: UUID) -> Iterator[Held]:
    """Keeps the lease alive for the duration of the block."""
    with Held(table, row_id, token).beating() as lease:
        yield lease

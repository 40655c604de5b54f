"""Finds releases that nobody is working on although somebody should, and gives up those that died too often."""

from django.db import connection, transaction

from loop.export.lifecycle import fail
from loop.export.rules import MAX_ATTEMPTS
from loop.kernel.clock import now

LOCK = 0x6369_7263_6C65_6402  # "circled", 2: one sweep at a time, however many schedulers run

_POISONED_SHARDS = """
UPDATE loop_export_shard h SET state = 'failed', lease_token = NULL, lease_until = NULL
FROM loop_export e WHERE e.id = h.export_id AND e.state = 'building' AND h.state IN ('pending', 'running')
  AND h.attempts >= %(most)s AND (h.lease_until IS NULL OR h.lease_until < clock_timestamp())
"""
_POISONED = """
SELECT id, state FROM loop_export WHERE state IN ('ordered', 'verifying') AND attempts >= %(most)s
  AND (lease_until IS NULL OR lease_until < clock_timestamp()) ORDER BY id
"""
_WAITING = """
SELECT e.id FROM loop_export e
WHERE e.state = 'frozen'
   OR (e.state IN ('ordered', 'verifying') AND (e.lease_until IS NULL OR e.lease_until < clock_timestamp()))
   OR (e.state = 'building' AND (
        EXISTS (SELECT FROM loop_export_shard h WHERE h.export_id = e.id
                AND (h.state = 'pending' OR (h.state = 'running' AND h.lease_until < clock_timestamp())))
        OR EXISTS (SELECT FROM loop_export_shard h WHERE h.export_id = e.id AND h.state = 'failed')
        OR NOT EXISTS (SELECT FROM loop_export_shard h WHERE h.export_id = e.id AND h.state <> 'done')))
ORDER BY e.id
"""


def sweep() -> list[int]:
    """The ids of releases whose next step is free, oldest first; [] if another sweep is at it.

    What died MAX_ATTEMPTS times without a word (kill -9 leaves none) becomes failed here.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        row = cursor.fetchone()
        if row is None or not row[0]:
            return []
        cursor.execute(_POISONED_SHARDS, {"most": MAX_ATTEMPTS})
        cursor.execute(_POISONED, {"most": MAX_ATTEMPTS})
        for export_id, state in cursor.fetchall():
            fail(export_id, f"the worker died {MAX_ATTEMPTS} times while {state}", now())
        cursor.execute(_WAITING)
        return [found for (found,) in cursor.fetchall()]

"""Finds renditions that nobody makes although somebody should, and gives up those that killed their workers."""

from __future__ import annotations

from typing import Final

from django.db import connection, transaction

from loop.media.rules import MAX_ATTEMPTS, VERSION

LOCK: Final = 0x6369_7263_6C65_6403  # "circled", 3: one sweep at a time, however many schedulers run

_POISONED = """
UPDATE loop_media_rendition SET state = 'failed', leased_until = NULL, finished_at = clock_timestamp(),
       problem = CASE WHEN problem <> '' THEN problem ELSE %(problem)s END
WHERE attempts >= %(most)s AND (state = 'waiting' OR (state = 'running' AND leased_until < clock_timestamp()))
"""
_OUTDATED = """
UPDATE loop_media_rendition SET state = 'waiting', version = %(version)s, attempts = 0, progress = 0
WHERE version < %(version)s AND state IN ('ready', 'failed')
"""
_WAITING = """
SELECT count(*) FROM loop_media_rendition
WHERE state = 'waiting' OR (state = 'running' AND leased_until < clock_timestamp())
"""


def sweep() -> int:
    """How many renditions wait for a worker; 0 if another sweep is at it.

    What killed its worker MAX_ATTEMPTS times without a word becomes failed here; what was made in an older way waits
    again, and is shown until the new one is ready.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        row = cursor.fetchone()
        if row is None or not row[0]:
            return 0
        problem = f"The worker died {MAX_ATTEMPTS} times while making it. The file may be damaged."
        cursor.execute(_POISONED, {"most": MAX_ATTEMPTS, "problem": problem})
        cursor.execute(_OUTDATED, {"version": VERSION})
        cursor.execute(_WAITING)
        found = cursor.fetchone()
    return int(found[0]) if found else 0

"""The small state changes that several steps share. Each is one conditional UPDATE: whoever changes the row, did it."""

from datetime import datetime

from django.db import connection, transaction

from loop.audit.record import record
from loop.export.models import Export
from loop.export.rules import BUILDING, FAILED, FROZEN, MAX_ATTEMPTS, UNFINISHED, VERIFYING
from loop.kernel.actor import SYSTEM, Actor
from loop.kernel.clock import now

LONGEST_FAILURE = 500

_OPEN = "UPDATE loop_export SET state = %s, attempts = 0 WHERE id = %s AND state = %s"
# Exactly one finisher of a last shard changes the row.
_CLOSE = """
UPDATE loop_export e SET state = %s, attempts = 0 WHERE e.id = %s AND e.state = %s
AND NOT EXISTS (SELECT FROM loop_export_shard h WHERE h.export_id = e.id AND h.state <> 'done')
"""
_BROKEN_SHARD = (
    "SELECT failure FROM loop_export_shard WHERE export_id = %s AND state = 'failed' ORDER BY number LIMIT 1"
)


def open_building(export_id: int) -> bool:
    """Frozen -> building: the shards may be claimed from now on."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [BUILDING, export_id, FROZEN])
        return bool(cursor.rowcount == 1)


def close_building(export_id: int) -> bool:
    """Building -> verifying once every shard is done; building -> failed once one has failed for good."""
    with connection.cursor() as cursor:
        cursor.execute(_BROKEN_SHARD, [export_id])
        broken = cursor.fetchone()
        if broken is None:
            cursor.execute(_CLOSE, [VERIFYING, export_id, BUILDING])
            return bool(cursor.rowcount == 1)
    return fail(export_id, f"a shard failed {MAX_ATTEMPTS} times: {broken[0] or 'its worker died each time'}", now())


def fail(export_id: int, reason: str, at: datetime, *, actor: Actor = SYSTEM) -> bool:
    """Any unfinished state -> failed, with a reason without any text of the production. False: it had ended already."""
    with transaction.atomic():
        export = Export.objects.select_for_update().filter(pk=export_id, state__in=UNFINISHED).first()
        if export is None:
            return False
        export.state = FAILED
        export.failure = reason[:LONGEST_FAILURE]
        export.lease_token = export.lease_until = None
        export.save(update_fields=["state", "failure", "lease_token", "lease_until"])
        record(
            event="export.failed",
            actor=actor,
            obj_table="loop_export",
            obj_uid=export.uid,
            production_id=export.production_id,
            at=at,
            facts={"reason": export.failure},
        )
    return True

"""The sequencer: gives committed events their gapless log index and signs checkpoints."""

from collections.abc import Sequence
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from django.db import connection, transaction

from loop.audit.keys import SigningKey, load_or_create
from loop.audit.merkle import append, frontier_root
from loop.audit.models import AuditCheckpoint, AuditEvent, AuditPending
from loop.audit.note import Checkpoint, sign
from loop.audit.record import record
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now

BATCH = 50_000
LOCK = 0x6369_7263_6C65_6401  # "circled", 1: one sequencer at a time, whichever process it is in

# One statement, so that exactly the rows it deletes get their place, whoever commits beside it. The range instead of
# a join with the chosen ids: after a bulk load the statistics still say "empty", and that join ran for minutes.
# The leaf is hashed from the entry again, here where its place is fixed: a wrong copy in the event's own column can
# neither enter the tree nor stop it, and `verify` reports it.
_TAKE = """
WITH taken AS (
    DELETE FROM loop_audit_pending WHERE event_id <= (
        SELECT max(event_id) FROM (SELECT event_id FROM loop_audit_pending ORDER BY event_id LIMIT %s) AS oldest
    ) RETURNING event_id
)
INSERT INTO loop_audit_leaf (log_index, event_id, leaf_hash)
SELECT %s + row_number() OVER (ORDER BY e.id) - 1, e.id, sha256('\\x00'::bytea || e.entry)
FROM loop_audit_event e JOIN taken t ON t.event_id = e.id
RETURNING log_index, leaf_hash
"""


def seal(*, limit: int = BATCH) -> AuditCheckpoint:
    """Gives at most `limit` committed pending events, oldest id first, their log index; signs the new size and root.

    1. Takes the sequencer's lock in its own statement, so that what follows sees all that was sealed before.
    2. Records a key.created event if this log has never been signed with the present key.
    3. Moves pending events to leaves, continues the last checkpoint's frontier, signs.

    Returns the newest checkpoint; no new one is made if nothing is pending (the first one of an empty log apart).
    Writers never wait for it. Durable: call it outside any transaction. Raises SigningKeyError.
    """
    key = load_or_create()
    with transaction.atomic(durable=True):
        _lock()
        return _extend(key, limit)


def seal_all() -> AuditCheckpoint:
    """Seals until no event that was committed before this call is pending; returns the newest checkpoint."""
    newest = AuditPending.objects.order_by("-event_id").values_list("event_id", flat=True).first()
    checkpoint = seal()
    while newest is not None and AuditPending.objects.filter(event_id__lte=newest).exists():
        checkpoint = seal()
    return checkpoint


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _extend(key: SigningKey, limit: int) -> AuditCheckpoint:
    moment = now()
    last = AuditCheckpoint.objects.order_by("-size").first()
    _announce(key, moment)
    size = last.size if last else 0
    leaves = _take(limit, size)
    if last and not leaves:
        return last
    frontier = [bytes(node) for node in last.frontier] if last else []
    for leaf in leaves:
        size = append(frontier, size, leaf)
    root = frontier_root(frontier)
    note = sign(Checkpoint(key.name, size, root).text(), name=key.name, private=key.private)
    return AuditCheckpoint.objects.create(size=size, root=root, frontier=frontier, note=note, signed_at=moment)


def _announce(key: SigningKey, moment: datetime) -> None:
    vkey = str(key.verifier)
    uid = uuid5(NAMESPACE_URL, vkey)
    if not AuditEvent.objects.filter(type="key.created", object_uid=uid).exists():
        record(
            event="key.created", actor=SYSTEM, obj_table="", obj_uid=uid, production_id=None, at=moment,
            facts={"vkey": vkey},
        )  # fmt: skip


def _take(limit: int, size: int) -> Sequence[bytes]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [limit, size])
        rows = cursor.fetchall()
    rows.sort()
    return [bytes(leaf) for _index, leaf in rows]

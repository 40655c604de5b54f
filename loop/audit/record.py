"""The only pen: writes one event in the caller's transaction."""

import os
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.transaction import TransactionManagementError

from loop.audit import vocabulary
from loop.audit.entry import write
from loop.audit.merkle import leaf_hash
from loop.audit.models import AuditEvent, AuditPayload, AuditPending
from loop.kernel.actor import Actor
from loop.kernel.canonical import Json, commitment
from loop.kernel.errors import NotFoundError
from loop.kernel.ids import uuid7

SALT_BYTES = 32

# A production's uid never changes, and ids are not used twice within a database: kept as long as the connection.
_production_uids: WeakKeyDictionary[object, dict[int, UUID]] = WeakKeyDictionary()


def record(
    *,
    event: str,
    actor: Actor,
    obj_table: str,
    obj_uid: UUID,
    production_id: int | None,
    at: datetime,
    commit: bytes | None = None,
    facts: Mapping[str, Json] | None = None,
) -> AuditEvent:
    """Writes `event` about the row `obj_uid` of `obj_table`, in the transaction of the change itself.

    Exactly one of `commit` (the digest of the row, for the types that vouch by digest) and `facts` (kept beside the
    log under a salted commitment, erasable) is given. The event gets its log index at the next seal; nobody waits for
    it. Two or three inserts, plus one read per production and connection.

    Raises UnknownEventError for an event, table or facts outside the vocabulary, TransactionManagementError outside a
    transaction, NotCanonicalError for facts without canonical form (floats), NotFoundError for an unknown production.
    """
    if (commit is None) == (facts is None):
        raise ValueError("expected exactly one of commit and facts")
    vocabulary.check(event, table=obj_table, facts=facts)
    if not connection.in_atomic_block:
        raise TransactionManagementError(f"{event}: expected to be recorded in the transaction of the change")
    salt = os.urandom(SALT_BYTES)
    uid = uuid7()
    entry = write(
        uid=uid,
        event=event,
        at=at,
        actor_pid=actor.pid,
        production=None if production_id is None else production_uid(production_id),
        obj_table=obj_table,
        obj_uid=obj_uid,
        commit=commit if commit is not None else commitment(salt, facts),
    )
    row = AuditEvent.objects.create(
        uid=uid,
        type=event,
        at=at,
        actor_pid=actor.pid,
        production_id=production_id,
        object_table=obj_table,
        object_uid=obj_uid,
        entry=entry,
        leaf_hash=leaf_hash(entry),
    )
    AuditPending.objects.create(event=row)
    if facts is not None:
        AuditPayload.objects.create(event=row, salt=salt, facts=facts)
    return row


def production_uid(production_id: int) -> UUID:
    """The public identifier that entries name a production by. Raises NotFoundError."""
    connection.ensure_connection()
    known = _production_uids.setdefault(connection.connection, {})
    if production_id not in known:
        with connection.cursor() as cursor:
            cursor.execute("SELECT uid FROM loop_production WHERE id = %s", [production_id])
            found = cursor.fetchone()
        if found is None:
            raise NotFoundError(f"expected a production, found none with id {production_id}")
        known[production_id] = found[0]
    return known[production_id]

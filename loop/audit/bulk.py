"""The same pen for many events at once, by COPY: for bulk ingestion.

Order of work in one transaction: `reserve` ids, copy the events (`copy_in`), then the rows that name them.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.transaction import TransactionManagementError

from loop.audit import vocabulary
from loop.audit.entry import write
from loop.audit.merkle import leaf_hash
from loop.kernel.actor import Actor
from loop.kernel.clock import rfc3339
from loop.kernel.ids import uuid7

_COPY_EVENTS = (
    "COPY loop_audit_event"
    " (id, uid, type, at, actor_pid, production_id, object_table, object_uid, entry, leaf_hash) FROM STDIN"
)
_COPY_PENDING = "COPY loop_audit_pending (event_id) FROM STDIN"
_SPECIAL = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


class Prepared(NamedTuple):
    """An event ready to be copied. `columns` is its COPY text row without the id."""

    uid: UUID
    entry: bytes
    leaf_hash: bytes
    columns: str


def prepare(
    *,
    event: str,
    actor: Actor,
    obj_table: str,
    obj_uid: UUID,
    production_id: int | None,
    production_uid: UUID | None,
    at: datetime,
    commit: bytes,
) -> Prepared:
    """An event of a type that vouches by digest, as bytes; nothing is written yet. No queries.

    `production_uid` belongs to `production_id` (`record.production_uid` answers it); both None outside any.
    Raises UnknownEventError as `record` does.
    """
    uid, obj_text = uuid7(), str(obj_uid)
    uid_text = str(uid)
    before, after = _fixed_columns(event, at, actor.pid, production_id, obj_table)
    entry = write(
        uid=uid_text,
        event=event,
        at=at,
        actor_pid=actor.pid,
        production=production_uid,
        obj_table=obj_table,
        obj_uid=obj_text,
        commit=commit,
    )
    leaf = leaf_hash(entry)
    return Prepared(uid, entry, leaf, f"{uid_text}{before}{obj_text}{after}{entry.hex()}\t\\\\x{leaf.hex()}\n")


@lru_cache(maxsize=256)
def _fixed_columns(
    event: str, at: datetime, actor_pid: str, production_id: int | None, obj_table: str
) -> tuple[str, str]:
    """The COPY text between uid, object and entry, which is the same through a bulk load."""
    vocabulary.check(event, table=obj_table, facts=None)
    production = r"\N" if production_id is None else production_id
    return f"\t{event}\t{rfc3339(at)}\t{actor_pid.translate(_SPECIAL)}\t{production}\t{obj_table}\t", "\t\\\\x"


def reserve(cursor: CursorWrapper, count: int) -> list[int]:
    """`count` fresh event ids, ascending. Gaps are possible: others take ids at the same time."""
    cursor.execute(
        "SELECT nextval(pg_get_serial_sequence('loop_audit_event', 'id')) FROM generate_series(1, %s)", [count]
    )
    return [row[0] for row in cursor.fetchall()]


def copy_in(cursor: CursorWrapper, prepared: Sequence[Prepared], ids: Sequence[int] | None = None) -> list[int]:
    """Writes the events under `ids` (reserved by the caller, else here) and marks them as pending; returns the ids.

    In the transaction of the rows they vouch for: raises TransactionManagementError outside one. Two COPY statements.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("expected events to be copied in the transaction of their rows")
    taken = list(ids) if ids is not None else reserve(cursor, len(prepared))
    if len(taken) != len(prepared):
        raise ValueError(f"expected {len(prepared)} ids, found {len(taken)}")
    with cursor.copy(_COPY_EVENTS) as copy:
        copy.write("".join(f"{number}\t{event.columns}" for number, event in zip(taken, prepared, strict=True)))
    with cursor.copy(_COPY_PENDING) as copy:
        copy.write("".join(f"{number}\n" for number in taken))
    return taken

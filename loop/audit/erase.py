"""Erasing a text, or the words in a column of history, on the record."""

from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from django.db import connection, transaction

from loop.audit.models import AuditEvent
from loop.audit.record import record
from loop.kernel.actor import Actor

TABLES = {
    "material": "loop_material_version",
    "suggestion": "loop_suggestion",
    "decision": "loop_decision",
    "audit": "loop_audit_event",
}
FIELDS = {
    "brief": "loop_brief",
    "suggestion": "loop_suggestion",
    "decision": "loop_decision",
    "evidence": "loop_evidence",
}


class Erasable(Protocol):
    """The row whose text goes: a MaterialVersion, Suggestion, Decision, AuditEvent, Brief or Evidence."""

    pk: Any
    uid: UUID


def erase_text(
    *,
    kind: Literal["material", "suggestion", "decision", "audit"],
    row: Erasable,
    production_id: int | None,
    actor: Actor,
    basis: str,
    at: datetime,
) -> AuditEvent | None:
    """Erases the free text, and with it the salt, of one row (for "audit": the facts of one event).

    The row itself stays, with a commitment that nothing opens any more, so every proof goes on holding. `basis` says
    why, in words that may be kept. One transaction (joins the caller's): the text.erased event, then the database's
    own function, which erases nothing without it.
    Returns the event; None, and nothing recorded, if there was no text. Raises ProgrammingError for an unknown row.
    """
    with transaction.atomic():
        point = transaction.savepoint()
        event = record(
            event="text.erased", actor=actor, obj_table=TABLES[kind], obj_uid=row.uid, production_id=production_id,
            at=at, facts={"basis": basis},
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("SELECT loop_erase_text(%s, %s, %s)", [kind, row.pk, event.pk])
            (erased,) = cursor.fetchone()
        if not erased:
            transaction.savepoint_rollback(point)
            return None
        transaction.savepoint_commit(point)
        return event


def erase_fields(
    *,
    kind: Literal["brief", "suggestion", "decision", "evidence"],
    row: Erasable,
    production_id: int | None,
    actor: Actor,
    basis: str,
    at: datetime,
) -> AuditEvent:
    """Empties the column of one row that may hold somebody's words: what a brief demanded, the parameters of a
    suggestion, what was on screen at a decision, the file name of evidence.

    The row's digest is no longer to be worked out from its columns then; whoever verifies knows that by the erasure of
    the party (loop_erasure). One transaction (joins the caller's). Returns the text.erased event.
    """
    with transaction.atomic():
        event = record(
            event="text.erased", actor=actor, obj_table=FIELDS[kind], obj_uid=row.uid, production_id=production_id,
            at=at, facts={"basis": basis},
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("SELECT loop_erase_fields(%s, %s, %s)", [kind, row.pk, event.pk])
    return event

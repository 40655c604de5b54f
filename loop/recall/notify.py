"""Notices to the recipients of published releases, in the transaction that traced them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.backends.utils import CursorWrapper

from loop.audit.record import record
from loop.consent import terms
from loop.consent.duty import RECALL_ACK, set_duty
from loop.consent.models import Authorisation, AuthorisationEvent
from loop.kernel.actor import Actor
from loop.kernel.clock import rfc3339
from loop.kernel.ids import uuid7
from loop.recall.models import Erasure, RecallNotice
from loop.recall.trace import Reach

STOP_USE = "stop_use"
DEFAULT_ACTIONS = ("delete_copies", "exclude_from_retrain")

_NAME_ROWS = """
INSERT INTO loop_recall_row (notice_id, row_id)
SELECT n.id, r.row_id FROM recalled_row r JOIN loop_recall_notice n ON n.export_id = r.export_id AND n.id = ANY(%s)
ORDER BY n.id, r.row_id
"""


def notify(
    cursor: CursorWrapper,
    *,
    reached: Iterable[Reach],
    causes: Mapping[int, AuthorisationEvent] | Erasure,
    basis: str,
    actions: Sequence[str],
    deadline: datetime,
    actor: Actor,
    at: datetime,
) -> list[RecallNotice]:
    """Issues a notice for each published release of `reached`, with a duty of its recipient to answer by `deadline`.

    `causes` is an erasure, or for each release (by its key) the event of an authorisation. `trace` (trace.py) left the
    rows in `recalled_row`; the notices name those. Runs in the caller's transaction, under the productions' lock.
    """
    notices = [
        _issue(
            reach, causes if isinstance(causes, Erasure) else causes[reach.export.pk],
            basis=basis, actions=list(actions), deadline=deadline, actor=actor, at=at,
        )
        for reach in reached
    ]  # fmt: skip
    cursor.execute(_NAME_ROWS, [[notice.pk for notice in notices]])
    return notices


def actions_of(authorisations: Iterable[Authorisation]) -> list[str]:
    """What the recipient is asked to do: always to stop; then what the records agreed on, or the usual."""
    asked: set[str] = set()
    for each in authorisations:
        asked |= set(each.on_withdrawal or DEFAULT_ACTIONS)
    return [STOP_USE, *(action for action in terms.ON_WITHDRAWAL[1:] if action in asked)]


def causes_of(cursor: CursorWrapper, events: Sequence[AuthorisationEvent]) -> dict[int, AuthorisationEvent]:
    """For each release in `recalled_row` the first event of a record that its rows left under, else the first event."""
    by_record = {event.authorisation_id: event for event in events}
    cursor.execute(
        "SELECT r.export_id, min(a) FILTER (WHERE a = ANY(%s)) FROM recalled_row r, unnest(r.authorisation_ids) a"
        " GROUP BY 1",
        [list(by_record)],
    )
    return {export: by_record.get(record_id, events[0]) for export, record_id in cursor.fetchall()}


def _issue(
    reach: Reach,
    cause: AuthorisationEvent | Erasure,
    *,
    basis: str,
    actions: list[str],
    deadline: datetime,
    actor: Actor,
    at: datetime,
) -> RecallNotice:
    uid = uuid7()
    subject: dict[str, Any] = {"erasure" if isinstance(cause, Erasure) else "cause": cause}
    event = record(
        event="recall.issued", actor=actor, obj_table="loop_recall_notice", obj_uid=uid,
        production_id=reach.export.production_id, at=at,
        facts={
            "rows": reach.rows, "export": str(reach.export.uid), "basis": basis, "actions": actions,
            "deadline": rfc3339(deadline), **{name: str(each.uid) for name, each in subject.items()},
        },
    )  # fmt: skip
    set_duty(
        recipient=reach.export.recipient, kind=RECALL_ACK, reference=uid, due_at=deadline, actor=actor, at=at,
        production_id=reach.export.production_id,
    )  # fmt: skip
    return RecallNotice.objects.create(
        uid=uid, export=reach.export, basis=basis, actions=actions, deadline=deadline, rows=reach.rows, event=event,
        issued_at=at, **subject,
    )  # fmt: skip

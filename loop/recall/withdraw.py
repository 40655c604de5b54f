"""The one use case of recall: an authorisation is taken back, and every release that already left is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from loop.audit.record import record
from loop.consent import terms
from loop.consent.duty import RECALL_ACK, set_duty
from loop.consent.lock import hold
from loop.consent.models import Authorisation, AuthorisationEvent, AuthorisationState
from loop.consent.withdraw import withdraw as take_back
from loop.kernel.actor import Actor
from loop.kernel.clock import rfc3339
from loop.kernel.ids import uuid7
from loop.recall.models import RecallNotice
from loop.recall.scope import WithdrawalReport, party_of, permit, productions_of, report_of
from loop.recall.trace import Reach, trace

DEADLINE_DAYS = 14
"""How long a recipient has to acknowledge a notice."""

STOP_USE = "stop_use"
DEFAULT_ACTIONS = ("delete_copies", "exclude_from_retrain")

BASIS: dict[str, str] = {
    AuthorisationState.WITHDRAWN: "withdrawn_by_party",
    AuthorisationState.REVOKED: "revoked_by_other_party",
    AuthorisationState.INVALIDATED: "invalidated",
}

_NAME_ROWS = """
INSERT INTO loop_recall_row (notice_id, row_id)
SELECT n.id, r.row_id FROM recalled_row r JOIN loop_recall_notice n ON n.export_id = r.export_id AND n.id = ANY(%s)
ORDER BY n.id, r.row_id
"""


def withdraw(
    *,
    authorisations: Sequence[Authorisation],
    actor: Actor,
    state: str = AuthorisationState.WITHDRAWN,
    reason: str = "",
) -> WithdrawalReport:
    """Takes back records of one party, effective now, and recalls every published row that no longer may be out.

    In one transaction, the lock of publishing first:

    1. Waits for the productions' lock; the moment of the withdrawal is the database's clock then.
    2. Records a state event for each record. From its commit on, no freeze and no publish lets the rows through.
    3. Traces the released rows (trace.py): for each published release a notice that names its rows, with what is asked
       of the recipient and a deadline. A release in progress needs none: it is checked again under the same lock.

    Nothing that left is rewritten. Raises NotValidError for no records, records of several parties or another state,
    NotAllowedError for anybody but the party and a consent officer, ConflictError if a record is withdrawn already.
    """
    party = party_of(authorisations)
    permit(actor, authorisations, party)
    with transaction.atomic(durable=True):
        at = hold(productions_of(authorisations))
        events = [
            take_back(authorisation=each, state=state, actor=actor, at=at, reason=reason) for each in authorisations
        ]
        with connection.cursor() as cursor:
            moment = max(event.effective_at for event in events)
            report = report_of(
                authorisations, trace(cursor, party=party.pk, withdrawn=authorisations, moment=moment), events
            )
            causes = _causes(cursor, events)
            notices = [
                _notice(reach, causes.get(reach.export.pk, events[0]), state, authorisations, actor, at)
                for reach in report.published
            ]
            cursor.execute(_NAME_ROWS, [[notice.pk for notice in notices]])
    return report_of(authorisations, (*report.published, *report.in_progress), events, notices)


def _notice(
    reach: Reach,
    cause: AuthorisationEvent,
    state: str,
    authorisations: Iterable[Authorisation],
    actor: Actor,
    at: datetime,
) -> RecallNotice:
    uid = uuid7()
    deadline = at + timedelta(days=DEADLINE_DAYS)
    actions = _actions(authorisations)
    event = record(
        event="recall.issued", actor=actor, obj_table="loop_recall_notice", obj_uid=uid,
        production_id=reach.export.production_id, at=at,
        facts={
            "rows": reach.rows, "export": str(reach.export.uid), "cause": str(cause.uid), "basis": BASIS[state],
            "actions": actions, "deadline": rfc3339(deadline),
        },
    )  # fmt: skip
    set_duty(
        recipient=reach.export.recipient, kind=RECALL_ACK, reference=uid, due_at=deadline, actor=actor, at=at,
        production_id=reach.export.production_id,
    )  # fmt: skip
    return RecallNotice.objects.create(
        uid=uid, export=reach.export, cause=cause, basis=BASIS[state], actions=actions, deadline=deadline,
        rows=reach.rows, event=event, issued_at=at,
    )  # fmt: skip


def _actions(authorisations: Iterable[Authorisation]) -> list[str]:
    """What the recipient is asked to do: always to stop; then what the records agreed on, or the usual."""
    asked: set[str] = set()
    for each in authorisations:
        asked |= set(each.on_withdrawal or DEFAULT_ACTIONS)
    return [STOP_USE, *(action for action in terms.ON_WITHDRAWAL[1:] if action in asked)]


def _causes(cursor: CursorWrapper, events: Sequence[AuthorisationEvent]) -> dict[int, AuthorisationEvent]:
    """For each release the first event of a record that its rows left under."""
    by_record = {event.authorisation_id: event for event in events}
    cursor.execute(
        "SELECT export_id, min(a) FROM recalled_row, unnest(authorisation_ids) a WHERE a = ANY(%s) GROUP BY 1",
        [list(by_record)],
    )
    return {export: by_record[record_id] for export, record_id in cursor.fetchall()}

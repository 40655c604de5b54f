"""The one use case of recall: an authorisation is taken back, and every release that already left is told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from loop.audit.record import record
from loop.consent import terms
from loop.consent.lock import hold
from loop.consent.models import Authorisation, AuthorisationEvent, AuthorisationState
from loop.consent.permission import require_withdraw
from loop.consent.withdraw import withdraw as take_back
from loop.export.models import Export
from loop.kernel.actor import Actor
from loop.kernel.clock import rfc3339
from loop.kernel.errors import NotFoundError, NotValidError
from loop.kernel.ids import uuid7
from loop.material.models import Production
from loop.people.models import Contributor
from loop.recall.models import RecallNotice
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


@dataclass(frozen=True, slots=True)
class WithdrawalReport:
    """What a withdrawal did, or would do.

    `published`: releases that are recalled, `notices` one for each; `in_progress`: releases not yet published that
    will leave the rows out. A preview has neither events nor notices.
    """

    authorisations: tuple[Authorisation, ...]
    published: tuple[Reach, ...]
    in_progress: tuple[Reach, ...]
    events: tuple[AuthorisationEvent, ...] = ()
    notices: tuple[RecallNotice, ...] = ()


def records_of(party: Contributor, production: Production) -> list[Authorisation]:
    """The records of `party` that a withdrawal from `production` takes back, by id.

    All that are not withdrawn already and speak of the production; one that speaks of every production is among them,
    because the rows would leave under it. Raises NotFoundError if there is none.
    """
    speaking = Authorisation.objects.filter(party=party, production=production) | Authorisation.objects.filter(
        party=party, production=None
    )
    found = [each for each in speaking.prefetch_related("events").order_by("id") if not _is_withdrawn(each)]
    if not found:
        raise NotFoundError(
            f"party: expected an authorisation of {party} on {production.code} to withdraw, found none", field="party"
        )
    return found


def preview(*, authorisations: Sequence[Authorisation], actor: Actor) -> WithdrawalReport:
    """What `withdraw` of the same records would reach now. Writes nothing."""
    party = _party(authorisations)
    _permit(actor, authorisations, party)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        moment = hold(_productions(authorisations))
        reached = trace(cursor, party=party.pk, withdrawn=authorisations, moment=moment)
    return _report(authorisations, reached)


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
    party = _party(authorisations)
    _permit(actor, authorisations, party)
    with transaction.atomic(durable=True):
        at = hold(_productions(authorisations))
        events = [
            take_back(authorisation=each, state=state, actor=actor, at=at, reason=reason) for each in authorisations
        ]
        with connection.cursor() as cursor:
            moment = max(event.effective_at for event in events)
            report = _report(
                authorisations, trace(cursor, party=party.pk, withdrawn=authorisations, moment=moment), events
            )
            causes = _causes(cursor, events)
            notices = [
                _notice(reach, causes.get(reach.export.pk, events[0]), state, authorisations, actor, at)
                for reach in report.published
            ]
            cursor.execute(_NAME_ROWS, [[notice.pk for notice in notices]])
    return _report(authorisations, (*report.published, *report.in_progress), events, notices)


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


def _report(
    authorisations: Iterable[Authorisation],
    reached: Iterable[Reach],
    events: Iterable[AuthorisationEvent] = (),
    notices: Iterable[RecallNotice] = (),
) -> WithdrawalReport:
    everything = tuple(reached)
    return WithdrawalReport(
        authorisations=tuple(authorisations),
        published=tuple(each for each in everything if each.export.state == Export.State.PUBLISHED),
        in_progress=tuple(each for each in everything if each.export.state != Export.State.PUBLISHED),
        events=tuple(events),
        notices=tuple(notices),
    )


def _party(authorisations: Sequence[Authorisation]) -> Contributor:
    parties = {each.party_id for each in authorisations}
    if len(parties) != 1:
        raise NotValidError(
            f"authorisation: expected records of one party, found {len(parties)} parties", field="authorisation"
        )
    return authorisations[0].party


def _permit(actor: Actor, authorisations: Iterable[Authorisation], party: Contributor) -> None:
    for production in {each.production for each in authorisations}:
        require_withdraw(actor, production, [party])


def _productions(authorisations: Collection[Authorisation]) -> list[int]:
    """The productions to hold: none stands for all of them (consent/lock.py)."""
    ids = [each.production_id for each in authorisations]
    return [] if None in ids else [each for each in ids if each is not None]


def _is_withdrawn(authorisation: Authorisation) -> bool:
    newest = max(authorisation.events.all(), key=lambda event: (event.effective_at, event.id), default=None)
    return newest is not None and newest.state in terms.WITHDRAWN_STATES

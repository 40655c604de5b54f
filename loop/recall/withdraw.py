"""The one use case of recall: an authorisation is taken back, and every release that already left is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from loop.consent.lock import hold
from loop.consent.models import Authorisation, AuthorisationState
from loop.consent.withdraw import withdraw as take_back
from loop.kernel.actor import Actor
from loop.recall.notify import actions_of, causes_of, notify
from loop.recall.scope import WithdrawalReport, party_of, permit, productions_of, report_of
from loop.recall.trace import trace

DEADLINE_DAYS = 14
"""How long a recipient has to acknowledge a notice."""

BASIS: dict[str, str] = {
    AuthorisationState.WITHDRAWN: "withdrawn_by_party",
    AuthorisationState.REVOKED: "revoked_by_other_party",
    AuthorisationState.INVALIDATED: "invalidated",
}


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
    NotAllowedError for anybody but a consent officer and, for its own withdrawal, the party, ConflictError if a record
    is withdrawn already.
    """
    permit(actor, authorisations, party_of(authorisations), state)
    with transaction.atomic(durable=True):
        at = hold(productions_of(authorisations))
        return withdraw_held(authorisations=authorisations, actor=actor, at=at, state=state, reason=reason)


def withdraw_held(
    *, authorisations: Sequence[Authorisation], actor: Actor, at: datetime, state: str, reason: str = ""
) -> WithdrawalReport:
    """Steps 2 and 3 of `withdraw` in the caller's transaction, which permits it and holds the productions at `at`."""
    party = party_of(authorisations)
    events = [take_back(authorisation=each, state=state, actor=actor, at=at, reason=reason) for each in authorisations]
    with connection.cursor() as cursor:
        moment = max(event.effective_at for event in events)
        reached = trace(cursor, party=party.pk, withdrawn=authorisations, moment=moment)
        notices = notify(
            cursor, reached=report_of(authorisations, reached).published, causes=causes_of(cursor, events),
            basis=BASIS[state], actions=actions_of(authorisations), deadline=at + timedelta(days=DEADLINE_DAYS),
            actor=actor, at=at,
        )  # fmt: skip
    return report_of(authorisations, reached, events, notices)

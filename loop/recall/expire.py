"""Authorisations that asked for copies to be deleted have ended: every release that left under them is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.db import connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery

from loop.consent.lock import database_moment, hold
from loop.consent.models import Authorisation, AuthorisationEvent, AuthorisationState
from loop.consent.state import append_state
from loop.consent.terms import PERMITTING_STATES
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import utc_date
from loop.recall.notify import actions_of, causes_of, notify
from loop.recall.scope import WithdrawalReport, productions_of, report_of
from loop.recall.trace import trace
from loop.recall.withdraw import DEADLINE_DAYS

BASIS = "expired"
DELETE_COPIES = "delete_copies"
MOST_PARTIES = 20
"""Parties a call. The next call goes on where this one stopped: what is done is no longer due."""


def expire(*, limit: int = MOST_PARTIES) -> list[WithdrawalReport]:
    """Records the end of what is due, of at most `limit` parties, each in a transaction of its own; what it reached.

    1. Due is a record whose last day has passed by the database's clock, that is still given, and that says in as many
       words that copies are to be deleted. One that does not only stops future use: its rows may be kept, the gate
       reads its dates, and nothing is recorded.
    2. Under the lock of publishing and withdrawing: the event `expired`, effective once the last day (UTC) is over;
       the trace of a withdrawal; a notice with the basis `expired` for each published release. Rows that another record
       of the party carries are not reached.

    Again, or by several workers at once, it does nothing more: an expired record is not given. For background steps,
    so the system acts. Durable: call it outside any transaction.
    """
    today = utc_date(database_moment())
    parties = _due(today).order_by("party_id").values_list("party_id", flat=True).distinct()[:limit]
    reports = [_expire(party) for party in list(parties)]
    return [report for report in reports if report is not None]


def _expire(party: int) -> WithdrawalReport | None:
    expected = list(_due(utc_date(database_moment())).filter(party=party))
    if not expected:
        return None
    with transaction.atomic(durable=True):
        at = hold(productions_of(expected))
        # Read again under the lock: one of them may be withdrawn by now. None is due elsewhere that was not before.
        found = _due(utc_date(at)).filter(party=party, pk__in=[each.pk for each in expected])
        records = list(found.select_related("party", "production").order_by("id"))
        if not records:
            return None
        events = [_ended(each, at) for each in records]
        with connection.cursor() as cursor:
            report = report_of(records, trace(cursor, party=party, withdrawn=records, moment=at), events)
            notices = notify(
                cursor, reached=report.published, causes=causes_of(cursor, events), basis=BASIS,
                actions=actions_of(records), deadline=at + timedelta(days=DEADLINE_DAYS), actor=SYSTEM, at=at,
            )  # fmt: skip
    return report_of(records, (*report.published, *report.in_progress), events, notices)


def _ended(authorisation: Authorisation, at: datetime) -> AuthorisationEvent:
    # After the midnight that ends the last day, not at it: an order for that day is judged by what held up to then.
    over = datetime.combine(authorisation.valid_until + timedelta(days=1), time(microsecond=1), UTC)
    newest = authorisation.events.order_by("-effective_at", "-id").first()
    return append_state(
        authorisation=authorisation,
        state=AuthorisationState.EXPIRED,
        effective_at=max(over, newest.effective_at) if newest is not None else over,
        actor=SYSTEM,
        at=at,
    )


def _due(today: date) -> QuerySet[Authorisation]:
    newest = AuthorisationEvent.objects.filter(authorisation=OuterRef("pk")).order_by("-effective_at", "-id")
    return Authorisation.objects.annotate(state=Subquery(newest.values("state")[:1])).filter(
        valid_until__lt=today, on_withdrawal__contains=[DELETE_COPIES], state__in=PERMITTING_STATES
    )

"""Somebody asks for a withdrawal: it is recorded at once, or a second person is asked first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from loop.consent.approval import answer_approval, ask_approval, require_approve
from loop.consent.lock import hold
from loop.consent.models import ApprovalRequest, Authorisation, AuthorisationState
from loop.consent.terms import WITHDRAWN_STATES
from loop.kernel.actor import Actor
from loop.kernel.errors import ConflictError, NotValidError
from loop.material.models import Production
from loop.people.models import Contributor
from loop.recall.doubt import cast_doubt
from loop.recall.scope import WithdrawalReport, party_of, permit, productions_of, report_of
from loop.recall.trace import Reach, trace
from loop.recall.withdraw import withdraw_held


@dataclass(frozen=True, slots=True)
class Proposal:
    """What came of it. Without `request` it was recorded, and `report` says what it did.

    With one and no events in the report it waits for a second person, and the report says what it would reach.
    """

    report: WithdrawalReport
    request: ApprovalRequest | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether nothing was withdrawn yet."""
        return not self.report.events


def propose(
    *,
    authorisations: Sequence[Authorisation],
    actor: Actor,
    state: str = AuthorisationState.WITHDRAWN,
    reason: str = "",
    second: Actor | None = None,
) -> Proposal:
    """Withdraws records of one party, or asks a second person where that is needed. Durable.

    1. The party's own withdrawal is recorded at once, whatever it reaches: it is as easy as granting.
    2. Anybody else's is, unless it reaches a published release. That is found out under the productions' lock, so no
       release is published meanwhile.
    3. One that does is not recorded. A request takes its place, with the records and all that it would reach; the same
       one that waits already is answered with. Meanwhile the records are in doubt, so nothing more leaves under them.
       `second` is the second person who approves it here and now.

    Raises what `withdraw` raises, and NotAllowedError if `second` may not approve; nothing is written then.
    """
    party = party_of(authorisations)
    permit(actor, authorisations, party, state)
    if state not in WITHDRAWN_STATES:
        raise NotValidError(f"state: expected one of {', '.join(WITHDRAWN_STATES)}, found {state}", field="state")
    with transaction.atomic(durable=True):
        at = hold(productions_of(authorisations))
        if state != AuthorisationState.WITHDRAWN or not is_themself(actor, party):
            refuse_withdrawn(authorisations)
            with connection.cursor() as cursor:
                found = trace(cursor, party=party.pk, withdrawn=authorisations, moment=at)
            reached = report_of(authorisations, found)
            if reached.published:
                request = _same(reached, party, state) or _ask(reached, party, state, actor, at, reason)
                if second is None:
                    cast_doubt(authorisations, actor=actor, at=at)
                    return Proposal(reached, request)
                for production in productions_reached(reached.published):
                    require_approve(second, production, asked_by=request.asked_by)
                answer_approval(request=request, approved=True, actor=second, at=at)
                done = withdraw_held(authorisations=authorisations, actor=actor, at=at, state=state, reason=reason)
                return Proposal(done, request)
        done = withdraw_held(authorisations=authorisations, actor=actor, at=at, state=state, reason=reason)
        return Proposal(done)


def is_themself(actor: Actor, party: Contributor) -> bool:
    """Whether `actor` is the party, by its own login or by a link of its own."""
    if actor.party_id is not None:
        return actor.party_id == party.pk
    return not actor.is_tool and actor.user_id is not None and actor.user_id == party.user_id


def productions_reached(reached: Iterable[Reach]) -> list[Production]:
    """The productions of these releases, by code."""
    found = {each.export.production_id: each.export.production for each in reached}
    return sorted(found.values(), key=lambda each: each.code)


def still_standing(authorisations: Iterable[Authorisation]) -> list[Authorisation]:
    """Those that nobody has taken back. One query each, none if their events are loaded."""
    found = []
    for each in authorisations:
        newest = max(each.events.all(), key=lambda event: (event.effective_at, event.pk), default=None)
        if newest is None or newest.state not in WITHDRAWN_STATES:
            found.append(each)
    return found


def refuse_withdrawn(authorisations: Sequence[Authorisation]) -> None:
    """Raises ConflictError if one of them is withdrawn: nobody is asked to approve what has happened."""
    standing = still_standing(authorisations)
    gone = next((each for each in authorisations if each not in standing), None)
    if gone is not None:
        raise ConflictError(f"The authorisation {gone.uid} is withdrawn already.", field="authorisation")


def _same(report: WithdrawalReport, party: Contributor, state: str) -> ApprovalRequest | None:
    waiting = ApprovalRequest.objects.filter(
        kind=ApprovalRequest.Kind.WITHDRAWAL, subject=party.uid, decision=None, asked__state=state,
        asked__authorisations=_uids(report),
    )  # fmt: skip
    return waiting.order_by("id").first()


def _ask(
    report: WithdrawalReport, party: Contributor, state: str, actor: Actor, at: datetime, reason: str
) -> ApprovalRequest:
    productions = productions_reached(report.published)
    return ask_approval(
        kind=ApprovalRequest.Kind.WITHDRAWAL.value,
        subject=party.uid,
        production=productions[0] if len(productions) == 1 else None,
        asked={
            "party": str(party.uid),
            "authorisations": _uids(report),
            "state": state,
            "productions": [each.code for each in productions],
            "releases": [_release(each) for each in report.published],
            "in_progress": [_release(each) for each in report.in_progress],
        },
        asked_by=actor.pid,
        actor=actor,
        at=at,
        reason=reason,
    )


def _uids(report: WithdrawalReport) -> list[str]:
    return sorted(str(each.uid) for each in report.authorisations)


def _release(reach: Reach) -> dict[str, str | int]:
    export = reach.export
    return {
        "production": export.production.code, "release": f"E-{export.number}", "export": str(export.uid),
        "recipient": export.recipient.code, "rows": reach.rows,
    }  # fmt: skip

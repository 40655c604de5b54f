"""A second person approves what waits, and it happens."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from loop.consent.approval import answer_approval, require_approve
from loop.consent.lock import hold
from loop.consent.models import ApprovalRequest
from loop.export.approval import go_on
from loop.export.models import Export
from loop.kernel.actor import Actor
from loop.kernel.errors import ConflictError
from loop.recall.approvals import concerned, export_of, reason_of, records_of_request
from loop.recall.propose import productions_reached, still_standing
from loop.recall.scope import WithdrawalReport, productions_of
from loop.recall.withdraw import withdraw_held


@dataclass(frozen=True, slots=True)
class Approved:
    """What happened: a withdrawal was recorded, or a release goes on; the door then sends its message."""

    export: Export | None = None
    report: WithdrawalReport | None = None


def approve(*, request: ApprovalRequest, actor: Actor, reason: str = "") -> Approved:
    """Records that a second person approves `request`, and does what it asked for, in one transaction. Durable.

    1. `actor` is a consent officer of each production it concerns, and not the person who asked.
    2. The lock of publishing first: of an approval, a refusal, a publish and a withdrawal one comes after the other.
    3. A release that waits goes back to the last gate check, so what was withdrawn meanwhile stays out of it; one that
       is still being built is published when it is ready. A withdrawal is recorded with whatever it reaches by now.

    Raises NotFoundError for whoever may not know the production, NotAllowedError, AlreadyDecidedError, NotWaitingError
    for a release that has ended, ConflictError for records that were all withdrawn meanwhile.
    """
    for production in concerned(request):
        require_approve(actor, production, asked_by=request.asked_by)
    if request.kind == ApprovalRequest.Kind.RELEASE:
        return _release(request, actor, reason)
    return _withdrawal(request, actor, reason)


def _release(request: ApprovalRequest, actor: Actor, reason: str) -> Approved:
    production_id = export_of(request).production_id
    with transaction.atomic(durable=True):
        at = hold([production_id])
        export = Export.objects.select_for_update(of=("self",)).select_related("production").get(uid=request.subject)
        answer_approval(request=request, approved=True, actor=actor, at=at, reason=reason)
        go_on(export)
    return Approved(export=export)


def _withdrawal(request: ApprovalRequest, actor: Actor, reason: str) -> Approved:
    asked = records_of_request(request)
    with transaction.atomic(durable=True):
        at = hold(productions_of(asked))
        answer_approval(request=request, approved=True, actor=actor, at=at, reason=reason)
        records = still_standing(records_of_request(request))
        if not records:
            raise ConflictError("Every record it is about was withdrawn meanwhile.", field="authorisation")
        report = withdraw_held(
            authorisations=records, actor=actor, at=at, state=str(request.asked["state"]), reason=reason_of(request)
        )
        for production in productions_reached(report.published):
            require_approve(actor, production, asked_by=request.asked_by)
    return Approved(report=report)

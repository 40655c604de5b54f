"""A second person refuses what waits."""

from __future__ import annotations

from django.db import transaction

from loop.consent.approval import answer_approval, require_approve
from loop.consent.lock import hold
from loop.consent.models import ApprovalDecision, ApprovalRequest
from loop.export.approval import give_up
from loop.export.models import Export
from loop.kernel.actor import Actor
from loop.kernel.errors import NotValidError
from loop.recall.approvals import concerned, export_of, records_of_request
from loop.recall.doubt import clear_doubt
from loop.recall.scope import productions_of

LONGEST_REASON = 2000


def refuse(*, request: ApprovalRequest, reason: str, actor: Actor) -> ApprovalDecision:
    """Records that a second person refuses `request`, and why, under the lock of publishing. Durable.

    A release is cancelled. A withdrawal was never recorded and is not: its records permit again what they did, and the
    party may still withdraw themself at any time. `reason` is kept with the audit event, where it can be erased.
    Raises NotValidError without a reason, and what `approve` raises for whoever may not, or for what was decided.
    """
    words = reason.strip()
    if not 1 <= len(words) <= LONGEST_REASON:
        raise NotValidError(
            f"reason: expected 1 to {LONGEST_REASON} characters that say why, found {len(words)}", field="reason"
        )
    for production in concerned(request):
        require_approve(actor, production, asked_by=request.asked_by)
    is_release = request.kind == ApprovalRequest.Kind.RELEASE
    held = [export_of(request).production_id] if is_release else productions_of(records_of_request(request))
    with transaction.atomic(durable=True):
        at = hold(held)
        decision = answer_approval(request=request, approved=False, actor=actor, at=at, reason=words)
        if is_release:
            give_up(Export.objects.select_for_update(of=("self",)).get(uid=request.subject), actor=actor, at=at)
        else:
            clear_doubt(request, records_of_request(request), actor=actor, at=at)
    return decision

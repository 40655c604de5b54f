"""Which releases need a second person, what that person is shown, and what the answer does to the release."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import Case, CharField, Exists, OuterRef, QuerySet, Value, When

from loop.audit.record import record
from loop.consent.approval import ask_approval
from loop.consent.models import ApprovalRequest, Recipient
from loop.export.models import Export
from loop.export.rules import AWAITING, CANCELLED, FAILED, UNFINISHED, VERIFYING, may_become
from loop.kernel.actor import SYSTEM, Actor, person
from loop.kernel.canonical import Json
from loop.kernel.errors import ConflictError
from loop.people.models import User

ASKED: Final = "asked"
APPROVED: Final = "approved"
REFUSED: Final = "refused"


class NotWaitingError(ConflictError):
    """The release has ended, so there is nothing left to approve or refuse."""

    code = "not_waiting"


def goes_outside(recipient: Recipient) -> bool:
    """Whether a release to `recipient` needs a second person."""
    return recipient.kind == Recipient.Kind.EXTERNAL


def request_of(export: Export) -> ApprovalRequest | None:
    """The request about the release, with its decision. One query."""
    found = ApprovalRequest.objects.filter(kind=ApprovalRequest.Kind.RELEASE, subject=export.uid)
    return found.select_related("decision", "production").order_by("id").first()


def with_approval(exports: QuerySet[Export]) -> QuerySet[Export]:
    """Adds `approval` to each release: "asked", "approved", "refused", or "" where nobody needs to be asked."""
    about = ApprovalRequest.objects.filter(kind=ApprovalRequest.Kind.RELEASE, subject=OuterRef("uid"))
    return exports.annotate(
        approval=Case(
            When(Exists(about.filter(decision__approved=True)), then=Value(APPROVED)),
            When(Exists(about.filter(decision__approved=False)), then=Value(REFUSED)),
            When(Exists(about), then=Value(ASKED)),
            default=Value(""),
            output_field=CharField(),
        )
    )


def ask_for_release(export: Export, *, actor: Actor, at: datetime) -> ApprovalRequest:
    """Records the request about `export`, in the caller's transaction. Whoever ordered it may not answer it."""
    recipe = export.recipe
    asked: dict[str, Json] = {
        "production": export.production.code,
        "release": f"E-{export.number}",
        "profile": export.profile,
        "purpose": export.purpose,
        "recipient": export.recipient.code,
        "recipe": recipe,
        "checkpoint_size": export.checkpoint_size,
        "gate_date": export.gate_date.isoformat(),
        "order": bytes(export.order_digest).hex(),
        "policy_version": export.policy_version,
        "replaces": str(export.replaces.uid) if export.replaces else None,
    }
    return ask_approval(
        kind=ApprovalRequest.Kind.RELEASE.value, subject=export.uid, production=export.production, asked=asked,
        asked_by=actor.pid, actor=actor, at=at,
    )  # fmt: skip


def may_be_published(export: Export, at: datetime) -> bool:
    """Whether the release needs nobody's approval or has it. Called under the lock, before it is published.

    One that goes outside and about which nobody was asked (ordered before such requests were kept) is asked about here,
    in the name of whoever ordered it.
    """
    found = request_of(export)
    if found is None:
        if not goes_outside(export.recipient):
            return True
        ask_for_release(export, actor=_orderer(export), at=at)
        return False
    return hasattr(found, "decision") and found.decision.approved


def go_on(export: Export) -> None:
    """What approving does to a locked release: one that was only waiting is looked at once more and published.

    One that is not built yet goes on as it is, and a failed one may be tried again. Raises NotWaitingError if it ended.
    """
    _must_wait(export)
    if export.state == AWAITING:
        export.state = VERIFYING
        export.attempts = 0
        export.save(update_fields=["state", "attempts"])


def give_up(export: Export, *, actor: Actor, at: datetime) -> None:
    """What refusing does to a locked release: it is cancelled. A failed one stays so, and may not be tried again.

    Raises NotWaitingError if it ended.
    """
    _must_wait(export)
    if not may_become(export.state, CANCELLED):
        return
    export.state = CANCELLED
    export.lease_token = export.lease_until = None
    export.save(update_fields=["state", "lease_token", "lease_until"])
    record(
        event="export.cancelled", actor=actor, obj_table="loop_export", obj_uid=export.uid,
        production_id=export.production_id, at=at, facts={"refused": True},
    )  # fmt: skip


def _must_wait(export: Export) -> None:
    if export.state not in (*UNFINISHED, AWAITING, FAILED):
        raise NotWaitingError(
            f"expected a release that waits, found E-{export.number} {export.state}", state=export.state
        )


def _orderer(export: Export) -> Actor:
    if export.ordered_by_id is None:
        return SYSTEM
    user = User.objects.get(pk=export.ordered_by_id)
    return person(user.uid, label=user.get_username(), user_id=user.pk)

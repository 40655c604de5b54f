"""A second person's approval of a release or a withdrawal: asked for, and answered once.

Both are written in the caller's transaction, which holds the production's lock; what then happens to the release or to
the records is the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from loop.audit.record import record
from loop.consent.models import ApprovalDecision, ApprovalRequest
from loop.kernel.actor import Actor
from loop.kernel.canonical import Json
from loop.kernel.errors import ConflictError, NotAllowedError
from loop.kernel.ids import uuid7
from loop.material.models import Production
from loop.people.models import Token
from loop.people.querysets import require, roles_of
from loop.people.roles import Permission, may_approve


class AlreadyDecidedError(ConflictError):
    """Somebody has approved or refused it; the first word stands."""

    code = "already_decided"


def ask_approval(
    *, kind: str, subject: UUID, production: Production | None, asked: Mapping[str, Json], asked_by: str, actor: Actor,
    at: datetime, reason: str = "",
) -> ApprovalRequest:  # fmt: skip
    """Records that `subject` waits for a second person, with what will be done in full.

    `asked` is never erased, so it holds identifiers and numbers only; `reason` is kept with the audit event, which can
    be. `asked_by` is the id of whoever may not answer it.
    """
    uid = uuid7()
    facts: dict[str, Json] = {"kind": kind, "subject": str(subject), "asked": dict(asked), "asked_by": asked_by}
    if reason:
        facts["reason"] = reason
    event = record(
        event="approval.asked", actor=actor, obj_table="loop_approval_request", obj_uid=uid,
        production_id=production.pk if production else None, at=at, facts=facts,
    )  # fmt: skip
    return ApprovalRequest.objects.create(
        uid=uid, kind=kind, production=production, subject=subject, asked=dict(asked), asked_by=asked_by, event=event,
        asked_at=at,
    )  # fmt: skip


def answer_approval(
    *, request: ApprovalRequest, approved: bool, actor: Actor, at: datetime, reason: str = ""
) -> ApprovalDecision:
    """Records the second person's word. The caller has asked `require_approve` for every production it concerns.

    Raises AlreadyDecidedError if there is one: the caller's lock puts two answers in a row.
    """
    if ApprovalDecision.objects.filter(request=request).exists():
        raise AlreadyDecidedError("expected a request that waits, found one that was decided already")
    event = record(
        event="approval.decided", actor=actor, obj_table="loop_approval_request", obj_uid=request.uid,
        production_id=request.production_id, at=at,
        facts={"approved": approved, "kind": request.kind, "subject": str(request.subject), "reason": reason},
    )  # fmt: skip
    return ApprovalDecision.objects.create(
        request=request, approved=approved, decided_by=actor.pid, event=event, decided_at=at
    )


def require_approve(actor: Actor, production: Production, *, asked_by: str) -> None:
    """Raises unless `actor` may approve on `production` what `asked_by` asked for.

    A consent officer's login, and never of the person who asked: neither the login itself nor the one behind a token.
    A tool cannot approve, nor the console without a name. NotFoundError for whoever may not know the production.
    """
    if actor.user_id is None or actor.is_tool:
        raise NotAllowedError(
            "Approving needs the login of a consent officer; neither a token nor the console by itself may do it.",
            permission=Permission.APPROVE.value,
        )
    is_own = is_asked_by(actor, asked_by)
    roles = roles_of(actor, production.pk)
    if not may_approve(roles, is_own_order=is_own):
        if not may_approve(roles, is_own_order=False):
            require(actor, production, Permission.SEE_PRODUCTION)
            raise NotAllowedError(
                f"Only a consent officer of {production.code} approves.", permission=Permission.APPROVE.value
            )
        raise NotAllowedError(
            "Nobody approves what they asked for: this needs another consent officer of the production.",
            permission=Permission.APPROVE.value,
        )


def is_asked_by(actor: Actor, asked_by: str) -> bool:
    """Whether the same person asked, as this login or through one of its tokens. One query for a token."""
    if asked_by == actor.pid:
        return True
    kind, _, uid = asked_by.partition(":")
    return kind == "token" and Token.objects.filter(uid=UUID(uid), created_by_id=actor.user_id).exists()

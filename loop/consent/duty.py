"""What a recipient owes by a moment. Recall sets and meets duties in its transaction; rule 4 of the gate reads them."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from loop.audit.record import record
from loop.consent.models import Recipient, RecipientDuty, RecipientDutyMet
from loop.kernel.actor import Actor
from loop.kernel.clock import rfc3339
from loop.kernel.errors import ConflictError
from loop.kernel.ids import uuid7

RECALL_ACK: Final = "recall_ack"


def set_duty(
    *, recipient: Recipient, kind: str, reference: UUID, due_at: datetime, actor: Actor, at: datetime,
    production_id: int | None,
) -> RecipientDuty:  # fmt: skip
    """Records that `recipient` owes `kind` about `reference` until `due_at`, in the caller's transaction."""
    uid = uuid7()
    event = record(
        event="recipient.duty", actor=actor, obj_table="loop_recipient_duty", obj_uid=uid,
        production_id=production_id, at=at,
        facts={"kind": kind, "due_at": rfc3339(due_at), "reference": str(reference), "recipient": recipient.code},
    )  # fmt: skip
    return RecipientDuty.objects.create(
        uid=uid, recipient=recipient, kind=kind, reference=reference, due_at=due_at, event=event, recorded_at=at
    )


def meet_duty(*, duty: RecipientDuty, actor: Actor, at: datetime, production_id: int | None) -> RecipientDutyMet:
    """Records that a duty is met, in the caller's transaction. Raises ConflictError if it is already."""
    event = record(
        event="recipient.duty_met", actor=actor, obj_table="loop_recipient_duty", obj_uid=duty.uid,
        production_id=production_id, at=at, facts={"kind": duty.kind, "reference": str(duty.reference)},
    )  # fmt: skip
    try:
        with transaction.atomic():
            return RecipientDutyMet.objects.create(duty=duty, met_at=at, event=event)
    except IntegrityError as error:
        raise ConflictError("The duty is met already.", field="duty") from error

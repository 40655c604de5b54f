"""A recipient's answer to a recall notice: recorded, and with it the duty to answer is met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from loop.audit.record import record
from loop.consent import checks
from loop.consent.duty import RECALL_ACK, meet_duty
from loop.consent.evidence import Document, store_evidence
from loop.consent.lock import hold
from loop.consent.models import RecipientDuty
from loop.export.order import KeyReusedError
from loop.kernel.actor import Actor
from loop.kernel.clock import rfc3339
from loop.kernel.errors import NotValidError
from loop.kernel.ids import uuid7
from loop.people.querysets import require
from loop.people.roles import Permission
from loop.recall.answer import LONGEST, keyed_uid, models_of
from loop.recall.models import RecallAck, RecallNotice


def acknowledge(
    *,
    notice: RecallNotice,
    by: str,
    copies_deleted: bool,
    actor: Actor,
    models_affected: Sequence[Mapping[str, object]] = (),
    evidence: Document | None = None,
    at: datetime | None = None,
    idempotency_key: str | None = None,
) -> RecallAck:
    """Records what the recipient of `notice` says it did. Durable.

    1. `by` is who said it on the recipient's side; `models_affected` are {"id", "trained_on", "action"} (answer.py).
    2. The first answer that says that the copies are deleted meets the duty, and rule 4 of the gate is content again.
       One that does not is kept, and the duty stays open: the deadline goes on and the recipient's exports stay refused
       once it has passed.
    3. A later answer adds to an earlier one; nothing is replaced, and a met duty stays met.
    4. The same `idempotency_key` of the same actor answers with the first answer; another one is KeyReusedError.

    `at` is when the answer came, by default now by the database's clock: never before the notice, never to come.
    Raises NotValidError with the field, NotAllowedError for anybody but a consent officer of the production and the
    recipient itself (by the address of the release's answers).
    """
    export = notice.export
    if actor.recipient_id is None or actor.recipient_id != export.recipient_id:
        require(actor, export.production, Permission.ANSWER_RECALL)
    said_by = checks.named("by", by, LONGEST)
    models = models_of(models_affected)
    uid = uuid7() if idempotency_key is None else keyed_uid(actor, idempotency_key)
    with transaction.atomic(durable=True):
        # One answer at a time, so exactly one is the first; and publishing sees a duty met or not, never in between.
        moment = hold([export.production_id])
        first = RecallAck.objects.select_related("evidence").filter(uid=uid).first()
        if first is not None:
            same = (notice.pk, said_by, copies_deleted, models, None if evidence is None else evidence.sha256)
            return _the_same(first, same, at)
        received = _received(notice, at or moment, moment)
        stored = (
            None
            if evidence is None
            else store_evidence(document=evidence, actor=actor, production_id=export.production_id, at=moment)
        )
        event = record(
            event="recall.acknowledged", actor=actor, obj_table="loop_recall_ack", obj_uid=uid,
            production_id=export.production_id, at=moment,
            facts={
                "by": said_by, "notice": str(notice.uid), "copies_deleted": copies_deleted, "models_affected": models,
                "received_at": rfc3339(received), "evidence_sha256": None if stored is None else stored.sha256,
            },
        )  # fmt: skip
        ack = RecallAck.objects.create(
            uid=uid, notice=notice, by=said_by, copies_deleted=copies_deleted, models_affected=models, evidence=stored,
            event=event, received_at=received,
        )  # fmt: skip
        owed = RecipientDuty.objects.filter(kind=RECALL_ACK, reference=notice.uid, met=None).first()
        if copies_deleted and owed is not None:
            # Met from now on, not from `received`: what the gate refused in between was refused rightly.
            meet_duty(duty=owed, actor=actor, at=moment, production_id=export.production_id)
    return ack


def _the_same(first: RecallAck, given: tuple[object, ...], at: datetime | None) -> RecallAck:
    kept = (
        first.notice_id, first.by, first.copies_deleted, first.models_affected,
        None if first.evidence is None else first.evidence.sha256,
    )  # fmt: skip
    if kept != given or at not in (None, first.received_at):
        raise KeyReusedError(
            f"idempotency_key: expected the same answer as {first.uid}, found another", field="idempotency_key"
        )
    return first


def _received(notice: RecallNotice, at: datetime, moment: datetime) -> datetime:
    if at.tzinfo is None or not notice.issued_at <= at <= moment:
        raise NotValidError(
            f"at: expected a moment from {rfc3339(notice.issued_at)} (the notice) to {rfc3339(moment)} (now),"
            f" found {at.isoformat()}",
            field="at",
        )
    return at

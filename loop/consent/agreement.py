"""What a recipient agreed to: purposes, places, dates, retention, what becomes of the weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from loop.audit.record import record
from loop.consent import checks
from loop.consent.evidence import Document, store_evidence
from loop.consent.models import Recipient, RecipientAgreement
from loop.consent.permission import require_registry
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import NotValidError
from loop.kernel.ids import uuid7


@dataclass(frozen=True, slots=True)
class AgreementTerms:
    """What a recipient signed, as handed in. Dates are inclusive; no places means that it did not say where."""

    signed_on: date
    valid_from: date
    valid_until: date
    purposes: Iterable[str]
    places: Iterable[str] = ()
    evidence: Document | None = None
    retention_days: int | None = None  # how long it keeps what it gets
    use_days: int | None = None  # how long it means to use it
    weights_owner: str = ""
    perpetual_licence: bool | None = None
    sublicensing: bool | None = None


def record_agreement(
    *, recipient: Recipient, agreement: AgreementTerms, actor: Actor, at: datetime | None = None
) -> RecipientAgreement:
    """Records a further agreement of a known recipient; earlier ones stand. Raises NotValidError for a bad field."""
    require_registry(actor)
    check_terms(agreement)
    with transaction.atomic(durable=True):
        return write_agreement(recipient, agreement, actor, at or now())


def check_terms(agreement: AgreementTerms) -> None:
    """Raises NotValidError, which names the field, for terms that cannot hold."""
    checks.dates_in_order(agreement.valid_from, agreement.valid_until)
    checks.purposes("purposes", agreement.purposes)
    checks.places("places", agreement.places)
    if agreement.signed_on > agreement.valid_until:
        raise NotValidError(
            f"signed_on: expected {agreement.valid_until} or earlier (valid_until), found {agreement.signed_on}",
            field="signed_on",
        )
    checks.not_to_come("signed_on", agreement.signed_on)
    if agreement.evidence is not None:
        checks.not_to_come("evidence.signed_at", agreement.evidence.signed_at)
    checks.days("retention_days", agreement.retention_days)
    checks.days("use_days", agreement.use_days)
    if agreement.weights_owner:
        checks.named("weights_owner", agreement.weights_owner, 100)


def write_agreement(recipient: Recipient, agreement: AgreementTerms, actor: Actor, at: datetime) -> RecipientAgreement:
    """Writes checked terms in the caller's transaction, with their evidence and the event."""
    uid = uuid7()
    evidence = None
    if agreement.evidence is not None:
        evidence = store_evidence(document=agreement.evidence, actor=actor, production_id=None, at=at)
    purposes = checks.purposes("purposes", agreement.purposes)
    places = checks.places("places", agreement.places)
    event = record(
        event="recipient.agreement", actor=actor, obj_table="loop_recipient_agreement", obj_uid=uid,
        production_id=None, at=at,
        facts={
            "recipient": recipient.code, "signed_on": agreement.signed_on.isoformat(),
            "valid_from": agreement.valid_from.isoformat(), "valid_until": agreement.valid_until.isoformat(),
            "purposes": purposes, "places": places, "retention_days": agreement.retention_days,
            "use_days": agreement.use_days,
            "weights_owner": agreement.weights_owner, "perpetual_licence": agreement.perpetual_licence,
            "sublicensing": agreement.sublicensing,
            "evidence_sha256": None if evidence is None else evidence.sha256,
        },
    )  # fmt: skip
    return RecipientAgreement.objects.create(
        uid=uid, recipient=recipient, signed_on=agreement.signed_on, valid_from=agreement.valid_from,
        valid_until=agreement.valid_until, purposes=purposes, places=places, retention_days=agreement.retention_days,
        use_days=agreement.use_days,
        weights_owner=agreement.weights_owner, perpetual_licence=agreement.perpetual_licence,
        sublicensing=agreement.sublicensing, evidence=evidence, event=event, recorded_at=at,
    )  # fmt: skip

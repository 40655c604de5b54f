"""Lines of the compensation ledger: what falls due, and the one way a line is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction

from loop.audit.record import record
from loop.consent import fees
from loop.consent.evidence import Document, store_evidence
from loop.consent.lock import hold
from loop.consent.models import Authorisation, CompensationEntry
from loop.consent.permission import require_settle
from loop.kernel.actor import Actor
from loop.kernel.errors import ConflictError, NotValidError
from loop.kernel.ids import uuid7

MOST: Final = fees.MOST
_CENT: Final = Decimal("0.01")
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """A checked line of the ledger, as `write_entry` takes it."""

    kind: str
    settles: CompensationEntry | None = None
    release: UUID | None = None
    rows: int | None = None
    amount: Decimal | None = None
    currency: str = ""
    due_on: date | None = None


def record_due(
    *,
    authorisation: Authorisation,
    due_on: date,
    actor: Actor,
    amount: Decimal | None = None,
    currency: str = "",
    release: UUID | None = None,
    rows: int | None = None,
    evidence: Document | None = None,
) -> CompensationEntry:
    """Records that something falls due under `authorisation` on `due_on`, by a release or without one. Durable.

    From that day the gate holds the record back (rule 12) until `settle` meets the line. An amount may be unknown; one
    that is known has a currency. Raises NotValidError with the field, ConflictError if the same release has a line
    under the record already, NotAllowedError for anybody but a consent officer or a producer of the production.
    """
    require_settle(actor, authorisation.production)
    money(amount, currency)
    if rows is not None and (rows < 0 or release is None):
        raise NotValidError(f"rows: expected 0 or more rows of a release, found {rows}", field="rows")
    with transaction.atomic(durable=True):
        moment = hold(held_by(authorisation))
        if release is not None and authorisation.entries.filter(kind=CompensationEntry.Kind.DUE, release=release):
            raise ConflictError("The ledger has a line of this release under the record already.", field="release")
        line = Entry(CompensationEntry.Kind.DUE, None, release, rows, amount, currency, due_on)
        return write_entry(authorisation, line, evidence, actor, moment)


def held_by(authorisation: Authorisation) -> list[int]:
    """The productions whose lock a line of the record takes: its own; none, which holds all, if it covers every one."""
    return [] if authorisation.production_id is None else [authorisation.production_id]


def money(amount: Decimal | None, currency: str) -> None:
    """Raises NotValidError unless both are given and sound, or neither."""
    if amount is not None:
        sound = amount.is_finite() and 0 <= amount <= MOST
        if not sound or amount != amount.quantize(_CENT):
            raise NotValidError(
                f"amount: expected 0 to {MOST} with at most two decimals, found {amount}", field="amount"
            )
    if currency and not _CURRENCY.fullmatch(currency):
        raise NotValidError(f"currency: expected three capitals (USD, EUR ...), found {currency!r}", field="currency")
    if amount is not None and not currency:
        raise NotValidError("currency: expected one beside the amount, found none", field="currency")
    if currency and amount is None:
        raise NotValidError(f"amount: expected one beside the currency {currency}, found none", field="amount")


def write_entry(
    authorisation: Authorisation, entry: Entry, evidence: Document | None, actor: Actor, at: datetime
) -> CompensationEntry:
    """Writes a checked line in the caller's transaction, with its evidence and the event."""
    uid = uuid7()
    stored = None
    if evidence is not None:
        stored = store_evidence(document=evidence, actor=actor, production_id=authorisation.production_id, at=at)
    event = record(
        event="compensation.entry", actor=actor, obj_table="loop_compensation_entry", obj_uid=uid,
        production_id=authorisation.production_id, at=at,
        facts={
            "kind": str(entry.kind), "authorisation": str(authorisation.uid),
            "settles": None if entry.settles is None else str(entry.settles.uid),
            "release": None if entry.release is None else str(entry.release), "rows": entry.rows,
            "amount": None if entry.amount is None else f"{entry.amount:.2f}", "currency": entry.currency,
            "due_on": None if entry.due_on is None else entry.due_on.isoformat(),
            "evidence_sha256": None if stored is None else stored.sha256,
        },
    )  # fmt: skip
    return CompensationEntry.objects.create(
        uid=uid, authorisation=authorisation, kind=entry.kind, settles=entry.settles, release=entry.release,
        rows=entry.rows, amount=entry.amount, currency=entry.currency, due_on=entry.due_on, evidence=stored,
        event=event, recorded_at=at,
    )  # fmt: skip

"""Meeting what is owed: settling or waiving a line of the ledger, or what a record itself promised."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from loop.consent import checks, terms
from loop.consent.compensation import Entry, held_by, money, write_entry
from loop.consent.evidence import Document
from loop.consent.lock import hold
from loop.consent.models import Authorisation, CompensationEntry
from loop.consent.permission import require_settle
from loop.kernel.actor import Actor
from loop.kernel.errors import ConflictError, NotValidError

Kind = CompensationEntry.Kind


def settle(
    *,
    authorisation: Authorisation,
    kind: str,
    actor: Actor,
    entry: CompensationEntry | None = None,
    evidence: Document | None = None,
    amount: Decimal | None = None,
    currency: str = "",
) -> CompensationEntry:
    """Records that the due line `entry` is settled or waived; None: what `authorisation` itself promised. Durable.

    A waiver needs the party's own word as evidence and bears no amount. What is settled may not fall short of the
    line, in its currency; without an amount it is the line's. From then on the gate lets the record pass rule 12.
    Raises NotValidError with the field, ConflictError for what is met already or owes nothing, NotAllowedError for
    anybody but a consent officer or a producer of the production.
    """
    require_settle(actor, authorisation.production)
    checks.one_of("kind", kind, (Kind.SETTLED, Kind.WAIVED))
    money(amount, currency)
    if kind == Kind.WAIVED:
        if evidence is None:
            raise NotValidError("evidence: expected the document in which the party waives it", field="evidence")
        if amount is not None:
            raise NotValidError(f"amount: expected none with a waiver, found {amount}", field="amount")
    if entry is not None:
        _fits(authorisation, entry, amount, currency)
        if kind == Kind.SETTLED and amount is None:
            amount, currency = entry.amount, entry.currency
    with transaction.atomic(durable=True):
        moment = hold(held_by(authorisation))
        met = authorisation.entries.exclude(kind=Kind.DUE).filter(settles=entry)
        if met.exists():
            raise ConflictError("It is settled or waived already.", field="entry")
        if entry is None and not promises(authorisation):
            raise ConflictError("The record itself owes nothing; name the due line that is met.", field="entry")
        line = Entry(kind, entry, amount=amount, currency=currency)
        return write_entry(authorisation, line, evidence, actor, moment)


def promises(authorisation: Authorisation) -> bool:
    """Whether the record by itself, without any release, owes something until it is met (rule 12)."""
    term, status = authorisation.compensation.get("term"), authorisation.compensation.get("status")
    return bool(term) and status not in terms.SETTLED and not (not status and term in terms.PER_RELEASE)


def _fits(authorisation: Authorisation, entry: CompensationEntry, amount: Decimal | None, currency: str) -> None:
    if entry.authorisation_id != authorisation.pk or entry.kind != Kind.DUE:
        raise NotValidError(f"entry: expected a due line of this record, found {entry.uid}", field="entry")
    if amount is None or entry.amount is None:
        return
    if currency != entry.currency:
        raise NotValidError(f"currency: expected {entry.currency}, found {currency}", field="currency")
    if amount < entry.amount:
        raise NotValidError(f"amount: expected {entry.amount} or more, found {amount}", field="amount")

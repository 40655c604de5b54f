"""The registry's records as the plain values that the pure rules read."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import QuerySet

from loop.consent.ledger import Line, is_open
from loop.consent.models import Authorisation
from loop.gate.facts import StateEvent, Statement


def records_of(parties: Iterable[int]) -> QuerySet[Authorisation]:
    """Every authorisation record of these contributors with what `as_statement` reads, by id. Three queries."""
    records = Authorisation.objects.filter(party_id__in=set(parties)).select_related("evidence", "party")
    return records.prefetch_related("events", "entries").order_by("id")


def statements_of(parties: Iterable[int], *, on: date, moment: datetime) -> list[Statement]:
    """The records of these contributors as they stand on that date, as recorded by that moment. Three queries."""
    return [as_statement(record, on=on, moment=moment) for record in records_of(parties)]


def as_statement(record: Authorisation, *, on: date, moment: datetime) -> Statement:
    """One record as the gate reads it. A use without a value in the vocabulary is kept as it is, and denies."""
    lines = [Line(each.pk, each.kind, each.settles_id, each.due_on, each.recorded_at) for each in record.entries.all()]
    return Statement(
        id=record.pk,
        party=record.party_id,
        production=record.production_id,
        basis=record.basis,
        material_kinds=frozenset(record.material_kinds),
        capacities=frozenset(record.capacities),
        uses={purpose: str(use.get("value")) for purpose, use in record.uses.items()},
        recipients=frozenset(record.recipients),
        recipient_kinds=frozenset(record.recipient_kinds),
        territory_allow=frozenset(record.territory_allow),
        territory_deny=frozenset(record.territory_deny),
        valid_from=record.valid_from,
        valid_until=record.valid_until,
        constraints={
            purpose: use["constraint"]
            for purpose, use in record.uses.items()
            if isinstance(use.get("constraint"), dict)
        },
        supersedes=record.supersedes_id,
        is_open=is_open(record.compensation, lines, on=on, moment=moment),
        retention_days=record.retention_days,
        is_rider="rider" in record.evidence.kind,
        guardian=bool(record.granted_by),
        events=tuple(StateEvent(event.pk, event.state, event.effective_at) for event in record.events.all()),
    )

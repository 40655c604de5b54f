"""The registry's records as the plain values that the pure rules read."""

from collections.abc import Iterable

from loop.consent.models import Authorisation
from loop.gate.facts import StateEvent, Statement


def statements_of(parties: Iterable[int]) -> list[Statement]:
    """Every authorisation record of these contributors with its events, by id. Two queries."""
    records = Authorisation.objects.filter(party_id__in=set(parties)).prefetch_related("events").order_by("id")
    return [as_statement(record) for record in records]


def as_statement(record: Authorisation) -> Statement:
    """One record as the gate reads it. A use without a value in the vocabulary is kept as it is, and denies."""
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
        events=tuple(StateEvent(event.pk, event.state, event.effective_at) for event in record.events.all()),
    )

"""What a production's authorisations promised to pay, what of it is due, and how it was met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from django.db.models import Q

from loop.consent import terms
from loop.consent.models import Authorisation, CompensationEntry, Evidence
from loop.consent.settle import promises
from loop.export.models import Export
from loop.material.models import Production

OVERDUE: Final = "overdue"
DUE: Final = "due"
COMING: Final = "coming"
PROMISED: Final = "promised"  # falls due with a release only
SETTLED: Final = CompensationEntry.Kind.SETTLED.value
WAIVED: Final = CompensationEntry.Kind.WAIVED.value
STANDINGS: Final = (OVERDUE, DUE, COMING, PROMISED, SETTLED, WAIVED)


@dataclass(frozen=True, slots=True)
class Owed:
    """Something promised or due. `entry` None: what the record itself promised. `met_by`: the line that met it.

    `amount` and `currency` as recorded; "" where nobody said. `release`: E-number of the release it is due for.
    """

    authorisation: Authorisation
    entry: CompensationEntry | None
    standing: str
    amount: str
    currency: str
    due_on: date | None
    release: str
    rows: int | None
    met_by: CompensationEntry | None

    @property
    def is_owed(self) -> bool:
        """Whether it holds the record back in the gate today."""
        return self.standing in {OVERDUE, DUE}

    @property
    def may_be_met(self) -> bool:
        """Whether settling or waiving it changes anything."""
        return self.is_owed or self.standing == COMING

    @property
    def evidence(self) -> Evidence | None:
        """The document of whatever met it; that of the authorisation, where its own terms say so."""
        if self.met_by is not None:
            return self.met_by.evidence
        return self.authorisation.evidence if self.standing in {SETTLED, WAIVED} else None


def compensation(*, production: Production, on: date) -> list[Owed]:
    """Every promise and every due line of the production's records on that date, overdue first. Three queries."""
    records = Authorisation.objects.filter(Q(production=production) | Q(production=None))
    records = records.filter(Q(compensation__has_key="term") | Q(entries__isnull=False)).distinct()
    found = list(records.select_related("party", "evidence", "production").order_by("id"))
    entries: dict[int, list[CompensationEntry]] = {}
    for entry in CompensationEntry.objects.filter(authorisation__in=found).select_related("evidence").order_by("id"):
        entries.setdefault(entry.authorisation_id, []).append(entry)
    releases = {entry.release for lines in entries.values() for entry in lines if entry.release}
    numbers = {
        uid: f"{code} E-{number}" if code != production.code else f"E-{number}"
        for uid, code, number in Export.objects.filter(uid__in=releases).values_list(
            "uid", "production__code", "number"
        )
    }
    owed = [line for record in found for line in _of_record(record, entries.get(record.pk, []), numbers, on)]
    return sorted(
        owed,
        key=lambda line: (STANDINGS.index(line.standing), line.due_on or date.min, line.authorisation.pk),
    )


def due_by(export: Export) -> list[CompensationEntry]:
    """The lines that fell due by a release, by party. One query."""
    lines = CompensationEntry.objects.filter(kind=CompensationEntry.Kind.DUE, release=export.uid)
    return list(lines.select_related("authorisation__party", "met_by").order_by("authorisation__party_id", "id"))


def _of_record(
    record: Authorisation, entries: Iterable[CompensationEntry], numbers: dict[UUID, str], on: date
) -> Iterable[Owed]:
    met = {entry.settles_id: entry for entry in entries if entry.kind != CompensationEntry.Kind.DUE}
    if record.compensation.get("term"):
        due_on = _day(record.compensation.get("due"))
        yield Owed(
            record, None, _standing_of_promise(record, met.get(None), due_on, on),
            _text(record.compensation.get("amount")), _text(record.compensation.get("currency")), due_on, "", None,
            met.get(None),
        )  # fmt: skip
    for entry in entries:
        if entry.kind != CompensationEntry.Kind.DUE or entry.due_on is None:
            continue
        met_by = met.get(entry.pk)
        late = OVERDUE if entry.due_on < on else DUE if entry.due_on == on else COMING
        yield Owed(
            record, entry, met_by.kind if met_by else late, _text(entry.amount), entry.currency, entry.due_on,
            numbers.get(entry.release, str(entry.release)) if entry.release else "", entry.rows, met_by,
        )  # fmt: skip


def _standing_of_promise(record: Authorisation, met_by: CompensationEntry | None, due_on: date | None, on: date) -> str:
    status = record.compensation.get("status")
    if status in terms.SETTLED:
        return WAIVED if status == WAIVED else SETTLED
    if met_by is not None:
        return met_by.kind
    if not promises(record):
        return PROMISED
    return OVERDUE if due_on is not None and due_on < on else DUE


def _day(value: object) -> date | None:
    """A date as the record's terms write it; None for anything else."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _text(value: object) -> str:
    return "" if value is None else str(value)

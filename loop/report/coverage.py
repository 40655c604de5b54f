"""What each party of a production allows today, purpose by purpose, and what is about to end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Q

from loop.consent import terms
from loop.consent.models import Authorisation
from loop.gate.facts import Question, Statement
from loop.gate.parties import known_parties
from loop.gate.question import ask
from loop.gate.rules import standing
from loop.gate.statements import as_statement, records_of
from loop.kernel.clock import utc_date
from loop.material.models import Production
from loop.people.models import Contributor

SOON: Final = timedelta(days=60)
PURPOSES: Final = tuple(name for name in terms.PURPOSES if name in terms.GRANTABLE_PURPOSES)

ALLOWED: Final = "allowed"
CONSTRAINED: Final = "constrained"
NOT_ALLOWED: Final = "not allowed"
SILENT: Final = "silent"  # has records, none of which speaks of the purpose
NOT_GIVEN: Final = "not given"  # asked, deferred, refused, or not yet valid
EXPIRED: Final = "expired"
WITHDRAWN: Final = "withdrawn"
NOTHING: Final = "no record"
SAID: Final = (ALLOWED, CONSTRAINED, NOT_ALLOWED, SILENT, NOT_GIVEN, EXPIRED, WITHDRAWN, NOTHING)
_WHY: Final = (("WITHDRAWN", WITHDRAWN), ("EXPIRED", EXPIRED), ("NOT_GIVEN", NOT_GIVEN))


@dataclass(frozen=True, slots=True)
class Covered:
    """One party. `said`: one of SAID for each of PURPOSES, in their order. `ends_on`: the first record in force to end.

    `ending`: its records in force that end within SOON.
    """

    party: Contributor
    said: tuple[str, ...]
    ends_on: date | None
    ending: tuple[Authorisation, ...]

    @property
    def has_records(self) -> bool:
        """Whether anything at all is recorded."""
        return NOTHING not in self.said

    @property
    def by_purpose(self) -> tuple[tuple[str, str], ...]:
        """The purposes with what is said of each."""
        return tuple(zip(PURPOSES, self.said, strict=True))


def coverage(*, production: Production, moment: datetime) -> list[Covered]:
    """Every party known to the production, or with a record about it, by id, as the registry stands at `moment`.

    States come from the events, as in the gate (rule 8). A denial in force wins, as in rule 10. It says what a party
    allows somebody: the recipient, the territory, the material and what is owed are asked by `gate.explain`, for one
    item. Eight queries.
    """
    today = utc_date(moment)
    question = ask(production=production, purpose=PURPOSES[0], profile=None, recipient=None, on=today, moment=moment)
    known = list(known_parties(production))
    about = Q(authorisations__production=production)
    others = Contributor.objects.filter(about).exclude(pk__in=[each.pk for each in known]).distinct()
    parties = sorted([*known, *others], key=lambda each: each.pk)
    records: dict[int, list[Authorisation]] = {}
    for record in records_of(each.pk for each in parties):
        if record.production_id in {None, production.pk}:
            records.setdefault(record.party_id, []).append(record)
    return [_covered(party, records.get(party.pk, ()), question) for party in parties]


def _covered(party: Contributor, records: Sequence[Authorisation], question: Question) -> Covered:
    statements = [as_statement(record, on=question.on, moment=question.moment) for record in records]
    why = {each.id: standing(each, question) for each in statements}
    newer = [each for each in statements if why[each.id] is None and each.supersedes is not None]
    replaced = {old.id for each in newer for old in statements if old.id == each.supersedes and _reaches(each, old)}
    speaking = [each for each in statements if each.id not in replaced]
    in_force = [record for record in records if why[record.pk] is None and record.pk not in replaced]
    ends = min((record.valid_until for record in in_force), default=None)
    ending = tuple(record for record in in_force if record.valid_until <= question.on + SOON)
    return Covered(party, tuple(_said(purpose, speaking, why) for purpose in PURPOSES), ends, ending)


def _reaches(newer: Statement, older: Statement) -> bool:
    """Whether the newer record says something wherever the older one does."""
    return (
        newer.production in {None, older.production}
        and (not newer.material_kinds or (bool(older.material_kinds) and older.material_kinds <= newer.material_kinds))
        and (not newer.capacities or (bool(older.capacities) and older.capacities <= newer.capacities))
    )


def _said(purpose: str, statements: Iterable[Statement], why: dict[int, str | None]) -> str:
    everything = list(statements)
    if not everything:
        return NOTHING
    naming = [each for each in everything if purpose in each.uses]
    if not naming:
        return SILENT
    values = {each.uses[purpose] for each in naming if why[each.id] is None}
    if not values:
        codes = {why[each.id] for each in naming}
        return next(word for code, word in _WHY if code in codes)
    if values - {terms.ALLOWED, terms.CONSTRAINED}:
        return NOT_ALLOWED
    return ALLOWED if terms.ALLOWED in values else CONSTRAINED

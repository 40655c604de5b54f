"""Which refusals must be written down as denials so that they win, and which silence carries already."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from loop.consent import terms
from loop.consent.models import Recipient
from loop.gate.facts import Statement
from loop.gate.rules import state_at
from loop.gate.statements import statements_of
from loop.material.models import Production
from loop.people.models import Contributor


def denials(
    *,
    party: Contributor,
    production: Production,
    refused: Iterable[str],
    recipients: Collection[str],
    replaced: Collection[int],
    on: date,
    moment: datetime,
) -> list[str]:
    """The refused purposes that are recorded as `notAllowed`; for the others nothing is recorded.

    A denial in force wins over every record of the party, whoever is named in it (rule 10). That is what a refusal
    should do, except where the party allows the purpose to somebody else and to nobody of those who ask now: there
    silence denies those who ask, and a denial would take from the others what was never asked about.
    `replaced` are records that end with this answer. Four queries.
    """
    codes = set(recipients)
    kinds = set(Recipient.objects.filter(code__in=codes).values_list("kind", flat=True))
    held = [
        each
        for each in statements_of([party.pk], on=on, moment=moment)
        if each.id not in replaced and _stands(each, production, on, moment)
    ]
    found = []
    for purpose in sorted(refused):
        allowing = [each for each in held if each.uses.get(purpose) in (terms.ALLOWED, terms.CONSTRAINED)]
        asked = any(each.recipients & codes or each.recipient_kinds & kinds for each in allowing)
        if asked or not allowing:
            found.append(purpose)
    return found


def _stands(statement: Statement, production: Production, on: date, moment: datetime) -> bool:
    return (
        statement.production in (None, production.pk)
        and state_at(statement.events, moment) in terms.PERMITTING_STATES
        and statement.valid_from <= on <= statement.valid_until
    )

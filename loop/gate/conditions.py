"""What one record says under the circumstances of the question, pure: conditions, what is owed, riders, retention.

`constrained` (rule 9) holds if every key of its condition is one that can be checked here (`terms.CONSTRAINTS`) and is
true: `recipients`, `recipient_kinds` and `profiles` list what is meant, `places` holds all of the recipient's places,
`not_before` and `not_after` are dates, both included. An empty condition, or any other key, is never met.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from loop.consent import terms
from loop.gate.facts import Agreement, Contribution, Question, Statement

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def allows(statement: Statement, question: Question) -> bool:
    """Rule 9 for one record: the value for the purpose is `allowed`, or `constrained` under a condition that is met."""
    value = statement.uses.get(question.purpose)
    if value == terms.CONSTRAINED:
        return is_met(statement.constraints.get(question.purpose, {}), question)
    return value == terms.ALLOWED


def is_met(condition: Mapping[str, object], question: Question) -> bool:
    """Whether every key of a condition is checkable and true."""
    return bool(condition) and all(_holds(key, value, question) for key, value in condition.items())


def _holds(key: str, value: object, question: Question) -> bool:
    recipient = question.recipient
    on = question.on.isoformat()
    if key == "not_before":
        return isinstance(value, str) and bool(_DATE.fullmatch(value)) and value <= on
    if key == "not_after":
        return isinstance(value, str) and bool(_DATE.fullmatch(value)) and on <= value
    if not isinstance(value, list):
        return False
    if key == "recipients":
        return recipient is not None and recipient.code in value
    if key == "recipient_kinds":
        return recipient is not None and recipient.kind in value
    if key == "profiles":
        return question.profile is not None and question.profile in value
    if key == "places":
        places = places_of(question)
        return bool(places) and all(place in value for place in places)
    return False


def agreements_in_force(question: Question) -> list[Agreement]:
    """The recipient's agreements on the date."""
    if question.recipient is None:
        return []
    return [agreement for agreement in question.recipient.agreements if agreement.is_in_force(question.on)]


def _telling(question: Question) -> Iterable[Agreement]:
    """Those in force that list the purpose; without such those in force, else all: rule 3 refuses then."""
    if question.recipient is None:
        return ()
    in_force = agreements_in_force(question)
    listing = [agreement for agreement in in_force if question.purpose in agreement.purposes]
    return listing or in_force or question.recipient.agreements


def places_of(question: Question) -> frozenset[str]:
    """Where the recipient would process and store: the union over the agreements that tell; empty if not fully known.

    One agreement without places makes the whole unknown.
    """
    telling = tuple(_telling(question))
    if any(not agreement.places for agreement in telling):
        return frozenset()
    return frozenset[str]().union(*(agreement.places for agreement in telling))


def kept_days(question: Question) -> int | None:
    """How long the recipient keeps a release: the longest of what its agreements say; None: one does not say."""
    said = [agreement.retention_days for agreement in _telling(question)]
    known = [days for days in said if days is not None]
    return max(known) if known and len(known) == len(said) else None


def used_days(question: Question) -> int:
    """How long the recipient means to use it; 0: no agreement says."""
    return max((agreement.use_days or 0 for agreement in _telling(question)), default=0)


def fits_retention(statement: Statement, question: Question) -> bool:
    """Rule 18: neither the recipient's retention nor the party's limit ends before the use does, and the recipient
    keeps nothing longer than the party allows. A retention nobody recorded limits nothing.
    """
    kept, used, limit = kept_days(question), used_days(question), statement.retention_days
    if kept is not None and kept < used:
        return False
    if limit is None:
        return True
    return used <= limit and kept is not None and kept <= limit


def is_sensitive(contribution: Contribution, question: Question) -> bool:
    """Rule 16: a likeness or voice, or anything of a minor."""
    return contribution.capacity == terms.LIKENESS or contribution.party in question.minors


def is_specific(statement: Statement, contribution: Contribution, question: Question) -> bool:
    """Rule 16: the record is a rider, by its document or because it names the capacity; for a minor somebody signed."""
    if not is_sensitive(contribution, question):
        return True
    if contribution.party in question.minors and not statement.guardian:
        return False
    return statement.is_rider or contribution.capacity in statement.capacities

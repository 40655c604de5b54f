"""What the registry's verbs ask of what they are given. Each refusal names the field, what was expected and found."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

from loop.consent import fees, terms
from loop.kernel.canonical import Json, NotCanonicalError, canonical
from loop.kernel.clock import now, utc_date
from loop.kernel.errors import NotValidError

MOST_DAYS: Final = 109_500
PART: Final = re.compile(r"[A-Z0-9]{1,3}", re.ASCII)
COMPENSATION: Final = ("term", "amount", "currency", "due", "status", "waiver")
GUILD: Final = ("name", "agreement", "notice_ref")
AMOUNT: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?", re.ASCII)
DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)


def dates_in_order(valid_from: date, valid_until: date) -> None:
    """Raises NotValidError unless the term begins no later than it ends."""
    if valid_until < valid_from:
        raise NotValidError(
            f"valid_until: expected {valid_from} or later (valid_from), found {valid_until}", field="valid_until"
        )


def not_to_come(field: str, value: date | datetime | None) -> None:
    """Raises NotValidError for a signature of a day or moment that is still to come; None: nobody said when."""
    present = now()
    later = value is not None and (value > present if isinstance(value, datetime) else value > utc_date(present))
    if later:
        raise NotValidError(f"{field}: expected {present:%Y-%m-%d} or earlier, found {value}", field=field)


def one_of(field: str, value: str, known: Iterable[str]) -> str:
    """`value`, if it is one of `known`."""
    names = sorted(known)
    if value not in names:
        raise NotValidError(f"{field}: expected one of {', '.join(names)}; found {value!r}", field=field)
    return value


def each_of(field: str, values: Iterable[str], known: Iterable[str]) -> list[str]:
    """The distinct values in alphabetical order, each one of `known`."""
    names = set(known)
    return [one_of(field, value, names) for value in sorted(set(values))]


def places(field: str, values: Iterable[str]) -> list[str]:
    """Distinct two-letter codes of ISO 3166-1 in capitals, in alphabetical order."""
    found = sorted({value.strip().upper() for value in values})
    for code in found:
        if code not in terms.PLACES:
            raise NotValidError(
                f"{field}: expected two-letter country codes of ISO 3166-1 (US, GB, DE ...), found {code!r}",
                field=field,
            )
    return found


def purposes(field: str, values: Iterable[str]) -> list[str]:
    """Distinct grantable purposes in alphabetical order, at least one. `digital_replica` is refused by name."""
    found = sorted(set(values))
    if not found:
        raise NotValidError(f"{field}: expected at least one purpose, found none", field=field)
    for purpose in found:
        if purpose == terms.REPLICA:
            raise NotValidError(
                f"{field}: {terms.REPLICA} is never granted here; it needs an instrument of its own", field=field
            )
        one_of(field, purpose, terms.GRANTABLE_PURPOSES)
    return found


def uses(values: Mapping[str, str | Mapping[str, Json]]) -> dict[str, Json]:
    """{purpose: {"value": ..., "constraint": {...}}} out of {purpose: value} or {purpose: {"value": ...}}.

    Refusing a digital replica may be recorded (`notAllowed`); allowing one may not.
    """
    if not values:
        raise NotValidError("uses: expected at least one purpose with a value, found none", field="uses")
    found: dict[str, Json] = {}
    for purpose in sorted(values):
        given = values[purpose]
        use: Mapping[str, Json] = {"value": given} if isinstance(given, str) else given
        value = one_of(f"uses.{purpose}", str(use.get("value")), terms.USE_VALUES)
        if not (purpose == terms.REPLICA and value == terms.NOT_ALLOWED):
            purposes("uses", [purpose])
        constraint = use.get("constraint")
        if constraint and value != terms.CONSTRAINED:
            raise NotValidError(f"uses.{purpose}: a constraint belongs to `constrained`, found {value}", field="uses")
        if constraint and not isinstance(constraint, Mapping):
            raise NotValidError(f"uses.{purpose}: expected a constraint of named conditions", field="uses")
        if set(use) - {"value", "constraint"}:
            raise NotValidError(
                f"uses.{purpose}: expected value and constraint, found {', '.join(sorted(use))}", field="uses"
            )
        try:
            canonical(constraint)
        except NotCanonicalError as error:
            raise NotValidError(f"uses.{purpose}.constraint: {error}", field="uses") from error
        if isinstance(constraint, Mapping):
            _condition(f"uses.{purpose}.constraint", constraint)
        found[purpose] = {"value": value, "constraint": constraint} if constraint else {"value": value}
    return found


def _condition(field: str, given: Mapping[str, Json]) -> None:
    """Keys that the gate can check have a value it can check; any other key is kept, and never met."""
    known: dict[str, Iterable[str] | None] = {
        "recipients": None, "profiles": terms.PROFILE_PURPOSE, "places": terms.PLACES,
        "recipient_kinds": terms.RECIPIENT_KINDS,
    }  # fmt: skip
    for key, value in given.items():
        if key in known:
            if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
                raise NotValidError(f"{field}.{key}: expected a list of names, found {value!r}", field="uses")
            names = known[key]
            if names is not None:
                each_of(f"{field}.{key}", value, names)
        elif key in ("not_before", "not_after") and not _is_day(value):
            raise NotValidError(f"{field}.{key}: expected a date like 2026-11-20, found {value!r}", field="uses")


def _is_day(value: object) -> bool:
    """A date as the gate compares it: ten characters, as the calendar has it."""
    if not isinstance(value, str) or not DAY.fullmatch(value):
        return False
    return fees.day_of(value) is not None


def days(field: str, value: int | None) -> int | None:
    """A number of days, up to three hundred years; None: nobody said."""
    if value is not None and not 0 <= value <= MOST_DAYS:
        raise NotValidError(f"{field}: expected 0 to {MOST_DAYS} days, found {value}", field=field)
    return value


def jurisdiction(value: str) -> str:
    """A country or a part of one, by ISO 3166 (US, US-CA); "" if nobody said."""
    country, dash, part = value.partition("-")
    if value and (country not in terms.PLACES or (dash and not PART.fullmatch(part))):
        raise NotValidError(
            f"jurisdiction: expected a country or a part of one (US, US-CA, GB-SCT), found {value!r}",
            field="jurisdiction",
        )
    return value


def compensation(given: Mapping[str, Json]) -> dict[str, Json]:
    """What a record promises: text under names of `COMPENSATION`, a term beside anything else, a sound amount."""
    found = _texts("compensation", given, COMPENSATION)
    if found and not found.get("term"):
        raise NotValidError("compensation: expected a term beside it, found none", field="compensation")
    amount, currency = str(found.get("amount") or ""), str(found.get("currency") or "")
    if amount and not AMOUNT.fullmatch(amount):
        raise NotValidError(
            f"compensation.amount: expected a number like 12.50, found {amount!r}", field="compensation"
        )
    if bool(amount) != bool(currency) or (currency and not CURRENCY.fullmatch(currency)):
        raise NotValidError(
            f"compensation.currency: expected three capitals beside an amount, found {currency!r}", field="compensation"
        )
    due = str(found.get("due") or "")
    if due and not fees.DUE_AFTER.fullmatch(due) and not _is_day(due):
        raise NotValidError(
            f"compensation.due: expected a date like 2026-11-20, or days after a release (30 days), found {due!r}",
            field="compensation",
        )
    return found


def guild(given: Mapping[str, Json]) -> dict[str, Json]:
    """The guild's agreement a record was made under: text under names of `GUILD`."""
    return _texts("guild", given, GUILD)


def _texts(field: str, given: Mapping[str, Json], names: Iterable[str]) -> dict[str, Json]:
    for name, value in given.items():
        one_of(field, name, names)
        if not isinstance(value, str):
            raise NotValidError(f"{field}.{name}: expected text, found {value!r}", field=field)
        if value:
            named(f"{field}.{name}", value, 200)
    return {name: value.strip() for name, value in given.items() if isinstance(value, str) and value.strip()}


def named(field: str, value: str, longest: int) -> str:
    """`value` without outer blanks: 1 to `longest` characters, none of them a control character."""
    text = value.strip()
    if not text or len(text) > longest or not text.isprintable():
        raise NotValidError(f"{field}: expected 1 to {longest} printable characters, found {value!r}", field=field)
    return text

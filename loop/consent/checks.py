"""What the registry's verbs ask of what they are given. Each refusal names the field, what was expected and found."""

from collections.abc import Iterable, Mapping
from datetime import date

from loop.consent import terms
from loop.kernel.canonical import Json, NotCanonicalError, canonical
from loop.kernel.errors import NotValidError


def dates_in_order(valid_from: date, valid_until: date) -> None:
    """Raises NotValidError unless the term begins no later than it ends."""
    if valid_until < valid_from:
        raise NotValidError(
            f"valid_until: expected {valid_from} or later (valid_from), found {valid_until}", field="valid_until"
        )


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
        if set(use) - {"value", "constraint"}:
            raise NotValidError(
                f"uses.{purpose}: expected value and constraint, found {', '.join(sorted(use))}", field="uses"
            )
        try:
            canonical(constraint)
        except NotCanonicalError as error:
            raise NotValidError(f"uses.{purpose}.constraint: {error}", field="uses") from error
        found[purpose] = {"value": value, "constraint": constraint} if constraint else {"value": value}
    return found


def named(field: str, value: str, longest: int) -> str:
    """`value` without outer blanks: 1 to `longest` characters, none of them a control character."""
    text = value.strip()
    if not text or len(text) > longest or not text.isprintable():
        raise NotValidError(f"{field}: expected 1 to {longest} printable characters, found {value!r}", field=field)
    return text

"""Small words and shapes for every page: the verdict mark, figures with their unit, short digests.

Nothing here reads the database. Figures follow the house rule: a missing value is an en dash, never a zero.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template

register = template.Library()

NOTHING = "\N{EN DASH}"
VERDICTS = {
    "accept": "Accepted",
    "reject": "Rejected",
    "revise": "Revised",
    "skip": "Skipped",
    "retract": "Retracted",
}
SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
SHORT_DIGEST = 12


@register.inclusion_tag("shared/_mark.html")
def mark(outcome: str, number: str | int = "") -> dict[str, str]:
    """Draw the shape of a verdict, round or through `number` if one is given. Decorative: put the word beside it."""
    return {"outcome": str(outcome), "number": str(number)}


@register.inclusion_tag("shared/_verdict.html")
def verdict(outcome: str) -> dict[str, str]:
    """The shape of a verdict with its word."""
    return {"outcome": str(outcome), "word": VERDICTS.get(str(outcome), str(outcome))}


@register.filter
def word(outcome: str) -> str:
    """The past participle of a verdict: accept -> Accepted."""
    return VERDICTS.get(str(outcome), str(outcome))


@register.filter
def latency(value: float | None) -> str:
    """Milliseconds for people: 840 ms, 3.8 s, 2 min 5 s."""
    if value is None:
        return NOTHING
    if value < SECOND_MS:
        return f"{value:.0f} ms"
    if value < MINUTE_MS:
        return f"{value / SECOND_MS:.1f} s"
    minutes, rest = divmod(round(value / SECOND_MS), 60)
    return f"{minutes} min {rest} s"


@register.filter
def usd(value: Decimal | str | None) -> str:
    """US dollars; small sums keep four places because a suggestion often costs less than a cent."""
    if value is None:
        return NOTHING
    money = Decimal(value)
    return f"${money:,.2f}" if money == 0 or money >= 1 else f"${money:.4f}"


@register.filter
def amount(value: Decimal | str | None) -> str:
    """US dollars without the sign, for columns whose head names the unit."""
    return usd(value).lstrip("$")


@register.filter
def short(value: object) -> str:
    """The first characters of a digest or id, enough to recognise it; the whole stands in the title attribute."""
    return str(value)[:SHORT_DIGEST] if value else NOTHING


@register.filter
def percent(value: float | None) -> str:
    """A share between 0 and 1 as whole percent."""
    return NOTHING if value is None else f"{value * 100:.0f} %"


@register.filter
def missing(value: object) -> object:
    """An en dash for what is not recorded; a recorded zero stays a zero."""
    return NOTHING if value is None or value == "" else value


@register.filter
def get(mapping: dict[Any, Any], key: object) -> object:
    """One value of a mapping by a key that only the template knows."""
    return mapping.get(key, "")

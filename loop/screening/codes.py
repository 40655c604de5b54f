"""What screening can find, and what each finding does: one table, pure. A production sets a level for each family."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from loop.kernel.errors import NotValidError

SCREEN: Final = "screen-1"
"""The version of the detectors and of this table. It changes with anything that changes a finding."""

OFF, STANDARD, STRICT = "off", "standard", "strict"
LEVELS: Final = (OFF, STANDARD, STRICT)
NOTE: Final = "note"
HOLD: Final = "quarantine"
POLICY: Final = "policy."
"""What a finding of the production's own rules begins with; the rule's name follows."""
PASSED, QUARANTINED = "pass", "quarantined"

FAMILIES: Final[Mapping[str, str]] = {
    "control": "Control tokens of chat templates",
    "invisible": "Invisible and bidirectional characters",
    "injection": "Orders to the model that reads it",
    "secret": "Keys and passwords",
    "personal": "Personal data by pattern",
    "roster": "The production's own people",
}


@dataclass(frozen=True, slots=True)
class Code:
    """One finding: what it does at either level, and how a page says it."""

    code: str
    standard: str
    strict: str
    words: str

    @property
    def family(self) -> str:
        return self.code.split(".", 1)[0]


# At the standard level only what has no business in anybody's text holds a row back; what a film's papers may well
# hold (a name, a number, an address) is noted, so that a default never stops an ordinary production.
CODES: Final = (
    Code("control.token", HOLD, HOLD, "a control token of a chat template"),
    Code("control.ambiguous", NOTE, HOLD, "what may be a control token, or markup"),
    Code("control.role_header", NOTE, HOLD, "a heading that gives a model its role"),
    Code("invisible.tags", HOLD, HOLD, "tag characters, which nobody sees and a model reads"),
    Code("invisible.override", HOLD, HOLD, "a character that turns the order of reading around"),
    Code("invisible.selector_run", HOLD, HOLD, "a run of variation selectors"),
    Code("invisible.zero_width_run", HOLD, HOLD, "a run of characters without width"),
    Code("invisible.bidi", NOTE, HOLD, "a direction mark in a text that is read from the left alone"),
    Code("invisible.zero_width", NOTE, NOTE, "a character without width"),
    Code("invisible.control", NOTE, HOLD, "a control character"),
    Code("injection.override", HOLD, HOLD, "an order to disregard earlier instructions"),
    Code("injection.suspected", NOTE, HOLD, "what may be an order to a model"),
    Code("injection.remote_image", NOTE, HOLD, "an image that is fetched from an address with a query"),
    Code("injection.encoded", NOTE, HOLD, "a long encoded passage"),
    Code("secret.private_key", HOLD, HOLD, "a private key"),
    Code("secret.cloud_key", HOLD, HOLD, "a key of a cloud or of a service"),
    Code("secret.token", HOLD, HOLD, "an access token"),
    Code("secret.jwt", HOLD, HOLD, "a signed web token"),
    Code("secret.in_address", HOLD, HOLD, "a password in an address"),
    Code("secret.assigned", NOTE, HOLD, "what may be a password"),
    Code("personal.iban", HOLD, HOLD, "a bank account"),
    Code("personal.card", NOTE, HOLD, "a payment card"),
    Code("personal.email", NOTE, HOLD, "an e-mail address"),
    Code("personal.phone", NOTE, HOLD, "a telephone number"),
    Code("personal.ip", NOTE, HOLD, "a public internet address"),
    Code("roster.email", NOTE, HOLD, "the e-mail address of one of the production's people"),
    Code("roster.name", NOTE, HOLD, "the name of one of the production's people"),
    Code("roster.login", NOTE, HOLD, "the login of one of the production's people"),
)
BY_CODE: Final[Mapping[str, Code]] = {each.code: each for each in CODES}


def read(value: object) -> dict[str, str]:
    """The level of every family that `value` says; what it leaves out is standard. NotValidError names the path."""
    if not isinstance(value, Mapping):
        raise _wrong("", 'an object such as {"personal": "strict"}', type(value).__name__)
    for family, level in value.items():
        if family not in FAMILIES:
            raise _wrong("", f"families of {', '.join(FAMILIES)}", family)
        if level not in LEVELS:
            raise _wrong(f".{family}", f"{', '.join(LEVELS[:-1])} or {LEVELS[-1]}", level)
    return {family: str(value.get(family, STANDARD)) for family in FAMILIES}


def written(levels: Mapping[str, str]) -> dict[str, Any]:
    """What is kept: the families that are not at the standard level. `read` of it gives the same levels."""
    return {family: levels[family] for family in FAMILIES if levels.get(family, STANDARD) != STANDARD}


def action(code: str, levels: Mapping[str, str]) -> str:
    """What a finding does: "quarantine", "note", or "" where its family is off."""
    known = BY_CODE[code]
    level = levels.get(known.family, STANDARD)
    if level == OFF:
        return ""
    return known.strict if level == STRICT else known.standard


def holds(code: str, levels: Mapping[str, str]) -> bool:
    """Whether a finding holds a text back. One that the table does not know (a rule of the production) does."""
    return code not in BY_CODE or action(code, levels) == HOLD


def words_of(code: str) -> str:
    """What a page says of a finding."""
    if code in BY_CODE:
        return BY_CODE[code].words
    return "a rule of the production for the use of AI" if code.startswith(POLICY) else code


def weigh(codes: Iterable[str], levels: Mapping[str, str]) -> tuple[str, dict[str, int]]:
    """The verdict on a text with these findings, and how many of each code count. Families that are off do not."""
    counts: dict[str, int] = {}
    verdict = PASSED
    for code in codes:
        does = action(code, levels)
        if does:
            counts[code] = counts.get(code, 0) + 1
        if does == HOLD:
            verdict = QUARANTINED
    return verdict, dict(sorted(counts.items()))


def _wrong(where: str, expected: str, found: object) -> NotValidError:
    return NotValidError(f"screening{where}: expected {expected}, found {str(found)[:80]!r}", field=f"screening{where}")

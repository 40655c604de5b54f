"""The gate's codes in rule order, what each says to a person, and who can do something about it. Pure.

Rule source: the decision table of standards 2.6 (rules 1 to 3 and 5 to 11). A rule that is added later takes its place
in `REASONS` by its number: the order here is the order of `codes` everywhere.
"""

from dataclasses import dataclass
from typing import Final

POLICY_VERSION: Final = "gate-1"
"""Stored with every order and carried by every row. Bump it whenever a rule is added or read differently."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One way to fail a rule: `sentence` completes "It may not leave: ...", `remedy` says who can fix it and how."""

    rule: int
    code: str
    sentence: str
    remedy: str


REASONS: Final = (
    Reason(1, "PURPOSE_UNKNOWN", "the purpose has no name in the vocabulary",
           "Whoever orders: name one of the listed purposes."),
    Reason(1, "REPLICA_BLOCKED", "a digital replica is never granted through an export",
           "Nobody here: a digital replica needs an instrument of its own."),
    Reason(2, "FORMAT_PURPOSE_MISMATCH", "the profile needs another purpose",
           "Whoever orders: choose the purpose that the profile needs, or the profile `signals`."),
    Reason(3, "RECIPIENT_NOT_AUTHORISED", "no agreement of the recipient in force on that date lists the purpose",
           "The consent officer: register the recipient's signed agreement."),
    Reason(5, "PRODUCTION_BLOCKED", "the production allows no exports on that date",
           "The production's producer: lift the block, the hold or the embargo, or wait until it ends."),
    Reason(6, "CONTRIBUTOR_UNKNOWN", "a contribution has no known party or capacity, or nobody decided",
           "Whoever brought the material in: name the contributor and the capacity."),
    Reason(7, "CONSENT_MISSING", "a party has no authorisation for the production, the material and the capacity",
           "The consent officer: ask the party and record its answer."),
    Reason(8, "WITHDRAWN", "the party's authorisation was withdrawn, revoked or found invalid",
           "The party alone: nobody else can give it again."),
    Reason(8, "EXPIRED", "the party's authorisation has expired",
           "The consent officer: ask the party to renew it."),
    Reason(8, "NOT_GIVEN", "the party's authorisation was not given, or does not apply yet",
           "The consent officer: follow up the request, or wait until it applies."),
    Reason(9, "USE_NOT_ALLOWED", "no authorisation in force allows the purpose",
           "The consent officer: ask the party for this use."),
    Reason(9, "CONSTRAINT_UNMET", "the purpose is allowed only under a condition that cannot be checked here",
           "The consent officer: ask the party for this use without the condition."),
    Reason(10, "CONFLICT_MOST_RESTRICTIVE", "another statement of the party in force says no; any denial wins",
           "The consent officer: clear up with the party which of the statements stands."),
    Reason(11, "RECIPIENT_OUT_OF_SCOPE", "the party's authorisation does not name this recipient",
           "The consent officer: ask the party whether this recipient is meant too."),
    Reason(11, "TERRITORY", "the recipient's places are unknown, or not all within the territory the party allowed",
           "The consent officer: record the recipient's places, or ask the party to widen the territory."),
)  # fmt: skip

BY_CODE: Final = {reason.code: reason for reason in REASONS}

CODES: Final = tuple(reason.code for reason in REASONS)
"""Every code in rule order; within one rule, the order in which the more telling code comes first."""

PURPOSE, PROFILE, RECIPIENT, PRODUCTION = 1, 2, 3, 5
CONTRIBUTOR, COVERED, IN_FORCE, USE, CONFLICT, SCOPE = 6, 7, 8, 9, 10, 11

OF_THE_ORDER: Final = (PURPOSE, PROFILE, RECIPIENT, PRODUCTION)
OF_EACH_CONTRIBUTION: Final = (CONTRIBUTOR, COVERED, IN_FORCE, USE, CONFLICT, SCOPE)

RULES: Final = {
    PURPOSE: "The purpose is a named one and no digital replica",
    PROFILE: "The profile fits the purpose",
    RECIPIENT: "The recipient signed an agreement, in force on the date, that lists the purpose",
    PRODUCTION: "The production allows exports on the date",
    CONTRIBUTOR: "Every contribution has a known party and capacity, and somebody decided",
    COVERED: "Each party has an authorisation for the production, the kind of material and the capacity",
    IN_FORCE: "It is given and in force on the date",
    USE: "It allows the purpose",
    CONFLICT: "No other statement of the party in force says no",
    SCOPE: "It covers the recipient and the places where the recipient works",
}
"""What each rule asks, as a statement that holds when it passes."""


def in_rule_order(codes: frozenset[str] | set[str]) -> tuple[str, ...]:
    """The distinct codes in rule order. Raises ValueError for a code that no rule has."""
    return tuple(sorted(codes, key=CODES.index))

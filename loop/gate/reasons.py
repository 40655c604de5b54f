"""The gate's codes in rule order, what each says to a person, and who can do something about it. Pure.

Rule source: the decision table of standards 2.6 (all 18 rules). The order here is the order of `codes` everywhere.
"""

from dataclasses import dataclass
from typing import Final

POLICY_VERSION: Final = "gate-2"
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
    Reason(4, "RECIPIENT_RECALL_OVERDUE", "the recipient has not answered a recall in time",
           "The recipient: acknowledge the recall and say what was done."),
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
    Reason(12, "COMPENSATION_DUE", "what the party was promised is neither settled nor waived in writing",
           "The producer: settle it, or record the party's waiver with its evidence."),
    Reason(13, "GUILD_NOTICE_MISSING", "a guild of the production was not told or consulted about this recipient",
           "The consent officer: tell or consult the guild and record the notice."),
    Reason(14, "SUPPLIER_TERMS", "the terms recorded for the model do not allow training on its outputs",
           "Legal: record the supplier's terms (`./manage.py model terms`), or choose another purpose."),
    Reason(15, "ORIGIN_UNDISCLOSED", "a text comes from a model that is not named",
           "Whoever brought it in: bring it again with the model's name."),
    Reason(16, "SENSITIVE_SUBJECT", "it carries a likeness, a voice or a minor, and no specific rider is recorded",
           "The consent officer: ask the party, or a minor's guardian, for a rider that names the capacity."),
    Reason(17, "SCREEN_QUARANTINE", "screening holds a text of the row in quarantine",
           "A producer or an admin: read what was found, and release the text or leave it."),
    Reason(18, "RETENTION", "the retention agreed with the recipient does not fit the use or what the party allows",
           "The consent officer: agree another retention with the recipient, or ask the party."),
)  # fmt: skip

BY_CODE: Final = {reason.code: reason for reason in REASONS}

CODES: Final = tuple(reason.code for reason in REASONS)
"""Every code in rule order; within one rule, the order in which the more telling code comes first."""

PURPOSE, PROFILE, RECIPIENT, RECALL, PRODUCTION = 1, 2, 3, 4, 5
CONTRIBUTOR, COVERED, IN_FORCE, USE, CONFLICT, SCOPE = 6, 7, 8, 9, 10, 11
COMPENSATION, GUILD, SUPPLIER, ORIGIN, SENSITIVE, SCREEN, RETENTION = 12, 13, 14, 15, 16, 17, 18

OF_THE_ORDER: Final = (PURPOSE, PROFILE, RECIPIENT, RECALL, PRODUCTION, GUILD)
OF_EACH_CONTRIBUTION: Final = (
    CONTRIBUTOR, COVERED, IN_FORCE, USE, CONFLICT, SCOPE, COMPENSATION, SENSITIVE, RETENTION,
)  # fmt: skip
OF_EACH_SOURCE: Final = (SUPPLIER, ORIGIN, SCREEN)

RULES: Final = {
    PURPOSE: "The purpose is a named one and no digital replica",
    PROFILE: "The profile fits the purpose",
    RECIPIENT: "The recipient signed an agreement, in force on the date, that lists the purpose",
    RECALL: "The recipient owes no answer to a recall",
    PRODUCTION: "The production allows exports on the date",
    CONTRIBUTOR: "Every contribution has a known party and capacity, and somebody decided",
    COVERED: "Each party has an authorisation for the production, the kind of material and the capacity",
    IN_FORCE: "It is given and in force on the date",
    USE: "It allows the purpose",
    CONFLICT: "No other statement of the party in force says no",
    SCOPE: "It covers the recipient and the places where the recipient works",
    COMPENSATION: "What it promises is settled or waived in writing",
    GUILD: "Each guild of the production was told or consulted, unless the production itself receives",
    SUPPLIER: "The model's supplier allows training on its outputs",
    ORIGIN: "Each text says whether a model, a person or a camera made it, and which model",
    SENSITIVE: "A likeness, a voice or a minor has a specific rider",
    SCREEN: "Screening holds no text of the row",
    RETENTION: "The retention agreed with the recipient fits the use and what the party allows",
}
"""What each rule asks, as a statement that holds when it passes."""


def in_rule_order(codes: frozenset[str] | set[str]) -> tuple[str, ...]:
    """The distinct codes in rule order. Raises ValueError for a code that no rule has."""
    return tuple(sorted(codes, key=CODES.index))

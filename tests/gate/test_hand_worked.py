"""Small worlds whose answers were worked out by hand from the decision table, asked of rules, of SQL and of explain.

Each world begins as one that lets its row leave: p0 accepted a suggestion of a named model whose supplier allows
training, gave the usual consent, and the lab's agreement lists the purpose. What stands in the table is what differs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from loop.decision.models import Decision
from loop.gate.explain import explain
from loop.gate.reasons import CODES
from tests.gate.building import build
from tests.gate.test_sieve import by_rules, by_sql, question_of
from tests.gate.worlds import NOON, TODAY, Record, Said, Work, World

GEN, TRAIN = "ai_generative_training", "ai_training"
GIVEN = ("ConsentGiven", -9)


def says(party: int = 0, **changes: Any) -> Record:
    """The usual consent of a party: generative training, to the lab, everywhere, for sixty days around today."""
    usual = Record(
        party=party, production=0, basis="consent", kinds=(), capacities=(), uses={GEN: "allowed"}, recipients=("lab",),
        recipient_kinds=(), allow=(), deny=(), start=-30, end=30, events=(GIVEN,),
    )  # fmt: skip
    return replace(usual, **changes)


def agrees(**changes: Any) -> tuple[Any, ...]:
    """An agreement of the lab: signed thirty days ago, for sixty, both kinds of training, in the US."""
    usual: dict[str, Any] = {
        "signed": -30, "start": -30, "end": 30, "purposes": (GEN, TRAIN), "places": ("US",), "kept": None, "used": None
    }  # fmt: skip
    return tuple((usual | changes).values())


def world(*records: Record, listed: tuple[tuple[int, str], ...] = (), outcome: str = "accept", **changes: Any) -> World:
    """The usual world with these records; `listed` contribute to the suggestion."""
    usual = World(
        works=(Work(own=listed), Work()), said=(Said(0, 0, None, outcome),), rows=((0, None),), records=records,
        agreements=(agrees(),),
    )  # fmt: skip
    return replace(usual, **changes)


SCRIPT = Work(materials=(("script", ((1, "author_of_source"),)),))
FEE = {"term": "one_fee"}

# name: (world, every code in rule order; none: it may leave)
WORLDS: dict[str, tuple[World, tuple[str, ...]]] = {
    # the base and default deny
    "the decider allowed it": (world(says()), ()),
    "nobody said anything": (world(), ("CONSENT_MISSING",)),
    "the decider is a contributor like the listed writer": (
        world(says(1), listed=((1, "author_of_source"),)), ("CONSENT_MISSING",)),
    "both allowed it": (world(says(), says(1), listed=((1, "author_of_source"),)), ()),
    "the person decided for is asked too": (
        world(says(), said=(Said(0, 0, 1, "accept"),)), ("CONSENT_MISSING",)),
    # conflicting records: any denial wins, on whatever basis and for whomever
    "a specific permission and a general refusal": (
        world(says(capacities=("decider",)), says(uses={GEN: "notAllowed"}, recipients=())),
        ("CONFLICT_MOST_RESTRICTIVE",)),
    "a refusal by licence beats a permission by consent": (
        world(says(), says(basis="contract_licence", uses={GEN: "notAllowed"})), ("CONFLICT_MOST_RESTRICTIVE",)),
    "a refusal that speaks of another purpose": (world(says(), says(uses={TRAIN: "notAllowed"})), ()),
    "a refusal that speaks of scripts only": (world(says(), says(uses={GEN: "notAllowed"}, kinds=("script",))), ()),
    "a refusal that was withdrawn": (
        world(says(), says(uses={GEN: "notAllowed"}, events=(GIVEN, ("ConsentWithdrawn", -1)))), ()),
    "a refusal that begins tomorrow": (world(says(), says(uses={GEN: "notAllowed"}, start=1)), ()),
    "nothing but a refusal": (world(says(uses={GEN: "notAllowed"})), ("USE_NOT_ALLOWED",)),
    "silence about the purpose": (world(says(uses={TRAIN: "allowed"})), ("USE_NOT_ALLOWED",)),
    "a condition nobody can check beside a refusal": (
        world(says(uses={GEN: "constrained"}, conditions={GEN: {"tone": "kind"}}), says(uses={GEN: "notAllowed"})),
        ("USE_NOT_ALLOWED",)),
    # what replaces an earlier statement
    "a later contract that names the refusal it replaces": (
        world(says(uses={GEN: "notAllowed"}), says(basis="contract_licence", replaces=0)), ()),
    "a contract that replaces the refusal and is expired": (
        world(says(uses={GEN: "notAllowed"}), says(replaces=0, start=-30, end=-1)), ("USE_NOT_ALLOWED",)),
    "a restriction replaces the permission, and is withdrawn later": (
        world(says(), says(uses={GEN: "notAllowed"}, replaces=0, events=(GIVEN, ("ConsentWithdrawn", -1)))), ()),
    "a replacement for scripts leaves the refusal of decisions": (
        world(says(uses={GEN: "notAllowed"}), says(kinds=("script",), replaces=0)), ("USE_NOT_ALLOWED",)),
    # states and dates
    "withdrawn a minute ago": (world(says(events=(GIVEN, ("ConsentWithdrawn", -1)))), ("WITHDRAWN",)),
    "withdrawn in a minute": (world(says(events=(GIVEN, ("ConsentWithdrawn", 1)))), ()),
    "revoked by another party": (world(says(events=(GIVEN, ("ConsentRevoked", -1)))), ("WITHDRAWN",)),
    "ends today": (world(says(end=0)), ()),
    "ended yesterday": (world(says(end=-1)), ("EXPIRED",)),
    "begins tomorrow": (world(says(start=1)), ("NOT_GIVEN",)),
    "asked, not answered": (world(says(events=(("ConsentRequested", -9),))), ("NOT_GIVEN",)),
    "expired, and given again by another record": (world(says(end=-1), says()), ()),
    "renewed after it was called expired": (
        world(says(events=(GIVEN, ("ConsentExpired", -5), ("RenewedConsentGiven", -1)))), ()),
    "one withdrawn, one expired: the withdrawal is named": (
        world(says(events=(GIVEN, ("ConsentWithdrawn", -1))), says(end=-1)), ("WITHDRAWN",)),
    # bases and estates
    "the employer owns the script, not the judgement": (world(says(basis="employer_ownership")), ("CONSENT_MISSING",)),
    "the employer owns what an author wrote for it": (
        world(says(), says(1, basis="employer_ownership"), works=(SCRIPT, Work())), ()),
    "an estate allows what a dead author wrote": (
        world(
            says(), says(1, basis="contract_licence", guardian="executor", kinds=("script",)), works=(SCRIPT, Work())
        ),
        ()),
    "an estate that was never asked": (world(says(), works=(SCRIPT, Work())), ("CONSENT_MISSING",)),
    "an estate that allowed other material": (
        world(says(), says(1, kinds=("cut",)), works=(SCRIPT, Work())), ("CONSENT_MISSING",)),
    # recipients and classes of them
    "for another recipient": (world(says(recipients=("vendor",))), ("RECIPIENT_OUT_OF_SCOPE",)),
    "for every recipient outside": (world(says(recipients=(), recipient_kinds=("external",))), ()),
    "for every recipient inside": (
        world(says(recipients=(), recipient_kinds=("internal",))), ("RECIPIENT_OUT_OF_SCOPE",)),
    "constrained to the lab, and it is the lab": (
        world(says(uses={GEN: "constrained"}, conditions={GEN: {"recipients": ["lab"]}})), ()),
    "constrained to the lab and something nobody can check": (
        world(says(uses={GEN: "constrained"}, conditions={GEN: {"recipients": ["lab"], "tone": "kind"}})),
        ("CONSTRAINT_UNMET",)),
    "constrained without saying how": (world(says(uses={GEN: "constrained"})), ("CONSTRAINT_UNMET",)),
    "no agreement": (world(says(), agreements=()), ("RECIPIENT_NOT_AUTHORISED",)),
    "the agreement was signed tomorrow": (world(says(), agreements=(agrees(signed=1),)), ("RECIPIENT_NOT_AUTHORISED",)),
    # territory
    "in the US, and the lab works there": (world(says(allow=("US",))), ()),
    "in the US, and the lab works in Canada too": (
        world(says(allow=("US",)), agreements=(agrees(places=("US", "CA")),)), ("TERRITORY",)),
    "anywhere but the US": (world(says(deny=("US",))), ("TERRITORY",)),
    "anywhere but China, and the lab does not say where": (
        world(says(deny=("CN",)), agreements=(agrees(places=()),)), ("TERRITORY",)),
    "everywhere, and the lab does not say where": (world(says(), agreements=(agrees(places=()),)), ()),
    # compensation
    "a fee nobody settled": (world(says(compensation=FEE)), ("COMPENSATION_DUE",)),
    "a fee that was waived": (world(says(compensation=FEE | {"status": "waived"})), ()),
    "a fee for each row owes nothing yet": (world(says(compensation={"term": "per_row_fee"})), ()),
    "a line that is due today": (world(says(lines=(("due", None, 0, -1),))), ("COMPENSATION_DUE",)),
    "a line that is due tomorrow": (world(says(lines=(("due", None, 1, -1),))), ()),
    "a line that was settled": (world(says(lines=(("due", None, 0, -1), ("settled", 0, 0, -1)))), ()),
    # guilds
    "a guild that was not told": (world(says(), guilds=("DIRECTORS",)), ("GUILD_NOTICE_MISSING",)),
    "two guilds, one told": (
        world(says(), guilds=("DIRECTORS", "WRITERS"), told=(("WRITERS", False, -1),)), ("GUILD_NOTICE_MISSING",)),
    "told for this recipient": (world(says(), guilds=("DIRECTORS",), told=(("DIRECTORS", True, -1),)), ()),
    "told tomorrow": (world(says(), guilds=("DIRECTORS",), told=(("DIRECTORS", True, 1),)), ("GUILD_NOTICE_MISSING",)),
    "the production itself receives": (world(says(), guilds=("DIRECTORS",), recipient_kind="production"), ()),
    # minors, likeness
    "a minor without a guardian": (world(says(kind="signed_rider"), minors=((0, 1),)), ("SENSITIVE_SUBJECT",)),
    "a minor with a guardian and a rider": (
        world(says(kind="signed_rider", guardian="a parent"), minors=((0, 1),)), ()),
    "a minor with a guardian and no rider": (
        world(says(guardian="a parent"), minors=((0, 1),)), ("SENSITIVE_SUBJECT",)),
    "of age since today": (world(says(), minors=((0, 0),)), ()),
    "a likeness under a general consent": (
        world(says(), says(1), listed=((1, "performer_likeness"),)), ("SENSITIVE_SUBJECT",)),
    "a likeness that is named": (
        world(says(), says(1, capacities=("performer_likeness",)), listed=((1, "performer_likeness"),)), ()),
    # suppliers, screening, retention, recalls, the production
    "a supplier that forbids training": (world(says(), terms=("notAllowed",)), ("SUPPLIER_TERMS",)),
    "a supplier nobody asked": (world(says(), terms=()), ("SUPPLIER_TERMS",)),
    "a person wrote it": (world(says(), terms=(), origins=(("person", False), ("person", False))), ()),
    "held by screening": (world(says(), screens=(("work", 0, "quarantined"),)), ("SCREEN_QUARANTINE",)),
    "released by screening": (
        world(says(), screens=(("work", 0, "quarantined"), ("work", 0, "released"))), ()),
    "kept longer than the party allows": (
        world(says(retention=10), agreements=(agrees(kept=30, used=5),)), ("RETENTION",)),
    "used longer than it is kept": (world(says(), agreements=(agrees(kept=10, used=30),)), ("RETENTION",)),
    "an overdue recall": (world(says(), duties=((-1, None),)), ("RECIPIENT_RECALL_OVERDUE",)),
    "a recall answered in time": (world(says(), duties=((-1, -2),)), ()),
    "the last day of the embargo": (world(says(), block={"embargo_until": TODAY}), ("PRODUCTION_BLOCKED",)),
    # purposes and profiles
    "a digital replica, whatever was allowed": (
        world(says(), purpose="digital_replica", profile=None),
        ("REPLICA_BLOCKED", "RECIPIENT_NOT_AUTHORISED", "USE_NOT_ALLOWED")),
    "a purpose without a name": (
        world(says(), purpose="training", profile=None),
        ("PURPOSE_UNKNOWN", "RECIPIENT_NOT_AUTHORISED", "USE_NOT_ALLOWED")),
    "a model that nobody named": (
        world(says(), origins=(("model", False), ("model", True))), ("SUPPLIER_TERMS", "ORIGIN_UNDISCLOSED")),
    "preferences are no evaluation": (
        world(says(uses={TRAIN: "allowed"}), purpose=TRAIN, profile="preference"), ("FORMAT_PURPOSE_MISMATCH",)),
    # several at once, and pairs
    "everything at once, in rule order": (
        world(
            says(allow=("GB",)), says(1, uses={GEN: "notAllowed"}), listed=((1, "author_of_source"), (2, "friend")),
            guilds=("WRITERS",), duties=((-1, None),), block={"legal_hold": True}, terms=(),
            screens=(("work", 0, "quarantined"),),
        ),
        ("RECIPIENT_RECALL_OVERDUE", "PRODUCTION_BLOCKED", "CONTRIBUTOR_UNKNOWN", "USE_NOT_ALLOWED", "TERRITORY",
         "GUILD_NOTICE_MISSING", "SUPPLIER_TERMS", "SCREEN_QUARANTINE")),
    "a revision is asked about as what the reviser wrote": (
        world(says(capacities=("decider",)), outcome="revise"), ("CONSENT_MISSING",)),
    "a pair needs both sides": (
        world(
            says(), said=(Said(0, 0, None, "accept"), Said(1, 1, None, "reject")), rows=((0, 1),),
        ),
        ("CONSENT_MISSING",)),
    "a pair that both sides allow": (
        world(says(), says(1), said=(Said(0, 0, None, "accept"), Said(1, 1, None, "reject")), rows=((0, 1),)), ()),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("name", WORLDS)
def test_rules_sql_and_explain_give_the_answer_worked_out_by_hand(name: str) -> None:
    told, codes = WORLDS[name]
    expected = (codes[0] if codes else None, list(codes))
    built = build(told)
    question = question_of(told, built)
    ((_, primary, found, *_),) = by_rules(told, built, question)
    assert (primary, found) == expected, "rules"
    ((_, primary, found, *_),) = by_sql(built.rows, question)
    assert (primary, found) == expected, "SQL"
    first, *others = [Decision.objects.get(pk=pk) for pk in built.rows[0] if pk is not None]
    (row,) = explain(
        suggestion=first.suggestion, decision=first, other=others[0] if others else None, purpose=told.purpose,
        profile=told.profile, recipient=built.recipient, on=TODAY, moment=NOON,
    ).rows  # fmt: skip
    assert (row.verdict.code, list(row.verdict.codes)) == expected, "explain"
    assert {code for rule in row.rules for code in rule.codes} == set(codes)


def test_no_code_is_left_out() -> None:
    assert set(CODES) == {code for _, codes in WORLDS.values() for code in codes}

"""The verdict of the gate, rule by rule: the passing world first, then one thing wrong at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from loop.consent import terms
from loop.gate.facts import (
    Agreement,
    Contribution,
    ProductionFacts,
    Question,
    RecipientFacts,
    StateEvent,
    Statement,
    Verdict,
)
from loop.gate.reasons import BY_CODE, CODES, REASONS, RULES, in_rule_order
from loop.gate.rules import fits, places_of, state_at, verdict

TODAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
GENERATIVE = "ai_generative_training"

AGREEMENT = Agreement(
    date(2026, 1, 1),
    date(2026, 1, 1),
    date(2026, 12, 31),
    frozenset({GENERATIVE, "ai_evaluation"}),
    frozenset({"US"}),
)
RECIPIENT = RecipientFacts("model-lab", "external", (AGREEMENT,))
PRODUCTION = ProductionFacts(1, "active", True, False, None)
QUESTION = Question(GENERATIVE, "preference", RECIPIENT, PRODUCTION, TODAY, NOON)

DIRECTOR, WRITER = 11, 12
DECIDED = Contribution(DIRECTOR, "decider", "decision")
WROTE = Contribution(WRITER, "author_of_source", "script")


def given(number: int = 1, party: int = DIRECTOR, **changes: object) -> Statement:
    statement = Statement(
        id=number,
        party=party,
        production=1,
        basis="consent",
        material_kinds=frozenset(),
        capacities=frozenset(),
        uses={GENERATIVE: "allowed"},
        recipients=frozenset({"model-lab"}),
        recipient_kinds=frozenset(),
        territory_allow=frozenset(),
        territory_deny=frozenset(),
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        events=(StateEvent(number, "ConsentGiven", NOON - timedelta(days=30)),),
    )
    return replace(statement, **changes)  # type: ignore[arg-type]


def ask(
    *statements: Statement,
    question: Question = QUESTION,
    contributions: tuple[Contribution, ...] = (DECIDED,),
) -> Verdict:
    return verdict(question, contributions, statements)


def codes_of(*statements: Statement, question: Question = QUESTION) -> tuple[str, ...]:
    return ask(*statements, question=question).codes


def test_it_lets_pass_what_everybody_allowed() -> None:
    found = ask(
        given(1),
        given(2, WRITER, valid_until=date(2026, 12, 1)),
        contributions=(DECIDED, WROTE),
    )
    assert (found.allowed, found.code, found.codes) == (True, None, ())
    assert found.authorisation_ids == (1, 2)
    assert found.contributors == (DIRECTOR, WRITER)
    assert found.expires_on == date(2026, 12, 1)
    assert found.territory == ()


def test_it_denies_when_nothing_is_recorded() -> None:
    found = ask(contributions=(DECIDED, WROTE))
    assert found.codes == ("CONSENT_MISSING",)
    assert found.contributors == (DIRECTOR, WRITER)
    assert (found.authorisation_ids, found.expires_on, found.territory, found.uses) == (
        (),
        None,
        (),
        None,
    )


def test_it_blames_only_those_a_rule_failed_for() -> None:
    assert ask(given(1), contributions=(DECIDED, WROTE)).contributors == (WRITER,)


@pytest.mark.parametrize(
    ("purpose", "code"),
    [
        ("training", "PURPOSE_UNKNOWN"),
        ("", "PURPOSE_UNKNOWN"),
        ("digital_replica", "REPLICA_BLOCKED"),
    ],
)
def test_rule_1(purpose: str, code: str) -> None:
    found = ask(
        given(uses={purpose: "allowed"}),
        question=replace(QUESTION, purpose=purpose, profile=None),
    )
    assert found.code == code


@pytest.mark.parametrize(
    "profile",
    ["preference", "unpaired_preference", "sft", "stepwise", "reward", "openai_ft"],
)
def test_rule_2_generative_profiles(profile: str) -> None:
    assert fits(profile, GENERATIVE)
    assert not fits(profile, "ai_training")


def test_rule_2_the_rest() -> None:
    assert fits("evaluation", "ai_evaluation")
    assert not fits("evaluation", GENERATIVE)
    assert all(fits("signals", purpose) for purpose in terms.GRANTABLE_PURPOSES)
    assert not fits("signals", "digital_replica")
    assert not fits("signals", "whatever")
    assert not fits("no_such_profile", GENERATIVE)
    evaluation = replace(QUESTION, purpose="ai_evaluation")
    assert codes_of(given(uses={"ai_evaluation": "allowed"}), question=evaluation) == ("FORMAT_PURPOSE_MISMATCH",)


@pytest.mark.parametrize(
    "recipient",
    [
        None,
        replace(RECIPIENT, agreements=()),
        replace(
            RECIPIENT,
            agreements=(replace(AGREEMENT, purposes=frozenset({"research"})),),
        ),
        replace(
            RECIPIENT,
            agreements=(replace(AGREEMENT, valid_from=TODAY + timedelta(days=1)),),
        ),
        replace(
            RECIPIENT,
            agreements=(replace(AGREEMENT, valid_until=TODAY - timedelta(days=1)),),
        ),
        replace(
            RECIPIENT,
            agreements=(replace(AGREEMENT, signed_on=TODAY + timedelta(days=1)),),
        ),
    ],
)
def test_rule_3(recipient: RecipientFacts | None) -> None:
    assert ask(given(), question=replace(QUESTION, recipient=recipient)).code == "RECIPIENT_NOT_AUTHORISED"


def test_rule_3_the_last_day_counts() -> None:
    last = replace(AGREEMENT, valid_until=TODAY, valid_from=TODAY, signed_on=TODAY)
    assert ask(
        given(),
        question=replace(QUESTION, recipient=replace(RECIPIENT, agreements=(last,))),
    ).allowed


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        ({"exports_allowed": False}, ("PRODUCTION_BLOCKED",)),
        ({"legal_hold": True}, ("PRODUCTION_BLOCKED",)),
        ({"status": "hold"}, ("PRODUCTION_BLOCKED",)),
        ({"status": "wrapped"}, ()),
        ({"embargo_until": TODAY}, ("PRODUCTION_BLOCKED",)),
        ({"embargo_until": TODAY - timedelta(days=1)}, ()),
    ],
)
def test_rule_5(facts: dict[str, object], codes: tuple[str, ...]) -> None:
    show = replace(PRODUCTION, **facts)  # type: ignore[arg-type]
    assert codes_of(given(), question=replace(QUESTION, production=show)) == codes


@pytest.mark.parametrize(
    "contributions",
    [
        (),
        (Contribution(WRITER, "author_of_source", "script"),),
        (DECIDED, Contribution(WRITER, "", "script")),
        (DECIDED, Contribution(WRITER, "friend", "script")),
        (DECIDED, Contribution(0, "author_of_source", "script")),
        (Contribution(0, "decider", "decision"),),
    ],
)
def test_rule_6(contributions: tuple[Contribution, ...]) -> None:
    found = ask(given(1), given(2, WRITER), contributions=contributions)
    assert found.codes == ("CONTRIBUTOR_UNKNOWN",)
    assert 0 not in found.contributors


@pytest.mark.parametrize(
    "statement",
    [
        given(party=WRITER),
        given(production=2),
        given(material_kinds=frozenset({"script"})),
        given(capacities=frozenset({"author_of_source"})),
        given(basis="employer_ownership"),
    ],
)
def test_rule_7(statement: Statement) -> None:
    assert codes_of(statement) == ("CONSENT_MISSING",)


def test_rule_7_covers() -> None:
    assert codes_of(given(production=None)) == ()
    assert (
        codes_of(
            given(
                material_kinds=frozenset({"decision"}),
                capacities=frozenset({"decider"}),
            )
        )
        == ()
    )
    owned = given(2, WRITER, basis="employer_ownership")
    assert ask(given(1), owned, contributions=(DECIDED, WROTE)).allowed
    for capacity in terms.PERSONAL_CAPACITIES:
        row = (DECIDED, Contribution(WRITER, capacity, "script"))
        assert ask(given(1), owned, contributions=row).codes == ("CONSENT_MISSING",)


EARLIER, LATER = NOON - timedelta(hours=1), NOON + timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("events", "codes"),
    [
        ((), ("NOT_GIVEN",)),
        (("ConsentRequested",), ("NOT_GIVEN",)),
        (("ConsentRequestDeferred",), ("NOT_GIVEN",)),
        (("ConsentRefused",), ("NOT_GIVEN",)),
        (("ConsentRequested", "ConsentGiven"), ()),
        (("ConsentGiven", "RenewedConsentGiven"), ()),
        (("ConsentGiven", "ConsentExpired"), ("EXPIRED",)),
        (("ConsentGiven", "ConsentExpired", "RenewedConsentGiven"), ()),
        (("ConsentGiven", "ConsentWithdrawn"), ("WITHDRAWN",)),
        (("ConsentGiven", "ConsentRevoked"), ("WITHDRAWN",)),
        (("ConsentGiven", "ConsentInvalidated"), ("WITHDRAWN",)),
        (("ConsentGiven", "ConsentWithdrawn", "ConsentGiven"), ()),
    ],
)
def test_rule_8_states(events: tuple[str, ...], codes: tuple[str, ...]) -> None:
    history = tuple(StateEvent(number, state, EARLIER) for number, state in enumerate(events))
    assert codes_of(given(events=history)) == codes


def test_rule_8_only_what_has_happened_counts() -> None:
    gave = StateEvent(1, "ConsentGiven", EARLIER)
    assert codes_of(given(events=(gave, StateEvent(2, "ConsentWithdrawn", LATER)))) == ()
    assert codes_of(given(events=(gave, StateEvent(2, "ConsentWithdrawn", NOON)))) == ("WITHDRAWN",)
    assert codes_of(given(events=(StateEvent(1, "ConsentGiven", LATER),))) == ("NOT_GIVEN",)
    backdated = (StateEvent(5, "ConsentWithdrawn", EARLIER - timedelta(days=1)), gave)
    assert state_at(backdated, NOON) == "ConsentGiven"


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "codes"),
    [
        (TODAY, TODAY, ()),
        (TODAY - timedelta(days=9), TODAY - timedelta(days=1), ("EXPIRED",)),
        (TODAY + timedelta(days=1), TODAY + timedelta(days=9), ("NOT_GIVEN",)),
    ],
)
def test_rule_8_dates(valid_from: date, valid_until: date, codes: tuple[str, ...]) -> None:
    assert codes_of(given(valid_from=valid_from, valid_until=valid_until)) == codes


def test_rule_8_says_the_most_telling_code_and_one_in_force_suffices() -> None:
    expired = given(1, valid_until=TODAY - timedelta(days=1))
    withdrawn = given(2, events=(StateEvent(1, "ConsentWithdrawn", EARLIER),))
    asked = given(3, events=(StateEvent(1, "ConsentRequested", EARLIER),))
    assert codes_of(asked, expired) == ("EXPIRED",)
    assert codes_of(asked, expired, withdrawn) == ("WITHDRAWN",)
    assert ask(asked, expired, withdrawn, given(4)).authorisation_ids == (4,)


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ((None,), ("USE_NOT_ALLOWED",)),
        (("notAllowed",), ("USE_NOT_ALLOWED",)),
        (("maybe",), ("USE_NOT_ALLOWED",)),
        (("constrained",), ("CONSTRAINT_UNMET",)),
        (("constrained", None), ("CONSTRAINT_UNMET",)),
        (("constrained", "notAllowed"), ("USE_NOT_ALLOWED",)),
        (("constrained", "allowed"), ()),
        (("allowed", None), ()),
        (("allowed", "notAllowed"), ("CONFLICT_MOST_RESTRICTIVE",)),
    ],
)
def test_rules_9_and_10_values(values: tuple[str | None, ...], codes: tuple[str, ...]) -> None:
    uses = [{GENERATIVE: value} if value else {"research": "allowed"} for value in values]
    assert codes_of(*(given(number, uses=each) for number, each in enumerate(uses, 1))) == codes


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"basis": "employer_ownership"}, ("CONFLICT_MOST_RESTRICTIVE",)),
        (
            {"production": None, "recipients": frozenset()},
            ("CONFLICT_MOST_RESTRICTIVE",),
        ),
        ({"production": 2}, ()),
        ({"capacities": frozenset({"author_of_source"})}, ()),
        ({"material_kinds": frozenset({"script"})}, ()),
        ({"party": WRITER}, ()),
        ({"valid_until": TODAY - timedelta(days=1)}, ()),
        ({"events": (StateEvent(1, "ConsentWithdrawn", EARLIER),)}, ()),
    ],
)
def test_rule_10_any_denial_in_force_wins(changes: dict[str, object], codes: tuple[str, ...]) -> None:
    denial = given(2, uses={GENERATIVE: "notAllowed"}, **changes)
    assert codes_of(given(1), denial) == codes


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"recipients": frozenset()}, ("RECIPIENT_OUT_OF_SCOPE",)),
        ({"recipients": frozenset({"other"})}, ("RECIPIENT_OUT_OF_SCOPE",)),
        (
            {
                "recipients": frozenset({"other"}),
                "recipient_kinds": frozenset({"external"}),
            },
            (),
        ),
        (
            {"recipients": frozenset(), "recipient_kinds": frozenset({"internal"})},
            ("RECIPIENT_OUT_OF_SCOPE",),
        ),
        ({"territory_allow": frozenset({"US", "CA"})}, ()),
        ({"territory_allow": frozenset({"CA"})}, ("TERRITORY",)),
        ({"territory_deny": frozenset({"CA"})}, ()),
        ({"territory_deny": frozenset({"US"})}, ("TERRITORY",)),
        (
            {"territory_allow": frozenset({"US"}), "territory_deny": frozenset({"US"})},
            ("TERRITORY",),
        ),
    ],
)
def test_rule_11(changes: dict[str, object], codes: tuple[str, ...]) -> None:
    assert codes_of(given(**changes)) == codes  # type: ignore[arg-type]


def test_rule_11_one_statement_must_pass_jointly() -> None:
    names = given(1, territory_allow=frozenset({"CA"}))
    holds = given(2, recipients=frozenset({"other"}), territory_allow=frozenset({"US"}))
    assert codes_of(names, holds) == ("TERRITORY",)


def test_rule_11_unknown_places_deny_as_soon_as_a_territory_is_limited() -> None:
    unplaced = replace(AGREEMENT, places=frozenset())
    for agreements in ((unplaced,), (AGREEMENT, unplaced)):
        question = replace(QUESTION, recipient=replace(RECIPIENT, agreements=agreements))
        assert places_of(question) == frozenset()
        assert codes_of(given(), question=question) == ()
        assert codes_of(given(territory_allow=frozenset({"US"})), question=question) == ("TERRITORY",)
        assert codes_of(given(territory_deny=frozenset({"CA"})), question=question) == ("TERRITORY",)


def test_rule_11_every_place_of_the_recipient_counts() -> None:
    canada = replace(AGREEMENT, places=frozenset({"CA"}))
    question = replace(QUESTION, recipient=replace(RECIPIENT, agreements=(AGREEMENT, canada)))
    assert places_of(question) == {"US", "CA"}
    assert codes_of(given(territory_allow=frozenset({"US"})), question=question) == ("TERRITORY",)
    over = replace(canada, valid_until=TODAY - timedelta(days=1))
    assert places_of(replace(QUESTION, recipient=replace(RECIPIENT, agreements=(AGREEMENT, over)))) == {"US"}


def test_it_lists_every_distinct_code_in_rule_order() -> None:
    question = replace(QUESTION, purpose="ai_training", production=replace(PRODUCTION, legal_hold=True))
    found = ask(
        given(1),
        question=question,
        contributions=(DECIDED, WROTE, Contribution(13, "", "script")),
    )
    assert found.codes == (
        "FORMAT_PURPOSE_MISMATCH", "RECIPIENT_NOT_AUTHORISED", "PRODUCTION_BLOCKED", "CONTRIBUTOR_UNKNOWN",
        "CONSENT_MISSING", "USE_NOT_ALLOWED",
    )  # fmt: skip
    assert found.code == "FORMAT_PURPOSE_MISMATCH"
    assert found.contributors == (DIRECTOR, WRITER, 13)


def test_territories_intersect() -> None:
    us_ca, us_gb = (
        given(1, territory_allow=frozenset({"US", "CA"})),
        given(2, WRITER, territory_allow=frozenset({"US", "GB"})),
    )
    assert ask(us_ca, us_gb, contributions=(DECIDED, WROTE)).territory == ("US",)
    without = ask(given(1, territory_deny=frozenset({"CA", "GB"})))
    assert len(without.territory) == len(terms.PLACES) - 2


def test_flags_are_the_most_restrictive_and_silence_denies() -> None:
    everything = dict.fromkeys(terms.FLAG_PURPOSES, "allowed")
    mine = given(1, uses={**everything, "ai_inference": "constrained"})
    theirs = given(
        2,
        WRITER,
        uses={
            GENERATIVE: "allowed",
            "ai_training": "notAllowed",
            "ai_inference": "allowed",
        },
    )
    found = ask(mine, theirs, contributions=(DECIDED, WROTE))
    assert found.uses == {
        GENERATIVE: "allowed", "ai_training": "notAllowed", "ai_inference": "constrained", "data_mining": "notAllowed",
    }  # fmt: skip
    denial = given(3, uses={"data_mining": "notAllowed"}, recipients=frozenset())
    assert (ask(given(1, uses=everything), denial).uses or {})["data_mining"] == "notAllowed"


def test_every_code_has_a_place_a_sentence_and_a_remedy() -> None:
    assert [reason.rule for reason in REASONS] == sorted(reason.rule for reason in REASONS)
    assert {reason.rule for reason in REASONS} == set(RULES)
    assert len(BY_CODE) == len(CODES)
    assert in_rule_order({"TERRITORY", "WITHDRAWN", "CONSENT_MISSING"}) == (
        "CONSENT_MISSING",
        "WITHDRAWN",
        "TERRITORY",
    )
    with pytest.raises(ValueError, match="not in tuple"):
        in_rule_order({"NO_SUCH"})

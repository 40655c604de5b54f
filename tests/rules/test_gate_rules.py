"""The verdict of the gate, rules 1 to 7 and what it says of a whole row: one thing wrong at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from loop.consent import terms
from loop.gate.facts import Contribution, RecipientFacts, Statement
from loop.gate.reasons import BY_CODE, CODES, REASONS, RULES, in_rule_order
from loop.gate.rules import fits
from tests.rules.gate_facts import (
    AGREEMENT,
    DECIDED,
    DIRECTOR,
    GENERATIVE,
    PRODUCTION,
    QUESTION,
    RECIPIENT,
    TODAY,
    WRITER,
    WROTE,
    ask,
    codes_of,
    given,
)


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

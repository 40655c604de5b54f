"""The verdict of the gate, rules 8 to 11: which statements are in force, what they allow, to whom and where."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from loop.gate.facts import StateEvent
from loop.gate.rules import places_of, state_at
from tests.rules.gate_facts import AGREEMENT, GENERATIVE, NOON, QUESTION, RECIPIENT, TODAY, WRITER, ask, codes_of, given

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

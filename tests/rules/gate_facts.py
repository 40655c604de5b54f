"""The world in which everything is allowed, for the tests of the gate's rules: they change one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

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
from loop.gate.rules import verdict

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

"""The set-wise SQL gives the rows of the pure rules, in the same order, with the same counts of what is not made."""

from __future__ import annotations

import os

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, seed, settings

from loop.kernel.errors import NotValidError
from loop.signal import kinds, made, rules
from loop.signal.made import PREFERENCE, SIGNALS, UNPAIRED
from loop.signal.pairs import Filters, make_candidates
from loop.signal.rules import POLICIES, Row, Rows
from tests.signal.histories import History, Told, Written, histories, write

ROUNDS, SEED = 4000, 20261120
EXAMPLES = ROUNDS if os.environ.get("CIRCLED_SOAK") == "1" else ROUNDS // 100
PURE = {
    SIGNALS: rules.signals, UNPAIRED: rules.unpaired, PREFERENCE: rules.pairs, made.SFT: kinds.sft,
    made.OPENAI_FT: kinds.openai_ft, made.PROMPT_ONLY: kinds.prompts, made.STEPWISE: kinds.stepwise,
    made.SPAN_CRITIQUE: kinds.critique, made.PAIRS_OF_TAKES: kinds.takes, made.EVALUATION: kinds.failures,
}  # fmt: skip
SAME_ROWS = {made.REWARD: PREFERENCE, made.LABEL_STUDIO: SIGNALS, made.ARGILLA: SIGNALS}


def from_sql(written: Written, profile: str, policy: str, filters: Filters | None = None) -> Rows:
    with transaction.atomic(), connection.cursor() as cursor:
        not_made = make_candidates(
            cursor,
            profile=profile,
            production_id=written.production.pk,
            cutoff_size=written.cutoff,
            labels=policy,
            filters=filters or Filters(),
        )
        cursor.execute("""
            SELECT n, decision_id, other_decision_id, side, pair_kind, negative_kind, label, effective
            FROM candidates ORDER BY n
        """)
        rows = cursor.fetchall()
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    return Rows([Row(*row[1:]) for row in rows], not_made)


@pytest.mark.soak(rounds=ROUNDS, seed=SEED)
@pytest.mark.django_db
@seed(SEED)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories())
def test_sql_and_python_agree(history: History) -> None:
    with transaction.atomic():
        written = write(history)
        for profile, pure in PURE.items():
            for policy in POLICIES:
                expected = pure(written.judgements, policy, written.lead)
                assert from_sql(written, profile, policy) == expected, (profile, policy)
        transaction.set_rollback(True)


def test_every_profile_has_both_forms() -> None:
    assert {*PURE, *SAME_ROWS} == set(made.MADE)
    assert all(made.MADE[name] is made.MADE[other] for name, other in SAME_ROWS.items())


def told(suggestion: int, person: int, outcome: str, **more: object) -> Told:
    fields = {
        "on_behalf_of": None, "severity": None, "negative_kind": "", "minute": None, "position": 0, "revision": None,
        "supersedes": None, "marks": (),
    }  # fmt: skip
    return Told(suggestion, person, outcome=outcome, **{**fields, **more})  # type: ignore[arg-type]


@pytest.mark.django_db
def test_a_superseding_decision_beyond_the_cut_off_kills_nothing() -> None:
    decisions = (told(0, 0, "accept"), told(0, 0, "retract", supersedes=0))
    before = write(History((0,), ("a",), decisions, None, sealed=1))
    after = write(History((0,), ("a",), decisions, None, sealed=2))
    assert len(from_sql(before, SIGNALS, rules.LATEST_PER_PERSON).rows) == 1
    assert from_sql(after, SIGNALS, rules.LATEST_PER_PERSON).rows == []
    assert len(from_sql(after, SIGNALS, rules.EVERY_DECISION).rows) == 1


@pytest.mark.django_db
def test_filters_choose_suggestions_before_anything_is_paired() -> None:
    written = write(History((0, 0), ("a", "b"), (told(0, 0, "accept"), told(1, 0, "reject")), None, sealed=2))
    assert len(from_sql(written, PREFERENCE, rules.LATEST_PER_PERSON).rows) == 1
    none = (Filters(kinds=("take",)), Filters(stages=("post",)), Filters(models=("m",)), Filters(briefs=("x",)))
    for filters in none:
        assert from_sql(written, PREFERENCE, rules.LATEST_PER_PERSON, filters).rows == []
    assert len(from_sql(written, PREFERENCE, rules.LATEST_PER_PERSON, Filters(origins=("model",))).rows) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("profile", "policy"), [("gossip", rules.MAJORITY), (SIGNALS, "loudest")])
def test_an_unknown_profile_or_policy_is_refused(profile: str, policy: str) -> None:
    with connection.cursor() as cursor, pytest.raises(NotValidError, match="expected"):
        make_candidates(cursor, profile=profile, production_id=1, cutoff_size=0, labels=policy)

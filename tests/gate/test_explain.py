"""The gate explained: for every world, the same verdict as an export gives, with facts for every failing code."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from loop.decision.models import Decision
from loop.gate.explain import explain
from loop.gate.reasons import BY_CODE, RULES
from tests.gate.building import build
from tests.gate.test_sieve import by_sql, question_of
from tests.gate.worlds import NOON, TODAY, World, worlds


class _UndoneError(Exception):
    """Takes one world out of the database again."""


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=worlds)
def test_it_agrees_with_the_sieve_and_leaves_no_code_unexplained(world: World) -> None:
    try:
        with transaction.atomic():
            built = build(world)
            decisions = list(Decision.objects.order_by("id"))
            rows = by_sql([(decision.pk, None) for decision in decisions], question_of(world, built))
            for decision, (_, _, codes, *_) in zip(decisions, rows, strict=True):
                answer = explain(
                    suggestion=decision.suggestion, purpose=world.purpose, recipient=built.recipient,
                    profile=world.profile, decision=decision, on=TODAY, moment=NOON,
                )  # fmt: skip
                (row,) = answer.rows
                assert list(row.verdict.codes) == codes
                assert answer.allowed is not bool(codes)
                assert [rule.number for rule in row.rules] == sorted(RULES)
                assert {code for rule in row.rules for code in rule.codes} == set(codes)
                for rule in row.rules:
                    assert all(BY_CODE[code].rule == rule.number for code in rule.codes)
                    assert (rule.passed is False) is bool(rule.codes)
                    assert len(rule.remedies) == len(rule.codes)
            raise _UndoneError
    except _UndoneError:
        pass

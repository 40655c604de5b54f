"""The SQL verdict against the pure one: on generated worlds, all fields, codes and their order included."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from hypothesis import HealthCheck, given, seed, settings

from loop.gate.facts import Contribution, ProductionFacts, Question, Source
from loop.gate.question import ask
from loop.gate.rules import verdict
from loop.gate.sieve import sieve
from loop.gate.statements import statements_of
from tests.gate.building import Built, build
from tests.gate.worlds import NOON, TODAY, World, worlds
from tests.support.databases import FreshDatabase

ROUNDS, SEED = 5000, 20261120
EXAMPLES = ROUNDS if os.environ.get("CIRCLED_SOAK") == "1" else ROUNDS // 50

ANSWERS = (
    "SELECT n, code, codes, contributor_ids, authorisation_ids, expires_on, territory, uses FROM sieved ORDER BY n"
)


class _UndoneError(Exception):
    """Takes one world out of the database again."""


def by_sql(rows: Iterable[tuple[int, int | None]], question: Question) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS candidates")
        cursor.execute(
            "CREATE TEMP TABLE candidates (n bigint PRIMARY KEY, decision_id bigint, other_decision_id bigint)"
            " ON COMMIT DROP"
        )
        cursor.executemany(
            "INSERT INTO candidates VALUES (%s, %s, %s)", [(n, one, other) for n, (one, other) in enumerate(rows, 1)]
        )
        sieve(cursor, candidates="candidates", question=question)
        cursor.execute(ANSWERS)
        return [(*row[:-1], None if row[-1] is None else json.loads(row[-1])) for row in cursor.fetchall()]


def by_rules(world: World, built: Built, question: Question) -> list[tuple[object, ...]]:
    """The contributions worked out from the world itself, not from the tables that the SQL reads."""
    statements = statements_of((party.pk for party in built.parties), on=TODAY, moment=NOON)
    answers = []
    for n, (one, other) in enumerate(world.rows, 1):
        involved = {
            part
            for index in (one, other)
            if index is not None
            for part in _parts(world, built, index % len(world.said))
        }
        sources = [
            source
            for index in (one, other)
            if index is not None
            for source in _sources(world, built, index % len(world.said))
        ]
        found = verdict(question, involved, statements, sources)
        answers.append((
            n, found.code, list(found.codes), list(found.contributors), list(found.authorisation_ids),
            found.expires_on, list(found.territory), found.uses,
        ))  # fmt: skip
    return answers


def _parts(world: World, built: Built, index: int) -> Iterable[Contribution]:
    said = world.said[index]
    work = world.works[said.work]
    people = [said.by] + ([] if said.behalf is None else [said.behalf])
    for person in people:
        yield Contribution(built.parties[person].pk, "decider", "decision")
        if said.outcome == "revise":
            yield Contribution(built.parties[person].pk, "author_of_revision", "revision")
    listed = [("suggestion", work.own), ("brief", work.brief), *work.materials, *work.brief_materials]
    for kind, those in listed:
        for person, capacity in those:
            yield Contribution(built.parties[person].pk, capacity, kind)


def _sources(world: World, built: Built, index: int) -> Iterable[Source]:
    work = world.said[index].work
    origin, named = world.origins[work]
    training = world.terms[-1] if world.terms and named else ""
    for kind, place in (("work", work), ("said", index)):
        seen = [verdict for subject, number, verdict in world.screens if (subject, number) == (kind, place)]
        yield Source(origin, 1 if named else 0, training, seen[-1] if seen else "")


def question_of(world: World, built: Built) -> Question:
    return ask(
        production=built.production,
        purpose=world.purpose,
        profile=world.profile,
        recipient=built.recipient,
        on=TODAY,
        moment=NOON,
    )


@pytest.mark.soak(rounds=ROUNDS, seed=SEED)
@pytest.mark.django_db
@seed(SEED)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(world=worlds)
def test_sql_and_rules_agree(world: World) -> None:
    try:
        with transaction.atomic():
            built = build(world)
            question = question_of(world, built)
            assert by_sql(built.rows, question) == by_rules(world, built, question)
            raise _UndoneError
    except _UndoneError:
        pass


@pytest.mark.django_db
def test_a_row_whose_decision_is_not_there_has_no_decider() -> None:
    built = build(World(works=(), said=(), rows=(), records=(), agreements=()))
    question = ask(production=built.production, purpose="research", profile=None, recipient=None, on=TODAY, moment=NOON)
    assert by_sql([(404, None)], question) == [
        (1, "RECIPIENT_NOT_AUTHORISED", ["RECIPIENT_NOT_AUTHORISED", "CONTRIBUTOR_UNKNOWN"], [], [], None, [], None)
    ]


@pytest.mark.django_db
def test_it_answers_an_empty_table() -> None:
    built = build(World(works=(), said=(), rows=(), records=(), agreements=()))
    question = ask(production=built.production, purpose="research", profile=None, recipient=None, on=TODAY, moment=NOON)
    assert by_sql([], question) == []


def test_it_refuses_to_work_outside_a_transaction(fresh_database: FreshDatabase) -> None:
    question = Question("research", None, None, ProductionFacts(1, "active", True, False, None), TODAY, NOON)
    with connection.cursor() as cursor, pytest.raises(TransactionManagementError, match="expected a transaction"):
        sieve(cursor, candidates="candidates", question=question)

"""The same call from many threads at once: one row, one answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from loop.decision.models import Decision
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.material.models import Production
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.token import create_token
from loop.suggestion.models import Suggestion
from tests.support.databases import FreshDatabase

THREADS = 8


@pytest.fixture
def bearer(fresh_database: FreshDatabase) -> str:
    ferry = Production.objects.create(code="FERRY", title="Night Ferry", rate_num=24, created_at=now())
    user = add_user(username="owner", actor=SYSTEM).user
    add_member(user=user, production=ferry, role="editor", actor=SYSTEM)
    scopes = ["suggestions:write", "decisions:write"]
    return create_token(user=user, name="robot", scopes=scopes, productions=[ferry], actor=SYSTEM)[1]


def together(bearer: str, path: str, body_of: Callable[[int], dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """The answers to one POST from each thread."""

    def one(number: int) -> tuple[int, dict[str, Any]]:
        try:
            answer = Client(raise_request_exception=False).post(
                f"/api/v1/{path}",
                json.dumps(body_of(number)),
                content_type="application/json",
                headers={"Authorization": f"Bearer {bearer}"},
            )
            return answer.status_code, answer.json()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def test_one_suggestion_and_one_decision(bearer: str) -> None:
    line = {"external_id": "s1", "content": "Lamp out.", "model": "acme/notes@1"}
    answers = together(bearer, "suggestions", lambda _: line)
    assert [status for status, _ in answers] == [201] * THREADS
    assert len({json.dumps(body, sort_keys=True) for _, body in answers}) == 1
    assert Suggestion.objects.count() == 1
    verdict = {"suggestion_external_id": "s1", "external_id": "d1", "outcome": "reject", "decided_by": "director-1"}
    answers = together(bearer, "decisions", lambda _: verdict)
    assert [status for status, _ in answers] == [201] * THREADS
    assert len({json.dumps(body, sort_keys=True) for _, body in answers}) == 1
    assert Decision.objects.count() == 1


def test_one_identity_with_other_bodies_is_kept_once(bearer: str) -> None:
    together(bearer, "suggestions", lambda _: {"external_id": "s1", "content": "Lamp out.", "model": "acme/notes@1"})
    answers = together(
        bearer,
        "decisions",
        lambda number: {
            "suggestion_external_id": "s1", "external_id": "d1", "outcome": "accept", "decided_by": f"editor-{number}",
        },
    )  # fmt: skip
    statuses = sorted(status for status, _ in answers)
    assert statuses[0] == 201
    assert set(statuses[1:]) <= {409, 422}
    assert Decision.objects.count() == 1

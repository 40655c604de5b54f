"""Why a row may leave, over the API: the same verdict as an export, names only for who reads the registry."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from loop.consent.models import Recipient
from loop.decision.models import Decision
from loop.export.models import ExportRow
from loop.kernel.actor import SYSTEM
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.roles import EXPORTS_READ, REGISTRY_READ
from loop.people.token import create_token
from loop.recall.querysets import records_of
from loop.recall.withdraw import withdraw
from loop.suggestion.models import Suggestion
from tests.api.conftest import Caller
from tests.support.databases import FreshDatabase
from tests.support.releases import PURPOSE, Stage, few_lines, stage


@pytest.fixture(autouse=True)
def empty_counters() -> None:
    """The throttles' counters live in the cache, which this module's databases do not share."""
    from django.core.cache import cache

    from loop.api import throttles

    throttles._calls.clear()
    cache.clear()


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    made.authorises("director-1")
    return made


def caller(show: Stage, role: str, *scopes: str) -> Caller:
    user = add_user(username=f"{role}-{len(scopes)}-{uuid4().hex[:6]}", actor=SYSTEM).user
    add_member(user=user, production=show.production, role=role, actor=SYSTEM)
    token, text = create_token(
        user=user, name="why", scopes=scopes, productions=[show.production], actor=SYSTEM, days=1
    )
    return Caller(text, token)


def question(show: Stage, **subject: Any) -> dict[str, Any]:
    return {"purpose": PURPOSE, "recipient": show.recipient.code, **{name: str(each) for name, each in subject.items()}}


def test_it_gives_every_rule_with_its_evidence_to_who_reads_the_registry(show: Stage) -> None:
    officer = caller(show, "consent_officer", REGISTRY_READ)
    refused = Suggestion.objects.get(external_id="s0")
    answer = officer.get("explain", question(show, suggestion=refused.uid))
    assert answer.status == 200, answer.body
    (told,) = answer.body["answers"]
    (row,) = told["rows"]
    assert (told["allowed"], row["allowed"], row["code"]) == (False, False, "CONSENT_MISSING")
    assert [rule["number"] for rule in row["rules"]] == list(range(1, 19))
    facts = row["rules"][6]["facts"]
    assert "editor-1" in facts[0]["text"]
    assert row["rules"][6]["remedies"][0].startswith("The consent officer")
    allowed = Decision.objects.get(suggestion__external_id="s8")
    answer = officer.get("explain/", question(show, decision=allowed.uid, date="2026-11-21"))
    (row,) = answer.body["answers"][0]["rows"]
    assert (row["allowed"], row["codes"], row["decision"]) == (True, [], str(allowed.uid))
    assert row["rules"][6]["facts"][0]["authorisation"] is not None


@pytest.mark.parametrize(
    ("role", "scopes"),
    [("data", (EXPORTS_READ,)), ("data", (EXPORTS_READ, REGISTRY_READ)), ("consent_officer", (EXPORTS_READ,))],
)
def test_others_get_codes_and_remedies_and_no_names(show: Stage, role: str, scopes: tuple[str, ...]) -> None:
    suggestion = Suggestion.objects.get(external_id="s0")
    answer = caller(show, role, *scopes).get("explain", question(show, suggestion=suggestion.uid))
    (row,) = answer.body["answers"][0]["rows"]
    assert (row["code"], row["rules"][6]["codes"]) == ("CONSENT_MISSING", ["CONSENT_MISSING"])
    assert all(rule["facts"] == [] for rule in row["rules"])
    assert "editor-1" not in json.dumps(answer.body)


def test_a_released_row_is_explained_as_of_its_publishing_and_as_of_now(show: Stage) -> None:
    show.authorises("editor-1", compensation={"term": "per_export_fee"})
    export, _ = show.releases("preference")
    officer = caller(show, "consent_officer", REGISTRY_READ)
    row = ExportRow.objects.filter(export=export).order_by("position")[0]
    subject = {"row": row.row_id, "export": str(export.uid)}
    answer = officer.get("explain", subject)
    assert answer.status == 200, answer.body
    then, now = answer.body["answers"]
    assert (then["as_of"], then["allowed"]) == ("publishing", True)
    assert (now["as_of"], now["rows"][0]["codes"]) == ("date", ["COMPENSATION_DUE"])
    assert answer.body["purpose"] == PURPOSE
    party = show.production.credits.get(contributor__external_id="editor-1").contributor
    withdraw(authorisations=records_of(party, show.production), actor=SYSTEM)
    then, now = officer.get("explain", subject).body["answers"]
    assert then["allowed"]
    assert now["rows"][0]["codes"] == ["WITHDRAWN"]


def test_it_refuses_by_field_and_hides_what_is_foreign(show: Stage) -> None:
    officer = caller(show, "consent_officer", REGISTRY_READ)
    suggestion = Suggestion.objects.get(external_id="s0")
    good = question(show, suggestion=suggestion.uid)
    bad: list[tuple[dict[str, Any], str]] = [
        ({}, "query"),
        (good | {"decision": str(uuid4())}, "query"),
        ({"suggestion": str(suggestion.uid)}, "purpose"),
        (good | {"recipient": "nobody"}, "recipient"),
        (good | {"export": str(uuid4())}, "export"),
        (good | {"date": "soon"}, "date"),
        (good | {"profile": "novel"}, "profile"),
        ({"row": "0" * 32, "export": str(uuid4()), "purpose": PURPOSE}, "purpose"),
    ]
    for query, field in bad:
        answer = officer.get("explain", query)
        assert (answer.status, answer.body["errors"][0]["field"]) == (400, field), answer.body
    for missing in (
        question(show, suggestion=uuid4()),
        question(show, decision=uuid4()),
        {"row": "0" * 32, "export": str(uuid4())},
    ):
        assert officer.get("explain", missing).status == 404
    other = stage("harbour")
    assert caller(other, "consent_officer", REGISTRY_READ).get("explain", good).status == 404
    assert caller(show, "editor", "suggestions:read").get("explain", good).status == 403
    assert officer.get("explain", good | {"purpose": "digital_replica"}).body["answers"][0]["rows"][0]["code"] == (
        "REPLICA_BLOCKED"
    )
    assert Recipient.objects.count() == 2

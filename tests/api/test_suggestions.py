"""Suggestions over the API: one, many, again, and read back with texts only by who brought them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from loop.audit.models import AuditEvent
from loop.decision.models import Decision
from loop.material.models import Production
from loop.people.roles import SUGGESTIONS_READ, SUGGESTIONS_WRITE
from loop.suggestion.models import Suggestion
from tests.api.conftest import Caller

Line = Callable[..., dict[str, Any]]


def test_it_brings_one_in_and_a_replay_answers_the_same(robot: Caller, a_line: Line) -> None:
    body = a_line("s1", latency_ms=840, cost_usd="0.0031", parameters={"top": 0.9}, group_id="g1", seed=7)
    first = robot.post("suggestions", body)
    assert first.status == 201, first.body
    assert first.body["external_id"] == "s1"
    assert first.body["group_id"] == "g1"
    assert first.body["cost_usd"] == "0.003100"
    assert first.headers["Location"].endswith(first.body["id"] + "/")
    assert "Idempotent-Replayed" not in first.headers
    again = robot.post("suggestions/", body)
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Suggestion.objects.count() == 1
    assert AuditEvent.objects.filter(type="suggestion.recorded").count() == 1
    read = robot.get(first.headers["Location"])
    assert read.status == 200
    assert first.body.items() <= read.body.items()
    assert (read.body["text"], read.body["content"]) == ("visible", body["content"])
    assert read.body["parameters"] == {"top": 0.9}


def test_the_same_id_with_other_content_is_a_conflict(robot: Caller, a_line: Line) -> None:
    robot.post("suggestions", a_line("s1"))
    other = robot.post("suggestions", a_line("s1", content="Another lamp"))
    assert (other.status, other.body["code"]) == (409, "conflict")
    assert other.body["errors"][0]["field"] == "external_id"
    assert "Another lamp" not in str(other.body)


def test_a_refusal_names_the_fields(robot: Caller, a_line: Line) -> None:
    answer = robot.post("suggestions", a_line("s1", stage="never", latency_ms="slow", origin="ghost"))
    assert answer.status == 400
    assert {each["field"] for each in answer.body["errors"]} == {"stage", "latency_ms", "origin"}
    assert robot.post("suggestions", {"external_id": "s1"}).status == 400
    assert not Suggestion.objects.exists()


def test_nobody_assigns_what_is_not_theirs(robot: Caller, a_line: Line, harbour: Production) -> None:
    for name in (
        "id",
        "uid",
        "production_id",
        "source",
        "recorded_at",
        "digest",
        "event",
        "event_id",
        "text_commit",
        "brief",
    ):
        answer = robot.post("suggestions", a_line("s1", **{name: 1}))
        assert answer.status == 400, name
        assert answer.body["errors"][0]["field"] == name
    assert robot.post("suggestions", a_line("s1", production="HARBOUR")).status == 404
    assert not Suggestion.objects.exists()


def test_a_token_with_several_productions_names_one(
    caller_of: Callable[..., Caller], ferry: Production, harbour: Production, a_line: Line
) -> None:
    both = caller_of(ferry, harbour)
    assert both.post("suggestions", a_line("s1")).status == 400
    assert both.post("suggestions", a_line("s1", production="HARBOUR")).body["production"] == "HARBOUR"
    assert both.post("suggestions", a_line("s1"), {"production": "FERRY"}).body["production"] == "FERRY"
    assert [each["production"] for each in both.get("suggestions", {"production": "FERRY"}).body["items"]] == ["FERRY"]


def test_texts_are_for_who_brought_them(
    robot: Caller, caller_of: Callable[..., Caller], ferry: Production, a_line: Line
) -> None:
    secret = "the lamp goes out"
    made = robot.post(
        "suggestions", a_line("s1", content=secret, prompt=secret, meta={"note": secret}, parameters={"p": secret})
    )
    other = caller_of(ferry, name="other")
    for answer in (other.get("suggestions"), other.get(f"suggestions/{made.body['id']}")):
        assert answer.status == 200
        assert secret not in str(answer.body)
    assert other.get(f"suggestions/{made.body['id']}").body["text"] == "withheld"
    assert secret in str(robot.get("suggestions").body)
    assert secret not in str(made.body)


def test_lines_come_in_whole_or_not_at_all(robot: Caller, a_line: Line) -> None:
    good, bad = a_line("s1"), a_line("s2", stage="never")
    body = b"\n".join(json.dumps(each).encode() for each in (good, bad, "x")) + b"\n{\n"
    answer = robot.call("POST", "suggestions/bulk", body=body, content_type="application/x-ndjson")
    assert answer.status == 400
    assert [each["line"] for each in answer.body["errors"]] == [2, 3, 4]
    assert answer.body["errors"][0]["field"] == "stage"
    assert not Suggestion.objects.exists()
    kept = robot.call(
        "POST", "suggestions/bulk", body=body, content_type="application/x-ndjson", query={"keep_good": "true"}
    )
    assert kept.status == 200
    assert (kept.body["suggestions_created"], kept.body["bad_lines"]) == (1, 3)
    assert [each["line"] for each in kept.body["problems"]] == [2, 3, 4]


def test_a_bulk_body_again_changes_nothing(robot: Caller, a_line: Line) -> None:
    decision = {
        "external_id": "d1",
        "outcome": "reject",
        "decided_by": "writer-09",
        "decided_at": "2026-05-01T10:00:07Z",
    }
    body = [a_line("s1", decisions=[decision]), a_line("s2")]
    first = robot.post("suggestions/bulk", body)
    assert first.status == 200, first.body
    assert (first.body["suggestions_created"], first.body["decisions_created"]) == (2, 1)
    again = robot.post("suggestions/bulk", body)
    assert (again.body["suggestions_created"], again.body["suggestions_known"]) == (0, 2)
    assert (again.body["decisions_created"], again.body["decisions_known"]) == (0, 1)
    assert Suggestion.objects.count() == 2
    other = robot.post("suggestions/bulk", [a_line("s1", content="other")])
    assert (other.status, other.body["code"]) == (409, "conflict")


def test_decisions_in_a_body_need_the_scope_for_decisions(
    caller_of: Callable[..., Caller], ferry: Production, a_line: Line
) -> None:
    writer = caller_of(ferry, scopes=(SUGGESTIONS_WRITE, SUGGESTIONS_READ))
    body = a_line("s1", decisions=[{"external_id": "d1", "outcome": "accept", "decided_by": "p"}])
    assert writer.post("suggestions", body).status in {400, 403}
    assert writer.post("suggestions/bulk", [body]).status in {400, 403}
    escaped = json.dumps(body).replace('"decisions"', '"\\u0064ecisions"').encode()
    for path, content_type in (("suggestions", "application/json"), ("suggestions/bulk", "application/x-ndjson")):
        assert writer.call("POST", path, body=escaped, content_type=content_type).status in {400, 403}
    assert not Decision.objects.exists()
    assert not Suggestion.objects.exists()


@pytest.mark.parametrize("body", [{}, "x", None, 5])
def test_a_bulk_body_is_lines_or_a_list(robot: Caller, body: Any) -> None:
    assert robot.post("suggestions/bulk", json.dumps(body).encode()).status == 400


def test_too_many_lines_are_refused(robot: Caller, monkeypatch: pytest.MonkeyPatch, a_line: Line) -> None:
    monkeypatch.setattr("loop.api.suggestions.MOST_LINES", 2)
    assert robot.post("suggestions/bulk", [a_line(f"s{n}") for n in range(3)]).status == 400
    assert robot.post("suggestions/bulk", [a_line(f"s{n}") for n in range(2)]).status == 200


def test_pages_hold_every_row_once(robot: Caller, a_line: Line) -> None:
    robot.post("suggestions/bulk", [a_line(f"s{n:02}") for n in range(25)])
    seen: list[str] = []
    cursor: str | None = None
    while True:
        answer = robot.get("suggestions", {"limit": 10} | ({"cursor": cursor} if cursor else {}))
        seen += [each["external_id"] for each in answer.body["items"]]
        cursor = answer.body["next_cursor"]
        if cursor is None:
            break
        robot.post("suggestions", a_line(f"late{len(seen)}"))
    assert seen[:25] == [f"s{n:02}" for n in range(25)]
    assert len(seen) == len(set(seen)) == 27
    assert robot.get("suggestions", {"limit": 25}).body["next_cursor"]
    assert robot.get("suggestions", {"limit": 27}).body["next_cursor"] is None


def test_filters(robot: Caller, a_line: Line) -> None:
    robot.post(
        "suggestions/bulk", [a_line("s1", group_id="g"), a_line("s2", kind="coverage"), a_line("s3", model="b@2")]
    )
    for query, expected in (
        ({"external_id": "s2"}, ["s2"]), ({"group_id": "g"}, ["s1"]), ({"kind": "coverage"}, ["s2"]),
        ({"model": "b@2"}, ["s3"]), ({"origin": "camera"}, []), ({"stage": "development"}, ["s1", "s2", "s3"]),
    ):  # fmt: skip
        assert [each["external_id"] for each in robot.get("suggestions", query).body["items"]] == expected

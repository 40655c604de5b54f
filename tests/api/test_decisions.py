"""Decisions over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from loop.audit.models import AuditEvent
from loop.decision.models import Decision
from loop.material.models import Production
from loop.people.models import Contributor
from loop.signal.models import Signal
from tests.api.conftest import Caller

Line = Callable[..., dict[str, Any]]


@pytest.fixture
def suggestion(robot: Caller, a_line: Line) -> str:
    return str(robot.post("suggestions", a_line("s1")).body["id"])


def verdict(suggestion: str, **more: Any) -> dict[str, Any]:
    return {"suggestion": suggestion, "external_id": "d1", "outcome": "reject", "decided_by": "director-1", **more}


def test_it_records_and_a_replay_answers_the_same(robot: Caller, suggestion: str) -> None:
    body = verdict(
        suggestion, rationale="He would never say that.", severity=3, confidence=0.8, beats=["dread"], active_ms=6200,
        spans=[{"start": 0, "end": 2, "label": "He"}], decided_at="2026-05-01T10:00:07Z", context={"candidates": 3},
    )  # fmt: skip
    first = robot.post("decisions", body)
    assert first.status == 201, first.body
    assert first.body["suggestion"] == suggestion
    assert first.body["reasons"] == ["unstated"]
    assert first.body["confidence"] == "0.800"
    assert first.body["decided_at"] == "2026-05-01T10:00:07.000000Z"
    assert "He would never" not in str(first.body)
    again = robot.post("decisions", body)
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Decision.objects.count() == Signal.objects.count() == 1
    assert AuditEvent.objects.filter(type="decision.recorded").count() == 1
    read = robot.get(first.headers["Location"])
    assert first.body.items() <= read.body.items()
    assert read.body["rationale"] == "He would never say that."
    assert read.body["spans"][0]["label"] == "He"
    assert read.body["superseded_by"] is None


def test_the_same_identity_with_another_body_is_a_422(robot: Caller, suggestion: str) -> None:
    robot.post("decisions", verdict(suggestion))
    other = robot.post("decisions", verdict(suggestion, outcome="accept"))
    assert (other.status, other.body["code"]) == (422, "key_reused")
    assert Decision.objects.count() == 1


def test_a_key_is_an_identity_and_the_tokens_own(
    robot: Caller, caller_of: Callable[..., Caller], ferry: Production, suggestion: str
) -> None:
    body = verdict(suggestion)
    del body["external_id"]
    assert robot.post("decisions", body).status == 400
    headers = {"Idempotency-Key": "gesture-1"}
    first = robot.post("decisions", body, **headers)
    assert first.status == 201, first.body
    assert robot.post("decisions", body, **headers).body == first.body
    assert robot.post("decisions", body | {"outcome": "skip"}, **headers).status == 422
    other = caller_of(ferry, name="other").post("decisions", body | {"decided_by": "director-2"}, **headers)
    assert other.status == 201
    assert other.body["id"] != first.body["id"]
    for key in ("", "two words", "x" * 201):
        assert robot.post("decisions", body, **{"Idempotency-Key": key}).status == 400


def test_a_verdict_is_replaced_by_naming_it(robot: Caller, suggestion: str) -> None:
    first = robot.post("decisions", verdict(suggestion)).body["id"]
    second = robot.post("decisions", verdict(suggestion, external_id="d2", outcome="accept", supersedes=first))
    assert second.status == 201, second.body
    assert second.body["supersedes"] == first
    assert robot.get(f"decisions/{first}").body["superseded_by"] == second.body["id"]
    assert [each["id"] for each in robot.get("decisions", {"live": "true"}).body["items"]] == [second.body["id"]]
    assert [each["id"] for each in robot.get("decisions", {"live": "false"}).body["items"]] == [first]
    late = robot.post("decisions", verdict(suggestion, external_id="d3", outcome="skip", supersedes=first))
    assert (late.status, late.body["code"]) == (409, "superseded")


def test_a_refused_decision_leaves_nothing_behind(robot: Caller, suggestion: str) -> None:
    before = Contributor.objects.count()
    for change in (
        {"reasons": ["no.such_reason"]}, {"beats": ["nope"]}, {"spans": [{"start": 5, "end": 2}]}, {"severity": 5},
        {"outcome": "maybe"}, {"spans": [{"start": 0, "end": 1, "hue": "red"}]}, {"rationale": 5}, {"confidence": 1.5},
        {"revised_content": "x"}, {"outcome": "retract"}, {"id": "x"}, {"production_id": 1}, {"entered_by": 1},
        {"supersedes": "018f0000-0000-7000-8000-000000000000"}, {"suggestion_external_id": "s1"},
    ):  # fmt: skip
        answer = robot.post("decisions", verdict(suggestion, **change))
        assert answer.status == 400, (change, answer.body)
        assert answer.body["errors"], change
    assert not Decision.objects.exists()
    assert Contributor.objects.count() == before


def test_a_suggestion_is_named_by_either_id(robot: Caller, suggestion: str) -> None:
    body = verdict(suggestion)
    del body["suggestion"]
    answer = robot.post("decisions", body | {"suggestion_external_id": "s1"})
    assert (answer.status, answer.body["suggestion"]) == (201, suggestion)
    assert robot.post("decisions", body).status == 400
    missing = robot.post("decisions", body | {"suggestion_external_id": "s9"})
    foreign = robot.post("decisions", body | {"suggestion": "018f0000-0000-7000-8000-000000000000"})
    assert missing.status == foreign.status == 404


def test_texts_are_for_who_brought_them(
    robot: Caller, caller_of: Callable[..., Caller], ferry: Production, suggestion: str
) -> None:
    secret = "because of the lamp"
    made = robot.post(
        "decisions",
        verdict(
            suggestion,
            outcome="revise",
            rationale=secret,
            revised_content=secret,
            spans=[{"start": 0, "end": 1, "note": secret}],
        ),
    ).body
    other = caller_of(ferry, name="other")
    for path in ("decisions", f"decisions/{made['id']}"):
        assert secret not in str(other.get(path).body)
        assert secret in str(robot.get(path).body)
    withheld = other.get(f"decisions/{made['id']}").body
    assert (withheld["text"], withheld["has_rationale"], withheld["span_count"]) == ("withheld", True, 1)


def test_on_behalf_of_somebody(robot: Caller, suggestion: str) -> None:
    answer = robot.post("decisions", verdict(suggestion, decided_by="script-1", on_behalf_of="director-1"))
    assert (answer.body["decided_by"], answer.body["on_behalf_of"]) == ("script-1", "director-1")
    assert [each["id"] for each in robot.get("decisions", {"decided_by": "script-1"}).body["items"]] == [
        answer.body["id"]
    ]


def test_texts_do_not_get_into_the_log(robot: Caller, suggestion: str, capfd: pytest.CaptureFixture[str]) -> None:
    secret = "unreleased words of the ferryman"
    robot.post("decisions", verdict(suggestion, rationale=secret))
    robot.post("decisions", verdict(suggestion, rationale=secret + "2"))
    robot.post("decisions", verdict(suggestion, reasons=[secret]))
    robot.get("decisions", {"decided_by": secret})
    robot.get(f"decisions/{secret}")
    out, err = capfd.readouterr()
    assert "unreleased" not in out + err

"""Drafts on the server: for their writer alone, conflict-checked, in one shape, gone with the verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from loop.decision.models import DecisionDraft
from loop.decision.save_draft import MAX_BYTES
from loop.decision.sweep_drafts import KEPT
from loop.kernel.clock import now
from loop.tasks import forget_drafts
from tests.support.cutting_room import Room, open_room

BODY = {"reasons": ["story.tone"], "rationale": "Half a thought", "spans": [], "severity": "2", "playhead": 51}


def address(room: Room, name: str = "s01-a") -> str:
    return f"/p/FERRY/drafts/{room.suggestion(name).uid}/"


def put(client: Client, url: str, body: Any, base: str | None = None) -> HttpResponse:
    return client.put(url, json.dumps({"body": body, "base": base}), content_type="application/json")


def test_a_draft_comes_back_on_any_machine_and_with_its_item(room: Room, seat: Callable[[str], Client]) -> None:
    kept = put(seat("editor"), address(room), BODY)
    assert kept.status_code == 200
    saved_at = kept.json()["saved_at"]
    elsewhere = seat("editor")
    assert elsewhere.get(address(room)).json()["draft"] == {"saved_at": saved_at, "body": BODY}
    page = elsewhere.get(f"/p/FERRY/review/?item={room.suggestion('s01-a').uid}&fragment=1").content.decode()
    assert 'id="server-draft"' in page
    assert "Half a thought" in page


def test_it_is_nobody_else_s(room: Room, seat: Callable[[str], Client]) -> None:
    put(seat("editor"), address(room), BODY)
    assert seat("director").get(address(room)).json()["draft"] is None
    assert seat("director").delete(address(room)).status_code == 204
    assert DecisionDraft.objects.count() == 1
    for who in ("producer", "data", "auditor", "consent"):
        assert seat(who).get(address(room)).status_code == 404
        assert put(seat(who), address(room), BODY).status_code == 404
    assert Client().get(address(room)).status_code == 401
    foreign = open_room("OTHER", suggestions=2, prefix="other-").suggestion("s01-a").uid
    assert put(seat("editor"), f"/p/OTHER/drafts/{foreign}/", BODY).status_code == 404
    assert put(seat("editor"), f"/p/FERRY/drafts/{foreign}/", BODY).status_code == 404


def test_two_browsers_do_not_overwrite_each_other(room: Room, seat: Callable[[str], Client]) -> None:
    client, url = seat("editor"), address(room)
    first = put(client, url, BODY).json()["saved_at"]
    second = put(client, url, {**BODY, "rationale": "A whole one"}, first).json()["saved_at"]
    assert second > first
    late = put(client, url, {**BODY, "rationale": "Of the other browser"}, first)
    assert late.status_code == 409
    assert late.json()["draft"] == {"saved_at": second, "body": {**BODY, "rationale": "A whole one"}}
    assert put(client, url, {**BODY, "rationale": "Knows of none"}).status_code == 409
    assert put(client, url, {**BODY, "rationale": "A whole one"}, first).status_code == 200  # a lost answer: the same
    assert put(client, url, {**BODY, "rationale": "Of the other browser"}, second).status_code == 200


@pytest.mark.parametrize("outcome", ["accept", "skip"])
def test_it_goes_with_the_verdict_and_not_with_an_undo(
    room: Room, seat: Callable[[str], Client], say: Callable[..., Any], outcome: str
) -> None:
    put(seat("editor"), address(room), BODY)
    put(seat("director"), address(room), BODY)
    put(seat("editor"), address(room, "s02-a"), BODY)
    said = say("editor", "s01-a", outcome)
    left = set(DecisionDraft.objects.values_list("user__username", "suggestion__external_id"))
    assert left == {("director", "s01-a"), ("editor", "s02-a")}
    put(seat("editor"), address(room), BODY)
    say("editor", "s01-a", "retract", retracts=said.json()["decision"])
    assert DecisionDraft.objects.filter(user__username="editor").count() == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**BODY, "password": "x"}, "password"),
        ({**BODY, "reasons": "story.tone"}, "reasons"),
        ({**BODY, "reasons": ["x" * 101]}, "reasons"),
        ({**BODY, "beats": [7]}, "beats"),
        ({**BODY, "rationale": 7}, "rationale"),
        ({**BODY, "rationale": "x" * 100_001}, "rationale"),
        ({**BODY, "severity": "5"}, "severity"),
        ({**BODY, "severity": []}, "severity"),
        ({**BODY, "spans": ["0-4"]}, "spans"),
        ({**BODY, "spans": [{str(key): key for key in range(20)}]}, "spans"),
        ({**BODY, "playhead": -1}, "playhead"),
        ({**BODY, "playhead": True}, "playhead"),
        ({**BODY, "revised_content": "x" * MAX_BYTES}, "body"),
        ("text", "body"),
    ],
)
def test_another_shape_is_refused_with_its_field(
    room: Room, seat: Callable[[str], Client], body: Any, field: str
) -> None:
    answer = put(seat("editor"), address(room), body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert not DecisionDraft.objects.exists()
    assert put(seat("editor"), address(room), BODY).status_code == 200


@pytest.mark.parametrize("raw", ["", "{", "[]", '{"body": {"rationale": "\\u0000"}}', '{"body": {}, "base": "now"}'])
def test_what_is_no_draft_at_all_is_refused(room: Room, seat: Callable[[str], Client], raw: str) -> None:
    answer = seat("editor").put(address(room), raw, content_type="application/json")
    assert answer.status_code == 422


def test_what_nobody_came_back_for_is_swept(room: Room, seat: Callable[[str], Client]) -> None:
    put(seat("editor"), address(room), BODY)
    put(seat("editor"), address(room, "s02-a"), BODY)
    old = DecisionDraft.objects.filter(suggestion=room.suggestion("s02-a"))
    old.update(saved_at=now() - KEPT - timedelta(minutes=1))
    forget_drafts()
    assert [each.suggestion.external_id for each in DecisionDraft.objects.all()] == ["s01-a"]


def test_its_words_stand_in_no_log(
    room: Room, seat: Callable[[str], Client], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    put(seat("editor"), address(room), BODY)
    put(seat("editor"), address(room), {**BODY, "severity": "9"})
    printed = capsys.readouterr()
    assert "Half a thought" not in caplog.text + printed.out + printed.err

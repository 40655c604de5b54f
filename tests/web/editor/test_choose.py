"""A choice among candidates as a browser sends it: recorded once, as it was shown, and undone as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from loop.decision.models import Decision
from tests.support.cutting_room import Room, bring_in, line

Say = Callable[..., Any]


@pytest.fixture
def pick(room: Room, seat: Callable[[str], Client]) -> Say:
    """`pick("editor", "s01-a", "best")`: the gesture as the outbox sends it from the room; the response."""

    def send(name: str, external_id: str, outcome: str, **more: Any) -> Any:
        client = seat(name)
        uid = str(room.suggestion(external_id).uid)
        shown = client.get(f"/p/FERRY/review/?item={uid}").context["item"]["shown"]
        body = {
            "idempotency_key": str(uuid4()),
            "suggestion": uid,
            "outcome": outcome,
            "shown": shown,
            "actor": str(room.users[name].uid),
            **more,
        }
        return client.post("/p/FERRY/choose/", body, content_type="application/json")

    return send


def marks(room: Room, *names: str) -> list[str]:
    found = []
    for name in names:
        live = Decision.objects.filter(suggestion=room.suggestion(name), superseded_by=None).exclude(outcome="retract")
        found.append(" ".join(f"{each.outcome} {each.negative_kind}".strip() for each in live))
    return found


def test_the_best_of_a_brief_is_recorded_with_what_was_on_screen(room: Room, pick: Say) -> None:
    response = pick("editor", "s01-b", "best", reasons=["story.tone"], rationale="It waits.")
    assert response.status_code == 201
    told = response.json()
    uids = [str(room.suggestion(name).uid) for name in ("s01-a", "s01-b")]
    assert told["marks"] == {uids[0]: "reject", uids[1]: "accept"}
    assert told["progress"] == {"done": 2, "total": 12}
    assert marks(room, "s01-a", "s01-b") == ["reject sibling", "accept"]
    decision = Decision.objects.get(uid=told["decision"])
    assert decision.text.rationale == "It waits."
    context = decision.context
    assert (context["page"], context["candidates"], context["letters"]) == ("review", uids, ["A", "B"])
    assert context["gesture"]["verb"] == "best"


def test_a_repeated_key_gets_the_first_answer_and_another_body_none(
    room: Room, seat: Callable[[str], Client], pick: Say
) -> None:
    key = str(uuid4())
    uid = room.suggestion("s01-b").uid
    shown = seat("editor").get(f"/p/FERRY/review/?item={uid}").context["item"]["shown"]
    first = pick("editor", "s01-b", "best", idempotency_key=key, shown=shown)
    again = pick("editor", "s01-b", "best", idempotency_key=key, shown=shown)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["decision"] == first.json()["decision"]
    assert again.json()["marks"] == first.json()["marks"]
    assert pick("editor", "s01-a", "best", idempotency_key=key).status_code == 422
    assert Decision.objects.count() == 2


def test_undo_takes_back_the_whole_and_a_repetition_too(room: Room, pick: Say, say: Say) -> None:
    say("editor", "s01-a", "accept", reasons=["story.tone"])
    chosen = pick("editor", "s01-b", "best").json()["decision"]
    key = str(uuid4())
    for status in (201, 200):
        response = say("editor", "s01-b", "retract", retracts=chosen, idempotency_key=key)
        assert response.status_code == status, response.content
    assert marks(room, "s01-a", "s01-b") == ["accept", ""]
    assert response.json()["progress"]["done"] == 1
    assert say("editor", "s01-b", "retract", retracts=chosen).status_code == 422


def test_an_earlier_verdict_is_still_undone_after_the_choice_over_it_was(room: Room, pick: Say, say: Say) -> None:
    first = say("editor", "s01-a", "accept").json()["decision"]
    chosen = pick("editor", "s01-b", "best").json()["decision"]
    say("editor", "s01-b", "retract", retracts=chosen)
    key = str(uuid4())
    for status in (201, 200):
        assert say("editor", "s01-a", "retract", retracts=first, idempotency_key=key).status_code == status
    assert marks(room, "s01-a", "s01-b") == ["", ""]


def test_dismissing_all_is_undone_from_any_of_them(room: Room, pick: Say, say: Say) -> None:
    say("editor", "s01-a", "reject", reasons=["story.tone"])
    gone = pick("editor", "s01-a", "dismissed").json()["decision"]
    assert marks(room, "s01-a", "s01-b") == ["reject explicit", "reject dismissed"]
    assert say("editor", "s01-a", "retract", retracts=gone).status_code == 201
    assert marks(room, "s01-a", "s01-b") == ["reject explicit", ""]


def test_a_supervisor_chooses_for_the_director(room: Room, pick: Say, say: Say) -> None:
    director = room.contributor("director")
    assert pick("scripty", "s01-a", "best").status_code == 403
    response = pick("scripty", "s01-a", "best", on_behalf_of=str(director.uid))
    assert {each.on_behalf_of for each in Decision.objects.all()} == {director}
    assert say("scripty", "s01-a", "retract", retracts=response.json()["decision"]).status_code == 201
    assert {each.on_behalf_of for each in Decision.objects.all()} == {director}


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"outcome": "accept"}, 422),
        ({"shown": ""}, 422),
        ({"shown": "made up"}, 422),
        ({"idempotency_key": "short"}, 422),
        ({"reasons": ["no.such"]}, 422),
        ({"actor": str(uuid4())}, 401),
        ({"suggestion": str(uuid4())}, 404),
    ],
)
def test_what_is_no_choice_is_refused_and_nothing_is_kept(pick: Say, more: dict[str, Any], status: int) -> None:
    assert pick("editor", "s01-a", **{"outcome": "best", **more}).status_code == status
    assert Decision.objects.count() == 0


@pytest.mark.parametrize(("name", "status"), [("producer", 403), ("data", 403)])
def test_who_does_not_judge_does_not_choose(room: Room, seat: Callable[[str], Client], name: str, status: int) -> None:
    uid = str(room.suggestion("s01-a").uid)
    shown = seat("editor").get(f"/p/FERRY/review/?item={uid}").context["item"]["shown"]
    body = {"idempotency_key": str(uuid4()), "suggestion": uid, "outcome": "best", "shown": shown}
    assert seat(name).post("/p/FERRY/choose/", body, content_type="application/json").status_code == status
    assert Client().post("/p/FERRY/choose/", body, content_type="application/json").status_code == 401


def test_takes_are_called_by_their_numbers(room: Room, seat: Callable[[str], Client], pick: Say) -> None:
    bring_in(
        room.production,
        [line(f"27a-{take}", f"Take {take}.", kind="take", meta={"take": str(take)}) for take in (3, 7, 9, 12)],
    )
    client = seat("editor")
    uid = room.suggestion("27a-9").uid
    item = client.get(f"/p/FERRY/review/?item={uid}").context["item"]
    assert [each["take"] for each in item["candidates"]] == ["3", "7", "9", "12"]
    given = {"idempotency_key": str(uuid4()), "suggestion": str(uid), "outcome": "best", "shown": item["shown"]}
    response = client.post("/p/FERRY/choose/", given, follow=True)
    assert "Best: take 9 over 3, 7 and 12" in response.content.decode()
    assert marks(room, "27a-3", "27a-9") == ["reject sibling", "accept"]

"""What happens to a verdict that a browser sends: recorded once, refused in place, never lost, never another's."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from loop.decision.models import Decision
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now, rfc3339
from loop.people.leave import end_membership
from loop.people.models import Member
from tests.support.cutting_room import Room, open_room

Say = Callable[..., Any]


def live(room: Room, external_id: str) -> list[Decision]:
    found = Decision.objects.filter(suggestion=room.suggestion(external_id), superseded_by=None)
    return list(found.exclude(outcome="retract").order_by("id"))


def test_it_records_everything_that_was_said(room: Room, say: Say) -> None:
    response = say(
        "editor",
        "s01-a",
        "reject",
        reasons=["story.tone", "story.cliche"],
        beats=["dread"],
        rationale="Too loud.",
        severity=3,
        confidence="0.8",
        active_ms=6200,
        decided_at="2026-05-01T10:00:07Z",
        spans=[{"start": 0, "end": 4, "label": "here", "reason": "story.tone"}],
    )
    assert response.status_code == 201
    decision = Decision.objects.get(uid=response.json()["decision"])
    assert decision.decided_by == room.contributor("editor")
    assert decision.entered_by == room.users["editor"]
    assert decision.reasons == ["story.tone", "story.cliche"]
    assert (decision.beats, decision.severity, str(decision.confidence)) == (["dread"], 3, "0.800")
    assert (decision.active_ms, rfc3339(decision.decided_at)) == (6200, "2026-05-01T10:00:07.000000Z")
    assert decision.text.rationale == "Too loud."
    assert decision.spans.get().reason == "story.tone"
    assert decision.signal.suggestion_label == "negative"
    assert response.json()["progress"] == {"done": 1, "total": 12}


def test_a_repeated_key_gets_the_first_answer(room: Room, say: Say) -> None:
    key = str(uuid4())
    first = say("editor", "s01-a", "accept", idempotency_key=key)
    again = say("editor", "s01-a", "accept", idempotency_key=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["decision"] == first.json()["decision"]
    assert again.json()["duplicate"] is True
    assert Decision.objects.count() == 1


def test_a_key_with_other_words_is_refused_for_good(say: Say) -> None:
    key = str(uuid4())
    say("editor", "s01-a", "accept", idempotency_key=key)
    response = say("editor", "s01-a", "reject", idempotency_key=key)
    assert response.status_code == 422
    assert Decision.objects.get().outcome == "accept"


def test_a_second_verdict_supersedes_ones_own_only(room: Room, say: Say) -> None:
    say("director", "s01-a", "accept")
    first = say("editor", "s01-a", "accept").json()["decision"]
    second = say("editor", "s01-a", "reject")
    assert second.json()["superseded"] == first
    assert [(each.outcome, str(each.decided_by)) for each in live(room, "s01-a")] == [
        ("accept", "Director"),
        ("reject", "Editor"),
    ]


def test_a_verdict_that_waited_in_a_browser_does_not_overrule_a_later_one(room: Room, say: Say) -> None:
    moment = now()
    say("editor", "s01-a", "reject", decided_at=rfc3339(moment))
    late = say("editor", "s01-a", "accept", decided_at=rfc3339(moment - timedelta(hours=2)))
    assert late.status_code == 201
    assert late.json()["superseded"] is None
    assert {each.outcome for each in live(room, "s01-a")} == {"accept", "reject"}


def test_undo_retracts(room: Room, say: Say) -> None:
    decision = say("editor", "s01-a", "accept").json()["decision"]
    response = say("editor", "s01-a", "retract", retracts=decision)
    assert response.status_code == 201
    assert response.json()["progress"]["done"] == 0
    assert live(room, "s01-a") == []
    assert say("editor", "s01-a", "retract", retracts=decision).status_code == 422


def test_a_script_supervisor_decides_for_the_director_and_both_names_stay(room: Room, say: Say) -> None:
    director = room.contributor("director")
    response = say("scripty", "s01-a", "reject", on_behalf_of=str(director.uid))
    decision = Decision.objects.get(uid=response.json()["decision"])
    assert (decision.decided_by, decision.on_behalf_of) == (room.contributor("scripty"), director)
    taken_back = say("scripty", "s01-a", "retract", retracts=str(decision.uid))
    assert Decision.objects.get(uid=taken_back.json()["decision"]).on_behalf_of == director


def test_a_script_supervisor_does_not_decide_alone(say: Say) -> None:
    response = say("scripty", "s01-a", "reject")
    assert response.status_code == 403
    assert response.json()["permanent"] is True


def test_nobody_speaks_for_a_stranger(say: Say) -> None:
    other = open_room("OTHER", suggestions=2, prefix="other-")
    response = say("scripty", "s01-a", "reject", on_behalf_of=str(other.contributor("director").uid))
    assert response.status_code == 422
    assert Decision.objects.count() == 0


@pytest.mark.parametrize("name", ["producer", "data", "auditor"])
def test_roles_that_do_not_judge_are_refused_for_good(name: str, say: Say) -> None:
    response = say(name, "s01-a", "accept")
    assert response.status_code == 403
    assert response.json()["permanent"] is True


def test_a_foreign_suggestion_does_not_exist(say: Say, seat: Callable[[str], Client]) -> None:
    other = open_room("OTHER", suggestions=2, prefix="other-")
    assert say("editor", "s01-a", "accept", suggestion=str(other.suggestion("s01-a").uid)).status_code == 404
    body = json.dumps({"idempotency_key": str(uuid4()), "suggestion": str(uuid4()), "outcome": "accept"})
    assert seat("editor").post("/p/OTHER/decide/", body, content_type="application/json").status_code == 404


def test_who_is_gone_is_refused(room: Room, say: Say) -> None:
    say("editor", "s01-a", "accept")
    member = Member.objects.get(user=room.users["editor"])
    end_membership(member=member, actor=SYSTEM)
    assert say("editor", "s01-b", "accept").status_code == 404


def test_a_lost_session_keeps_the_verdict_in_the_browser(room: Room, say: Say) -> None:
    body = json.dumps({"idempotency_key": str(uuid4()), "suggestion": str(uuid4()), "outcome": "accept"})
    assert Client().post("/p/FERRY/decide/", body, content_type="application/json").status_code == 401
    assert say("editor", "s01-a", "accept", actor=str(room.users["director"].uid)).status_code == 401
    assert Decision.objects.count() == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("outcome", "maybe"),
        ("outcome", 3),
        ("idempotency_key", "short"),
        ("suggestion", "nothing"),
        ("reasons", ["no.such"]),
        ("reasons", "story.tone"),
        ("severity", 9),
        ("severity", "high"),
        ("severity", 10**40),
        ("decided_at", "yesterday"),
        ("decided_at", "2026-13-40T00:00:00Z"),
        ("confidence", "2"),
        ("confidence", "NaN"),
        ("active_ms", -5),
        ("beats", ["boredom"]),
        ("spans", [{"start": 5, "end": 2}]),
        ("spans", "all"),
        ("rationale", "with \x00 inside"),
        ("on_behalf_of", "me"),
    ],
)
def test_nonsense_is_refused_with_words_and_nothing_is_kept(say: Say, field: str, value: object) -> None:
    response = say("editor", "s01-a", **{"outcome": "reject", field: value})
    assert response.status_code == 422, response.content
    assert response.json()["detail"]
    assert Decision.objects.count() == 0


@pytest.mark.parametrize("body", [" ", "[]", "{", "null", '"x"'])
def test_a_body_that_is_no_object_is_refused(body: str, seat: Callable[[str], Client]) -> None:
    assert seat("editor").post("/p/FERRY/decide/", body, content_type="application/json").status_code == 422


def test_a_clock_that_runs_ahead_does_not_date_a_verdict_in_the_future(say: Say) -> None:
    say("editor", "s01-a", "accept", decided_at=rfc3339(now() + timedelta(days=400)))
    assert Decision.objects.get().decided_at <= now()


def test_a_repetition_after_a_clock_ran_ahead_still_gets_the_first_answer(say: Say) -> None:
    given = {"idempotency_key": str(uuid4()), "decided_at": rfc3339(now() + timedelta(seconds=1))}
    first = say("editor", "s01-a", "accept", **given)
    time.sleep(1.1)
    assert say("editor", "s01-a", "accept", **given).json()["decision"] == first.json()["decision"]


def test_what_was_on_screen_is_recorded_as_the_page_showed_it(
    room: Room, say: Say, seat: Callable[[str], Client]
) -> None:
    suggestion = room.suggestion("s01-a")
    item = seat("editor").get(f"/p/FERRY/review/?item={suggestion.uid}").context["item"]
    say("editor", "s01-a", "accept", shown=item["shown"])
    context = Decision.objects.get().context
    assert context["candidates"] == [str(suggestion.uid), str(room.suggestion("s01-b").uid)]
    assert context["blind"] is True
    # A token of another page, or one made up, says nothing.
    say("editor", "s02-a", "accept", shown=item["shown"])
    say("editor", "s02-b", "accept", shown="made up")
    for decision in Decision.objects.exclude(suggestion=suggestion):
        assert decision.context == {"page": "review"}


def test_others_verdicts_wait_for_ones_own(room: Room, say: Say, seat: Callable[[str], Client]) -> None:
    theirs = say("director", "s01-a", "reject", rationale="Never.").json()["decision"]
    uid = room.suggestion("s01-a").uid
    editor = seat("editor")
    pages = (f"/p/FERRY/review/?item={uid}", f"/p/FERRY/items/{uid}/", f"/d/{theirs}/")
    for address in pages:
        assert "Never." not in editor.get(address).content.decode(), address
    say("editor", "s01-a", "accept")
    for address in pages:
        assert "Never." in editor.get(address).content.decode(), address


def test_who_asks_to_see_them_first_is_not_recorded_as_blind(
    room: Room, say: Say, seat: Callable[[str], Client]
) -> None:
    say("director", "s01-a", "reject", rationale="Never.")
    uid = room.suggestion("s01-a").uid
    editor = seat("editor")
    assert editor.post(f"/p/FERRY/items/{uid}/reveal/").status_code == 302
    assert "Never." in editor.get(f"/p/FERRY/items/{uid}/").content.decode()
    shown = editor.get(f"/p/FERRY/review/?item={uid}").context["item"]["shown"]
    say("editor", "s01-a", "accept", shown=shown)
    assert Decision.objects.get(decided_by=room.contributor("editor")).context["blind"] is False


class TestWithoutScript:
    """Plain forms, as a browser without scripts sends them."""

    @pytest.fixture
    def form(self, room: Room, seat: Callable[[str], Client]) -> Callable[..., Any]:
        client = seat("editor")

        def send(external_id: str, outcome: str, **more: Any) -> Any:
            uid = str(room.suggestion(external_id).uid)
            given = {"idempotency_key": str(uuid4()), "suggestion": uid, "outcome": outcome, "rationale": "", **more}
            return client.post("/p/FERRY/decide/", given)

        return send

    def test_it_answers_with_the_next_item(self, room: Room, form: Say, seat: Callable[[str], Client]) -> None:
        response = form("s01-a", "reject", reasons=["story.tone"], severity="2", rationale="One\r\ntwo")
        assert response.status_code == 303
        shown = seat("editor").get(response["Location"]).context
        assert shown["item"]["full_name"] == "s01-b"
        decision = Decision.objects.get()
        assert (decision.reasons, decision.severity, decision.text.rationale) == (["story.tone"], 2, "One\ntwo")

    def test_going_back_and_sending_again_changes_nothing(self, form: Say) -> None:
        key = str(uuid4())
        assert form("s01-a", "accept", idempotency_key=key).status_code == 303
        assert form("s01-a", "accept", idempotency_key=key).status_code == 303
        assert Decision.objects.count() == 1

    def test_undo(self, room: Room, form: Say) -> None:
        form("s01-a", "accept")
        response = form("s01-a", "retract", retracts=str(Decision.objects.get().uid))
        assert response.status_code == 303
        assert str(room.suggestion("s01-a").uid) in response["Location"]
        assert live(room, "s01-a") == []

    def test_a_required_reason_is_asked_for_in_place(self, room: Room, form: Say) -> None:
        room.production.reason_required = True
        room.production.save()
        response = form("s01-a", "revise", rationale="Kept words.", revised_content="Kept text.")
        assert response.status_code == 422
        page = response.content.decode()
        assert "wants a reason" in page
        assert "Kept words." in page
        assert "Kept text." in page
        assert Decision.objects.count() == 0

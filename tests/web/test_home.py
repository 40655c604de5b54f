"""The home page and a production's overview: what waits, what was begun, what one's verdicts changed, by role."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from loop.kernel.clock import now
from loop.people.querysets import actor_for_user
from loop.queue.models import Assignment, OpinionRequest
from loop.queue.policy import set_policy
from tests.support.cutting_room import Room, bring_in, line, open_room, say

SYSTEM_ROLES = ("director", "editor", "scripty", "producer", "data", "consent", "auditor")


def test_going_on_is_the_first_thing(room: Room, seat: Callable[[str], Client]) -> None:
    client = seat("editor")
    assert "Start reviewing <kbd>Enter</kbd>" in client.get("/").content.decode()
    say(client, room, "s01-a", "accept")
    say(client, room, "s01-b", "reject", reasons=["story.tone"])
    say(client, room, "s02-a", "skip")
    page = client.get("/").content.decode()
    assert "Continue 2 of 12 <kbd>Enter</kbd>" in page
    assert "2 of 12 done, 1 skipped" in page
    assert page.index('data-action="queue.start" autofocus') < page.index("<table")


def test_it_says_what_the_last_verdicts_changed(room: Room, seat: Callable[[str], Client]) -> None:
    client = seat("editor")
    say(client, room, "s01-a", "accept")
    say(client, room, "s01-b", "reject", reasons=["story.tone"])
    say(client, room, "s02-a", "skip")
    last = client.get("/").context["last"]
    assert (last["number"], last["labels"], last["pairs"], last["rows_left"]) == (3, 2, 1, 0)
    assert seat("director").get("/").context["last"] is None


def test_what_waits_counts_as_in_the_room(room: Room, seat: Callable[[str], Client]) -> None:
    director, editor = room.contributor("director"), room.contributor("editor")
    user = room.users["producer"]
    for name, person in (("s01-a", editor), ("s01-b", director)):
        Assignment.objects.create(
            suggestion=room.suggestion(name), contributor=person, assigned_by=user, assigned_at=now()
        )
    OpinionRequest.objects.create(suggestion=room.suggestion("s02-a"), asked_by=director, asked_at=now())
    [queue] = seat("editor").get("/").context["queues"]
    room_says = seat("editor").get("/p/FERRY/review/").context["queue"]
    assert (queue["left"], queue["total"]) == (11, 11) == (room_says["left"], room_says["total"])
    assert [(each["number"], each["words"]) for each in queue["asked"]] == [
        (1, "assigned to me"),
        (1, "wanting a second opinion"),
    ]


def test_drafts_are_listed_for_their_writer(room: Room, seat: Callable[[str], Client]) -> None:
    url = f"/p/FERRY/drafts/{room.suggestion('s02-b').uid}/"
    body = json.dumps({"body": {"rationale": "Half"}, "base": None})
    assert seat("editor").put(url, body, content_type="application/json").status_code == 200
    page = seat("editor").get("/").content.decode()
    assert "1 draft" in page
    assert "s02-b" in page
    assert "Half" not in page
    assert "1 draft</a>" in seat("editor").get("/p/FERRY/queue/").content.decode()
    assert "1 draft" not in seat("director").get("/").content.decode()


def test_the_overview_shows_stages_queues_people_models_and_policy(room: Room, seat: Callable[[str], Client]) -> None:
    say(seat("director"), room, "s01-a", "accept")
    say(seat("editor"), room, "s01-a", "reject", reasons=["story.tone"])
    answer = seat("editor").get("/p/FERRY/")
    page = answer.content.decode()
    assert [(each["label"], each["number"]) for each in answer.context["queues"]] == [
        ("waiting for me", 11),
        ("disagreed on", 1),
    ]
    people = {each["name"]: (each["judged"], each["given"]) for each in answer.context["people"]}
    assert people["Director"] == (1, 1)
    assert people["Auditor"] == (0, 0)
    assert "n 1" in page
    assert "Everybody judges everything" in page
    assert "Change the policy" not in page
    assert "Change the policy" in seat("producer").get("/p/FERRY/").content.decode()
    set_policy(production=room.production, actor=actor_for_user(room.users["producer"]), reviewers_per_item=2)
    assert "2 people judge each item" in seat("editor").get("/p/FERRY/").content.decode()


def test_its_tables_are_files_too(room: Room, seat: Callable[[str], Client]) -> None:
    say(seat("director"), room, "s01-a", "accept")
    stages = seat("auditor").get("/p/FERRY/overview/stages.csv")
    assert stages["Content-Type"] == "text/csv; charset=utf-8"
    assert "development,12,1,0,12" in stages.content.decode()
    assert "Director,Director,1,1," in seat("editor").get("/p/FERRY/overview/people.csv").content.decode()
    assert seat("editor").get("/p/FERRY/overview/models.csv").status_code == 404
    other = open_room("OTHER", suggestions=2, prefix="other-")
    assert seat("editor").get(f"/p/{other.production.code}/overview/stages.csv").status_code == 404


@pytest.mark.parametrize("who", SYSTEM_ROLES)
def test_every_role_is_let_in_with_few_queries(who: str, room: Room, seat: Callable[[str], Client]) -> None:
    bring_in(room.production, [line(f"m{number}-a", "More.", model=f"vendor/m@{number}") for number in range(30)])
    for number in range(1, 6):
        say(seat("director"), room, f"s0{number}-a", "accept")
    client = seat(who)
    for address in ("/", "/p/FERRY/"):
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        assert len(captured) <= 12, [each["sql"][:90] for each in captured.captured_queries]

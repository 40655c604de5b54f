"""The coach strip: on the sample production only, for who judges there, moved on by real verdicts, closed for good."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from loop.people.models import User
from tests.support.cutting_room import Room, open_room, say

REVIEW = "/p/FERRY/review/"


@pytest.fixture
def room(db: None) -> Room:
    room = open_room()
    room.production.is_demo = True
    room.production.save(update_fields=["is_demo"])
    return room


def now(client: Client) -> str:
    strip = client.get(REVIEW).context["coach"]
    return strip["now"] if strip else "none"


def test_it_says_the_next_thing_until_five_verdicts_are_given(room: Room, seat: Callable[[str], Client]) -> None:
    client = seat("editor")
    page = client.get(REVIEW).content.decode()
    assert 'id="coach"' in page
    assert now(client) == "accept"
    say(client, room, "s01-a", "accept")
    assert now(client) == "reject"
    say(client, room, "s01-b", "reject")
    assert now(client) == "reject"  # without a reason it has not been tried
    say(client, room, "s02-a", "reject", reasons=["story.tone"])
    assert now(client) == "span"
    say(client, room, "s02-b", "revise", reasons=["story.tone"], revised_content="Better.")
    say(client, room, "s03-a", "accept", spans=[{"target": "content", "start": 0, "end": 4}])
    assert now(client) == ""
    page = client.get(REVIEW).content.decode()
    assert "/p/FERRY/research/" in page
    assert "See what they say of the models" in page


def test_it_stands_nowhere_else(room: Room, seat: Callable[[str], Client]) -> None:
    assert 'id="coach"' in seat("director").get(REVIEW).content.decode()
    for address in ("/", "/p/FERRY/", "/p/FERRY/queue/", f"{REVIEW}?fragment=1"):
        assert 'id="coach"' not in seat("director").get(address).content.decode()
    room.production.is_demo = False
    room.production.save(update_fields=["is_demo"])
    assert now(seat("director")) == "none"


def test_it_is_closed_for_good_and_leads_back_only_to_us(room: Room, seat: Callable[[str], Client]) -> None:
    client = seat("editor")
    answer = client.post("/me/coach/", {"next": REVIEW})
    assert (answer.status_code, answer["Location"]) == (303, REVIEW)
    assert now(client) == "none"
    assert User.objects.get(pk=room.users["editor"].pk).preferences == {"coach": False}
    assert now(seat("director")) == "accept"
    assert client.post("/me/coach/", {"next": "https://elsewhere.example/"})["Location"] == "/"
    assert client.post("/me/coach/", headers={"accept": "application/json"}).status_code == 204
    assert Client().post("/me/coach/").status_code == 302


def test_who_gave_many_verdicts_needs_no_coach(room: Room, seat: Callable[[str], Client]) -> None:
    client = seat("editor")
    for _ in range(2):
        for number in range(1, 7):
            for side in "ab":
                say(client, room, f"s{number:02d}-{side}", "accept")
    assert now(client) == "none"

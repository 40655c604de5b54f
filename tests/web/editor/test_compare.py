"""The comparison page: what it shows, what it hides while one judges blind, and what it asks of the database."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from loop.decision.models import Decision
from loop.queue.models import ReviewPolicy
from tests.support.cutting_room import Room, bring_in, line, open_room

Seat = Callable[[str], Client]


@pytest.fixture
def answers(room: Room) -> Room:
    """Five answers to one brief, of two models, with their parameters."""
    bring_in(
        room.production,
        [
            line(
                f"pier-{name}", f"The pier, {name}.", model=f"vendor/{'ab'[place % 2]}@1", seed=place, cost_usd="0.02",
                parameters={"steps": 30, "guidance": place},
                prompt="The pier at night." if place else "The pier at dawn.",
            )
            for place, name in enumerate(("one", "two", "three", "four", "five"))
        ],
    )  # fmt: skip
    return room


def address(room: Room, external_id: str, query: str = "") -> str:
    return f"/p/FERRY/briefs/{room.suggestion(external_id).brief.uid}/compare/{query}"


def choose(client: Client, context: Any, uid: str, outcome: str = "best") -> Any:
    body = {"idempotency_key": str(uuid4()), "suggestion": uid, "outcome": outcome, "shown": context["shown"]}
    return client.post("/p/FERRY/choose/", json.dumps(body), content_type="application/json")


def test_it_shows_what_differs_and_says_once_what_does_not(answers: Room, seat: Seat) -> None:
    context = seat("editor").get(address(answers, "pier-one")).context
    assert [each["name"] for each in context["cells"]] == ["A", "B", "C", "D", "E"]
    assert context["cells"][0]["content"] == "The pier, one."
    facts = {fact.label: fact for fact in context["facts"]}
    assert facts["Cost"].same == "$0.0200"
    assert [value.text for value in facts["Seed"].values] == ["0", "1", "2", "3", "4"]
    assert "Guidance" in facts
    assert "Steps" not in facts
    assert [(piece.kind, piece.text) for piece in facts["Prompt"].values[1].pieces][1:3] == [
        ("del", "dawn."),
        ("ins", "night."),
    ]


def test_blind_hides_the_model_and_shuffles_for_each_person_alike(answers: Room, seat: Seat) -> None:
    editor = seat("editor")
    pages = [editor.get(address(answers, "pier-one", "?blind=1")) for _ in range(2)]
    order = [[str(each["uid"]) for each in page.context["cells"]] for page in pages]
    assert order[0] == order[1]
    arrived = [str(answers.suggestion(f"pier-{name}").uid) for name in ("one", "two", "three", "four", "five")]
    theirs = seat("director").get(address(answers, "pier-one", "?blind=1"))
    assert [str(each["uid"]) for each in theirs.context["cells"]] != order[0]
    assert arrived not in (order[0], order[1])
    text = pages[0].content.decode()
    for told in ("vendor/a@1", "pier-one", "Guidance", "$0.02"):
        assert told not in text, told
    response = choose(editor, pages[0].context, order[0][2])
    assert response.status_code == 201
    context = Decision.objects.get(uid=response.json()["decision"]).context
    assert context["candidates"] == order[0]
    assert (context["model_hidden"], context["shuffled"], context["letters"]) == (True, True, ["A", "B", "C", "D", "E"])
    # Judged, the models show, in the order one knows.
    after = editor.get(address(answers, "pier-one", "?blind=1"))
    assert [str(each["uid"]) for each in after.context["cells"]] == order[0]
    assert "vendor/a@1" in after.content.decode()


def test_the_production_may_want_it_blind(answers: Room, seat: Seat) -> None:
    ReviewPolicy.objects.create(production=answers.production, hide_model=True, shuffle_candidates=True)
    page = seat("editor").get(address(answers, "pier-one"))
    assert "vendor/a@1" not in page.content.decode()
    assert page.context["is_shuffled"]


def test_two_thousand_candidates_are_gone_through_set_by_set(room: Room, seat: Seat) -> None:
    bring_in(room.production, [line(f"many-{number:04d}", f"Answer {number}.") for number in range(2000)])
    editor = seat("editor")
    page = editor.get(address(room, "many-0000"))
    assert len(page.context["cells"]) == 24
    assert page.context["sets"]["last"] == 84
    last = room.suggestion("many-1999")
    page = editor.get(address(room, "many-0000", f"?item={last.uid}"))
    assert page.context["sets"]["number"] == 84
    assert page.context["cells"][-1]["uid"] == last.uid
    assert choose(editor, page.context, str(last.uid)).json()["progress"]["done"] == len(page.context["cells"])
    for odd in ("?set=99999", "?set=0", "?set=x", "?item=nobody"):
        assert editor.get(address(room, "many-0000", odd)).status_code == 200


def test_one_candidate_leads_to_its_review(room: Room, seat: Seat) -> None:
    bring_in(room.production, [line("alone-a", "Only this.")])
    page = seat("editor").get(address(room, "alone-a"))
    assert "Only one candidate" in page.content.decode()
    assert f"item={room.suggestion('alone-a').uid}" in page.content.decode()


def test_without_script_the_form_chooses_and_goes_on(room: Room, seat: Seat) -> None:
    editor = seat("editor")
    context = editor.get(address(room, "s01-a")).context
    given = {
        "idempotency_key": str(uuid4()),
        "suggestion": str(room.suggestion("s01-b").uid),
        "outcome": "best",
        "shown": context["shown"],
        "rationale": "It waits.",
    }
    response = editor.post("/p/FERRY/choose/", given)
    assert response.status_code == 303
    assert editor.get(response["Location"]).context["item"]["full_name"] == "s02-a"
    refused = editor.post("/p/FERRY/choose/", {**given, "outcome": "dismissed"}, follow=True)
    assert "Not recorded yet" in refused.content.decode()
    assert Decision.objects.count() == 2


def test_who_may_see_it(room: Room, seat: Seat) -> None:
    for name, status in (("editor", 200), ("director", 200), ("producer", 200), ("data", 403), ("auditor", 403)):
        assert seat(name).get(address(room, "s01-a")).status_code == status, name
    assert "Best:" not in seat("producer").get(address(room, "s01-a")).content.decode()
    other = open_room("OTHER", suggestions=2, prefix="other-")
    foreign = other.suggestion("s01-a").brief.uid
    assert seat("editor").get(f"/p/FERRY/briefs/{foreign}/compare/").status_code == 404
    assert seat("editor").get(f"/p/OTHER/briefs/{foreign}/compare/").status_code == 404


def test_it_asks_the_database_at_most_twelve_times(
    answers: Room, seat: Seat, queries: Callable[[Client, str], int]
) -> None:
    bring_in(answers.production, [line(f"clip-{name}", None) for name in "abcdef"])
    for name in ("editor", "scripty"):
        for external_id in ("pier-one", "clip-a"):
            assert queries(seat(name), address(answers, external_id)) <= 12, (name, external_id)

"""The queue page, its doors, and the end of a queue."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from loop.kernel.actor import SYSTEM
from loop.people.account import add_user
from loop.people.member import add_member
from loop.queue.assign import assign
from loop.queue.models import Assignment, Claim, OpinionRequest, ReviewPolicy, SavedView
from loop.queue.policy import policy_of, set_policy
from tests.support.cutting_room import Room, bring_in, line

type_of_seat = Callable[[str], Client]
QUEUE = "/p/FERRY/queue/"
MOST = 12


@pytest.fixture
def share(room: Room) -> Callable[..., None]:
    def act(reviewers: int | None = 1, **more: Any) -> None:
        set_policy(production=room.production, actor=SYSTEM, reviewers_per_item=reviewers, **more)

    return act


@pytest.fixture
def claim(room: Room, seat: type_of_seat) -> Callable[..., Any]:
    """`claim("editor", "s01-a", hold=1)`: the answer to a claim of these, in this order."""

    def ask(name: str, *items: str, hold: int = 3, **more: Any) -> Any:
        body = {"want": [str(room.suggestion(each).uid) for each in items], "hold": hold, **more}
        return seat(name).post("/p/FERRY/claims/", json.dumps(body), content_type="application/json")

    return ask


def mean(room: Room, who: str, *names: str) -> None:
    assign(
        production=room.production, suggestions=[room.suggestion(name) for name in names],
        people=[room.contributor(who)], actor=SYSTEM, user=room.users["producer"],
    )  # fmt: skip


def named(room: Room, page: bytes) -> list[str]:
    """The suggestions that a page lists, in order."""
    text = page.decode()
    found = [each.external_id for each in room.production.suggestions.order_by("id")]
    return [name for name in found if f'title="{name}">{name}</a>' in text]


def test_it_filters_by_state_scene_and_assignee(room: Room, seat: type_of_seat, say: Callable[..., Any]) -> None:
    say("editor", "s01-a", "accept")
    say("editor", "s01-b", "skip")
    mean(room, "editor", "s02-a")
    mean(room, "director", "s02-b")
    bring_in(room.production, [line("s09-a", "A note.", meta={"scene": "12"}), line("s09-b", "A note.")])
    client = seat("editor")
    person = room.contributor("director").uid
    expected = {
        "state=mine": ["s01-a"],
        "state=skipped": ["s01-b"],
        "state=assigned": ["s02-a"],
        f"state=all&person={person}": ["s02-b"],
        "state=all&person=nobody&scene=12": ["s09-a"],
        "scene=12": ["s09-a"],
    }
    for query, names in expected.items():
        assert named(room, client.get(f"{QUEUE}?{query}").content) == names, query
    waiting = named(room, client.get(QUEUE).content)
    assert "s02-a" in waiting
    assert "s02-b" not in waiting
    assert "Ignored: person x, state y" in client.get(f"{QUEUE}?person=x&state=y").content.decode()


def test_the_tabs_count_what_they_lead_to(room: Room, seat: type_of_seat, say: Callable[..., Any]) -> None:
    say("editor", "s01-a", "accept")
    say("director", "s01-a", "reject")
    mean(room, "editor", "s02-a")
    page = seat("editor").get(f"{QUEUE}?kind=script_note").content.decode()
    for label, count in (
        ("Waiting for me", 11),
        ("Decided by me", 1),
        ("Disagreed on", 1),
        ("Assigned to me", 1),
        ("All", 12),
    ):
        assert f"{label} <b>{count}</b>" in page, label
    assert "Held by others" not in page
    reader = seat("producer").get(QUEUE).content.decode()
    assert "Disagreed on <b>1</b>" in reader
    assert "Waiting for me" not in reader


def test_every_page_of_it_asks_at_most_twelve_times(
    room: Room, seat: type_of_seat, say: Callable[..., Any], share: Callable[..., None], claim: Callable[..., Any],
    queries: Callable[[Client, str], int],
) -> None:  # fmt: skip
    share(2, hide_model=True)
    for number in range(1, 6):
        for name in ("director", "editor"):
            say(name, f"s0{number}-a", "reject" if number % 2 else "accept", reasons=["story.tone"], active_ms=900)
    bring_in(room.production, [line("clip-a", None, kind="previs_clip", stage="previs")])
    claim("editor", "s01-b", "s02-b")
    mean(room, "director", "s06-a")
    clip = room.suggestion("clip-a").uid
    pages = [QUEUE, f"{QUEUE}?state=all&scene=12", *(
        f"/p/FERRY/review/?{query}" for query in (
            "", f"item={clip}", f"item={clip}&fragment=1", "stage=post", "state=opinion",
            f"stage=development&after={room.suggestion('s06-b').uid}",
        )
    )]  # fmt: skip
    for name in ("director", "scripty"):
        asked = {page: queries(seat(name), page) for page in pages}
        assert max(asked.values()) <= MOST, asked
    assert queries(seat("producer"), "/p/FERRY/policy/") <= MOST


def test_a_policy_that_hides_the_model_hides_it_here_too(
    room: Room, seat: type_of_seat, say: Callable[..., Any], share: Callable[..., None]
) -> None:
    share(None, hide_model=True)
    say("editor", "s01-a", "accept")
    page = seat("editor").get(f"{QUEUE}?state=all&model=vendor/scribe@1.0").content.decode()
    assert "Ignored: model" in page
    assert page.count("vendor/scribe@1.0") == 1  # on the row that is judged
    assert page.count("0.0031") == 1
    assert seat("producer").get(QUEUE).content.decode().count("vendor/scribe@1.0") > 12


def test_the_list_as_csv_has_no_texts(room: Room, seat: type_of_seat, say: Callable[..., Any]) -> None:
    say("editor", "s01-a", "accept")
    mean(room, "editor", "s01-b")
    response = seat("editor").get(f"{QUEUE}?state=all&format=csv")
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert len(rows) == 12
    assert (rows[0]["suggestion"], rows[0]["mine"], rows[0]["judged_by"]) == ("s01-a", "Accepted", "1")
    assert rows[1]["assigned_to"] == "Editor"
    assert b"The pause says it" not in response.content


def test_rows_are_assigned_and_taken_back_in_one_gesture(room: Room, seat: type_of_seat) -> None:
    client = seat("producer")
    editor, director = room.contributor("editor"), room.contributor("director")
    items = [str(room.suggestion(name).uid) for name in ("s01-a", "s01-b")]
    done = client.post(
        "/p/FERRY/assign/", {"item": items, "person": str(editor.uid), "do": "assign", "query": "state=all"}
    )
    assert (done.status_code, done["Location"]) == (303, f"{QUEUE}?state=all")
    assert Assignment.objects.filter(contributor=editor).count() == 2
    client.post(
        "/p/FERRY/assign/", {"all": "1", "person": str(director.uid), "do": "assign", "query": "kind=script_note"}
    )
    assert Assignment.objects.filter(contributor=director).count() == 12
    client.post("/p/FERRY/assign/", {"item": items, "person": "", "do": "unassign"})
    assert Assignment.objects.count() == 10
    for body in ({"item": items, "do": "assign"}, {"do": "unassign"}, {"item": ["x"], "person": str(editor.uid)}):
        assert "Nothing was assigned" in client.post("/p/FERRY/assign/", body, follow=True).content.decode()
    assert seat("editor").post("/p/FERRY/assign/", {"item": items, "person": str(editor.uid)}).status_code == 403
    assert 'id="assign"' not in seat("editor").get(QUEUE).content.decode()
    assert Assignment.objects.count() == 10


def test_views_are_kept_shared_renamed_and_dropped(room: Room, seat: type_of_seat) -> None:
    editor, director = seat("editor"), seat("director")
    editor.post("/p/FERRY/views/", {"name": "Notes", "query": "kind=script_note&nonsense=1", "shared": "1"})
    view = SavedView.objects.get()
    assert view.query == "kind=script_note"
    assert "Notes" in director.get(QUEUE).content.decode()
    assert director.post(f"/p/FERRY/views/{view.uid}/", {"do": "drop"}).status_code == 404
    editor.post(f"/p/FERRY/views/{view.uid}/", {"do": "change", "name": "All notes"})
    view.refresh_from_db()
    assert (view.name, view.is_shared) == ("All notes", False)
    assert "All notes" not in director.get(QUEUE).content.decode()
    assert (
        "its name needs"
        in editor.post("/p/FERRY/views/", {"name": " ", "query": "kind=x"}, follow=True).content.decode()
    )
    assert editor.post(f"/p/FERRY/views/{uuid4()}/", {"do": "drop"}).status_code == 404
    editor.post(f"/p/FERRY/views/{view.uid}/", {"do": "drop"})
    assert not SavedView.objects.exists()


def test_the_policy_page_sets_it_in_plain_words(room: Room, seat: type_of_seat) -> None:
    client = seat("producer")
    fields = {"reviewers_per_item": "2", "lease_minutes": "5", "skip": "with_reason", "hide_model": "on",
              "accept_chips": ["praise.tone"], "beat_chips": ["dread"]}  # fmt: skip
    assert client.post("/p/FERRY/policy/", fields).status_code == 302
    found = ReviewPolicy.objects.get()
    assert (found.reviewers_per_item, found.lease_s, found.skip) == (2, 300, "with_reason")
    assert (found.hide_model, found.blind_until_decided) == (True, False)
    assert (found.accept_chips, found.beat_chips) == (["praise.tone"], ["dread"])
    refused = client.post("/p/FERRY/policy/", fields | {"lease_minutes": "0"})
    assert refused.status_code == 422
    assert client.post("/p/FERRY/policy/", fields | {"reviewers_per_item": "0"}).status_code == 302
    assert ReviewPolicy.objects.get().reviewers_per_item is None
    for name in ("director", "editor", "auditor"):
        assert seat(name).post("/p/FERRY/policy/", fields).status_code == 403
    assert policy_of(room.production).reviewers_per_item is None


def test_claims_are_answered_to_those_who_judge(
    room: Room, seat: type_of_seat, share: Callable[..., None], claim: Callable[..., Any], say: Callable[..., Any]
) -> None:
    share(1)
    first, second = (str(room.suggestion(name).uid) for name in ("s01-a", "s01-b"))
    assert claim("editor", "s01-a", hold=1).json() == {"mine": [first], "held": {}, "gone": [], "lease_s": 600}
    assert claim("director", "s01-a", "s01-b", hold=1).json() == {
        "mine": [second], "held": {first: "Editor"}, "gone": [], "lease_s": 600,
    }  # fmt: skip
    say("editor", "s01-a", "accept")
    assert claim("director", "s01-a", "s01-b").json() == {"mine": [second], "held": {}, "gone": [first], "lease_s": 600}
    assert claim("director", drop=[second]).json()["mine"] == []
    assert not Claim.objects.exists()


def test_claims_refuse_what_is_none(room: Room, seat: type_of_seat, claim: Callable[..., Any]) -> None:
    assert Client().post("/p/FERRY/claims/", "{}", content_type="application/json").status_code == 401
    assert claim("producer", "s01-a").status_code == 403
    editor = seat("editor")
    assert editor.post("/p/NONE/claims/", "{}", content_type="application/json").status_code == 404
    for body in ("[", "[]", '{"want": "x"}', '{"want": ["x"]}', '{"hold": -1}', '{"hold": true}', '{"want": [1]}'):
        assert editor.post("/p/FERRY/claims/", body, content_type="application/json").status_code == 422, body
    assert editor.get("/p/FERRY/claims/").status_code == 405


def test_what_others_hold_is_passed_over_and_never_kept_from_anybody(
    room: Room, seat: type_of_seat, share: Callable[..., None], claim: Callable[..., Any]
) -> None:
    share(1)
    names = [each.external_id for each in room.production.suggestions.order_by("id")]
    claim("editor", *names[:3])
    director = seat("director")
    page = director.get("/p/FERRY/review/").content.decode()
    assert 'data-label="s02-b"' in page
    assert "with Editor" in page
    add_member(
        user=add_user(username="ana", actor=SYSTEM, name="Ana").user,
        production=room.production,
        role="editor",
        actor=SYSTEM,
    )
    held = room.suggestion(names[0])
    assert 'data-label="s01-a"' in director.get(f"/p/FERRY/review/?item={held.uid}").content.decode()
    for each in (names[3:10], names[10:]):
        room.users["ana"] = add_user(username=f"ana{each[0]}", actor=SYSTEM, name="Ana").user
        add_member(user=room.users["ana"], production=room.production, role="editor", actor=SYSTEM)
        claim("ana", *each, hold=10)
    end = director.get("/p/FERRY/review/").content.decode()
    assert "Everything left is with Editor and Ana" in end
    assert f"item={held.uid}" in end  # the one that is held the longest
    assert "Take one anyway" in end


def test_a_second_opinion_is_asked_for_from_the_room(room: Room, seat: type_of_seat) -> None:
    item = room.suggestion("s01-a")
    client, address = seat("editor"), f"/p/FERRY/items/{item.uid}/opinion/"
    line_of_sheet = client.post(address, {"ask": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert "You ask for a second opinion" in line_of_sheet
    assert (
        "Editor asks for a second opinion" in seat("director").get(f"/p/FERRY/review/?item={item.uid}").content.decode()
    )
    assert "Editor asks for a second opinion" in seat("director").get(f"/p/FERRY/items/{item.uid}/").content.decode()
    back = client.post(address, {"ask": "0", "next": f"/p/FERRY/items/{item.uid}/"})
    assert (back.status_code, back["Location"]) == (303, f"/p/FERRY/items/{item.uid}/")
    assert client.post(address, {"ask": "1", "next": "https://elsewhere.example/"})["Location"].startswith(
        "/p/FERRY/review/"
    )
    assert seat("producer").post(address, {"ask": "1"}).status_code == 403
    assert OpinionRequest.objects.count() == 1


def test_the_end_says_what_the_sitting_changed(room: Room, seat: type_of_seat, say: Callable[..., Any]) -> None:
    say("editor", "s01-a", "accept", active_ms=2000, decided_at="2026-01-01T08:00:00Z")  # another sitting
    say("editor", "s01-b", "reject", reasons=["story.tone"], active_ms=4000, spans=[{"start": 0, "end": 4}])
    say("editor", "s02-a", "accept", active_ms=6000)
    say("editor", "s02-b", "reject", reasons=["story.tone", "story.clarity"], active_ms=8000)
    say("editor", "s03-a", "revise", revised_content="Wait for the door.", reasons=["story.clarity"], active_ms=50_000)
    taken_back = say("editor", "s03-b", "accept").json()["decision"]
    say("editor", "s03-b", "retract", retracts=taken_back)
    for name in ("s03-b", "s04-a", "s04-b", "s05-a", "s05-b", "s06-a", "s06-b"):
        say("editor", name, "skip")
    bring_in(room.production, [line("later-a", "A note.", stage="post")])
    page = seat("editor").get("/p/FERRY/review/?stage=development")
    done = page.context["done"]
    sitting = done["sitting"]
    assert [(each["outcome"], each["count"]) for each in sitting["verdicts"]] == [
        ("accept", 1), ("reject", 2), ("revise", 1), ("skip", 7),
    ]  # fmt: skip
    assert [(each["label"], each["count"]) for each in sitting["reasons"]] == [
        ("Confusing, or a beat is missing", 2), ("Wrong tone or genre", 2),
    ]  # fmt: skip
    assert (sitting["count"], sitting["spans"], sitting["active"], sitting["median_ms"]) == (4, 1, "1 min", 7000)
    assert (
        sitting["pairs"] == 3
    )  # two among candidates, one of the first brief's accept in the sitting before; one revised
    assert [(each["label"], each["count"]) for each in done["next"]] == [("Post", 1), ("Skipped by you", 7)]
    assert len(done["mine"]) == 11
    assert "See what goes back to research" in page.content.decode()

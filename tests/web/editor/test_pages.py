"""Who sees which page, how much a page asks of the database, and that every text survives being shown."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from django.utils.html import escape

from loop.kernel.actor import SYSTEM
from loop.people.account import add_user
from tests.support.cutting_room import PASSWORD, TEXTS, Room, bring_in, line, open_room

MOST = 12
READERS = ("director", "editor", "scripty", "producer")


def addresses(room: Room) -> list[str]:
    uid = room.suggestion("s01-a").uid
    return ["/", "/p/FERRY/", "/p/FERRY/queue/", "/p/FERRY/queue/?state=all", f"/p/FERRY/items/{uid}/", "/me/"]


def test_pages_ask_the_database_at_most_twelve_times(
    room: Room, seat: Callable[[str], Client], say: Callable[..., object], queries: Callable[[Client, str], int]
) -> None:
    for number in range(1, 6):
        for name in ("director", "editor"):
            say(name, f"s0{number}-a", "reject" if number % 2 else "accept", reasons=["story.tone"], rationale="No.")
    uid = room.suggestion("s01-a").uid
    review = [
        "/p/FERRY/review/",
        f"/p/FERRY/review/?item={uid}",
        f"/p/FERRY/review/?item={uid}&fragment=1",
        "/p/FERRY/review/?state=mine",
    ]
    for name in ("editor", "scripty"):
        client = seat(name)
        asked = {address: queries(client, address) for address in [*addresses(room), *review]}
        assert max(asked.values()) <= MOST, asked


def test_the_number_of_queries_does_not_grow_with_the_rows(
    room: Room, seat: Callable[[str], Client], queries: Callable[[Client, str], int]
) -> None:
    client = seat("editor")
    pages = ["/", "/p/FERRY/", "/p/FERRY/queue/", "/p/FERRY/review/"]
    before = [queries(client, page) for page in pages]
    bring_in(room.production, [line(f"more{number}-a", "One more.", kind=f"kind{number % 7}") for number in range(120)])
    assert [queries(client, page) for page in pages] == before


def test_foreign_productions_do_not_exist(room: Room, seat: Callable[[str], Client]) -> None:
    other = open_room("OTHER", suggestions=2, prefix="other-")
    foreign = other.suggestion("s01-a")
    client = seat("editor")
    for address in (
        "/p/OTHER/",
        "/p/OTHER/queue/",
        "/p/OTHER/review/",
        f"/p/OTHER/items/{foreign.uid}/",
        f"/p/FERRY/items/{foreign.uid}/",
        f"/p/FERRY/review/?item={foreign.uid}",
        "/p/NOWHERE/",
    ):
        assert client.get(address).status_code == 404, address


def test_nobody_is_sent_to_the_login(room: Room) -> None:
    for address in addresses(room):
        response = Client().get(address)
        assert response.status_code == 302, address
        assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("name", ["data", "consent", "auditor", "producer"])
def test_who_does_not_judge_has_no_review_room(name: str, seat: Callable[[str], Client]) -> None:
    assert seat(name).get("/p/FERRY/review/").status_code == 403


@pytest.mark.parametrize("name", ["data", "consent", "auditor"])
def test_roles_without_text_read_facts_only(
    name: str, room: Room, seat: Callable[[str], Client], say: Callable[..., object]
) -> None:
    say("editor", "s01-a", "revise", rationale="Too loud a word.", revised_content="Quite another wording.")
    client = seat(name)
    assert client.get("/p/FERRY/queue/").status_code == 403
    page = client.get(f"/p/FERRY/items/{room.suggestion('s01-a').uid}/").content.decode()
    assert "vendor/scribe@1.0" in page
    assert "Revised" in page
    for words in ("The pause says it", "One note on the scene", "Too loud a word", "Quite another wording"):
        assert words not in page


def test_an_admin_without_a_role_reads_facts_only(room: Room) -> None:
    admin = add_user(username="admin", actor=SYSTEM, password=PASSWORD, is_admin=True).user
    client = Client()
    client.force_login(admin)
    page = client.get(f"/p/FERRY/items/{room.suggestion('s01-a').uid}/").content.decode()
    assert "The pause says it" not in page
    assert client.get("/p/FERRY/review/").status_code == 403


def test_an_admin_of_an_empty_house_reads_three_commands(db: None) -> None:
    admin = add_user(username="admin", actor=SYSTEM, password=PASSWORD, is_admin=True).user
    client = Client()
    client.force_login(admin)
    page = client.get("/").content.decode()
    for command in ("./manage.py production add", "./manage.py member add", "./manage.py ingest"):
        assert command in page


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_every_text_is_shown_whole_and_harmless(name: str, room: Room, seat: Callable[[str], Client]) -> None:
    text = TEXTS[name]
    bring_in(room.production, [line(f"text-{name}", text)])
    uid = room.suggestion(f"text-{name}").uid
    client = seat("editor")
    for address in (f"/p/FERRY/review/?item={uid}", f"/p/FERRY/items/{uid}/", "/p/FERRY/queue/"):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<b onclick" not in page
        if text and "queue" not in address and name != "script":
            assert escape(text) in page, address
    review = client.get(f"/p/FERRY/review/?item={uid}").content.decode()
    if text is None:
        assert "The file lies elsewhere" in review
        assert 'name="revised_content"' not in review
    elif text == "":
        assert "The suggestion is empty" in review
    elif name == "script":
        assert 'class="screenplay"' in review
        assert "It will not hold till the ramp." in unescape(review)


def test_the_queue_filters_and_names_what_it_ignored(
    room: Room, seat: Callable[[str], Client], say: Callable[..., object]
) -> None:
    bring_in(room.production, [line("clip-a", "A wide.", kind="previs_clip", stage="previs", model="vendor/eye@2")])
    say("editor", "s01-a", "accept")
    say("director", "s01-a", "reject")
    say("editor", "s02-a", "skip")
    client = seat("editor")

    def rows(query: str) -> list[str]:
        found = client.get(f"/p/FERRY/queue/?{query}").context["rows"]
        return [row["full_name"] for row in found]

    assert rows("kind=previs_clip") == ["clip-a"]
    assert rows("stage=previs") == rows("model=vendor/eye@2") == ["clip-a"]
    assert rows("state=mine") == ["s01-a"]
    assert rows("state=disagreed") == ["s01-a"]
    assert rows("state=skipped") == ["s02-a"]
    assert len(rows("state=all")) == 13
    assert len(rows("")) == 11
    page = client.get("/p/FERRY/queue/?stage=nonsense&state=odd").content.decode()
    assert "Ignored: stage nonsense, state odd." in page


def test_the_queue_pages_by_key(room: Room, seat: Callable[[str], Client]) -> None:
    bring_in(room.production, [line(f"p{number:03d}-a", "x") for number in range(100)])
    client = seat("editor")
    seen: list[str] = []
    address = "/p/FERRY/queue/"
    pages = 0
    while address:
        context = client.get(address).context
        seen += [row["full_name"] for row in context["rows"]]
        back, address, pages = context["newer"], context["older"], pages + 1
    assert len(seen) == len(set(seen)) == 112
    assert pages == 3
    assert [row["full_name"] for row in client.get(back).context["rows"]] == seen[50:100]

"""The palette's places: what a login can go to, and nothing it may not know of."""

from __future__ import annotations

from loop.kernel.clock import now
from loop.people.models import User
from loop.queue.models import SavedView
from tests.web.conftest import Desks


def found(desks: Desks, who: str, words: str = "") -> dict[str, str]:
    answer = desks[who].get("/find/", {"q": words, "p": desks.production.code})
    assert answer.status_code == 200
    return {each["label"]: each["url"] for each in answer.json()["places"]}


def test_pages_and_productions_by_role(desks: Desks) -> None:
    places = found(desks, "editor")
    assert places["Queue"] == desks.address("queue/")
    assert places[desks.production.title] == desks.address("")
    assert "Exports" not in places
    assert "Exports" in found(desks, "data")


def test_items_by_name_for_who_sees_texts(desks: Desks) -> None:
    name = desks.production.suggestions.first().external_id
    assert "review/?item=" in found(desks, "editor", name)[name]
    assert "/items/" in found(desks, "producer", name)[name]
    assert found(desks, "data", name) == {}
    assert found(desks, "stranger", name) == {}


def test_saved_views_one_s_own_and_the_shared(desks: Desks) -> None:
    owner = User.objects.get(username="director")
    for name, is_shared in (("My reds", False), ("All reds", True)):
        SavedView.objects.create(
            production=desks.production,
            owner=owner,
            name=name,
            query="state=all",
            is_shared=is_shared,
            created_at=now(),
        )
    assert {"My reds", "All reds"} <= set(found(desks, "director"))
    assert "All reds" in found(desks, "editor")
    assert "My reds" not in found(desks, "editor")
    assert "All reds" not in found(desks, "auditor")


def test_nobody_finds_nothing(desks: Desks) -> None:
    desks["editor"].logout()
    assert desks["editor"].get("/find/").status_code == 302

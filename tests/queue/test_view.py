"""Views of the queue under a name: whose they are, and who sees them."""

from __future__ import annotations

import pytest

from loop.kernel.errors import ConflictError, NotAllowedError, NotFoundError, NotValidError
from loop.people.querysets import actor_for_user
from loop.queue import view as views
from loop.queue.drop_view import drop_view
from loop.queue.models import SavedView
from loop.queue.querysets import views_of
from loop.queue.view import keep_view
from tests.support.cutting_room import Room


def keep(room: Room, who: str, name: str, query: str = "kind=coverage", **more: object) -> SavedView:
    user = room.users[who]
    return keep_view(
        production=room.production, user=user, actor=actor_for_user(user), name=name, query=query, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def seen(room: Room, who: str) -> list[str]:
    return [each.name for each in views_of(room.production, room.users[who])]


def test_one_sees_ones_own_and_what_is_shared(room: Room) -> None:
    keep(room, "editor", "Coverage")
    keep(room, "editor", "  Scene   12 ", "scene=12", is_shared=True)
    assert seen(room, "editor") == ["Coverage", "Scene 12"]
    assert seen(room, "director") == ["Scene 12"]


def test_the_same_name_again_replaces_it_and_a_view_can_be_renamed(room: Room) -> None:
    first = keep(room, "editor", "Coverage")
    assert keep(room, "editor", "Coverage", "kind=take").pk == first.pk
    keep(room, "editor", "Scene 12", "scene=12")
    renamed = keep(room, "editor", "Takes", "kind=take", view=first, is_shared=True)
    assert (renamed.pk, renamed.name, renamed.is_shared) == (first.pk, "Takes", True)
    with pytest.raises(ConflictError):
        keep(room, "editor", "Scene 12", view=renamed)
    assert seen(room, "editor") == ["Scene 12", "Takes"]


def test_others_change_and_drop_nothing_but_the_producer_clears_what_is_shared(room: Room) -> None:
    shared, own = keep(room, "editor", "Shared", is_shared=True), keep(room, "editor", "Own")
    with pytest.raises(NotFoundError):
        keep(room, "director", "Mine now", view=shared)
    for who, view in (("director", shared), ("producer", own)):
        with pytest.raises(NotFoundError):
            drop_view(view=view, user=room.users[who], actor=actor_for_user(room.users[who]))
    for who, view in (("producer", shared), ("editor", own)):
        drop_view(view=view, user=room.users[who], actor=actor_for_user(room.users[who]))
    assert not SavedView.objects.exists()


def test_it_refuses_names_that_are_none_too_many_views_and_who_sees_no_queue(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("", "   ", "x" * 61, "bell\x07"):
        with pytest.raises(NotValidError):
            keep(room, "editor", name)
    with pytest.raises(NotAllowedError):
        keep(room, "data", "Mine")
    monkeypatch.setattr(views, "MAX_VIEWS", 1)
    keep(room, "editor", "One")
    with pytest.raises(NotValidError):
        keep(room, "editor", "Two")
    keep(room, "editor", "One", "kind=take")
    assert SavedView.objects.count() == 1

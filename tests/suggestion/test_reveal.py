"""A reveal: who may ask for one, what it writes, and that there is none without a reason."""

from __future__ import annotations

import pytest

from loop.audit.erase import erase_text
from loop.audit.models import AuditEvent
from loop.audit.querysets import describe
from loop.kernel.actor import SYSTEM, Actor, tool
from loop.kernel.clock import now
from loop.kernel.errors import NotAllowedError, NotFoundError, NotValidError
from loop.kernel.ids import uuid7
from loop.people.account import add_user
from loop.people.querysets import actor_for_user
from loop.people.roles import SCOPES
from loop.suggestion.reveal import MAX_BASIS, reveal
from tests.support.cutting_room import Room, open_room

pytestmark = pytest.mark.django_db
BASIS = "Complaint 14: a real person may be named"


@pytest.fixture
def room() -> Room:
    return open_room()


def actor(room: Room, name: str) -> Actor:
    return actor_for_user(room.users[name])


def reveals() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(type="text.revealed").order_by("id"))


@pytest.mark.parametrize("name", ["auditor", "admin"])
def test_it_reveals(room: Room, name: str) -> None:
    suggestion = room.suggestion("s01-a")
    who = (
        actor_for_user(add_user(username="admin", actor=SYSTEM, is_admin=True).user)
        if name == "admin"
        else actor(room, name)
    )
    text = reveal(suggestion=suggestion, actor=who, basis=f" {BASIS} ")
    assert text is not None
    assert text.content == "Note 1. The pause says it."
    [event] = reveals()
    assert (event.object_table, event.object_uid) == ("loop_suggestion", suggestion.uid)
    assert (event.production_id, event.actor_pid) == (room.production.pk, who.pid)
    assert event.payload.facts == {"basis": BASIS, "suggestion": "s01-a"}
    assert describe(event) == f"had unreleased text revealed: {BASIS}"


def test_each_showing_is_an_event(room: Room) -> None:
    for _ in range(2):
        reveal(suggestion=room.suggestion("s01-a"), actor=actor(room, "auditor"), basis=BASIS)
    assert len(reveals()) == 2


@pytest.mark.parametrize("name", ["director", "editor", "scripty", "producer", "data", "consent"])
def test_it_refuses_other_roles(room: Room, name: str) -> None:
    with pytest.raises(NotAllowedError):
        reveal(suggestion=room.suggestion("s01-a"), actor=actor(room, name), basis=BASIS)
    assert reveals() == []


def test_it_refuses_strangers_and_tools(room: Room) -> None:
    elsewhere = open_room("OTHER", suggestions=0, prefix="other-")
    with pytest.raises(NotFoundError):
        reveal(suggestion=room.suggestion("s01-a"), actor=actor(elsewhere, "auditor"), basis=BASIS)
    robot = tool(uuid7(), label="robot", scopes=frozenset(SCOPES), production_ids=frozenset({room.production.pk}))
    with pytest.raises(NotAllowedError):
        reveal(suggestion=room.suggestion("s01-a"), actor=robot, basis=BASIS)
    assert reveals() == []


@pytest.mark.parametrize("basis", ["", "  ", "x" * (MAX_BASIS + 1), "two\nlines", "nul\x00"])
def test_it_asks_for_a_reason(room: Room, basis: str) -> None:
    with pytest.raises(NotValidError) as refusal:
        reveal(suggestion=room.suggestion("s01-a"), actor=actor(room, "auditor"), basis=basis)
    assert refusal.value.field == "basis"
    assert reveals() == []


def test_an_erased_text_stays_erased(room: Room) -> None:
    suggestion = room.suggestion("s01-a")
    erase_text(
        kind="suggestion", row=suggestion, production_id=room.production.pk, actor=SYSTEM, basis="a request", at=now()
    )
    assert reveal(suggestion=suggestion, actor=actor(room, "auditor"), basis=BASIS) is None
    assert len(reveals()) == 1

"""Suggestions meant for people: what it changes for whom, and the one event of a gesture."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loop.audit.models import AuditEvent, AuditPayload
from loop.kernel.actor import SYSTEM, Actor
from loop.kernel.errors import NotAllowedError, NotFoundError, NotValidError
from loop.people.account import add_user
from loop.people.models import Contributor
from loop.people.querysets import actor_for_user
from loop.queue import assign as assigning
from loop.queue.assign import assign, may_assign
from loop.queue.models import Assignment
from loop.queue.querysets import WAITING, state_of
from loop.queue.unassign import unassign
from loop.suggestion.models import Suggestion
from tests.queue.conftest import NOON
from tests.support.cutting_room import Room, open_room


@pytest.fixture
def give(room: Room) -> Callable[..., int]:
    """`give(["s01-a"], [ana])`: assigned by the producer."""

    def act(names: list[str], people: list[Contributor], by: str = "producer", query: str = "") -> int:
        return assign(
            production=room.production, suggestions=[room.suggestion(name) for name in names], people=people,
            actor=actor_for_user(room.users[by]), user=room.users[by], query=query,
        )  # fmt: skip

    return act


def waiting_for(room: Room, person: Contributor) -> list[str]:
    found = room.production.suggestions.filter(state_of(room.production, WAITING, person, at=NOON))
    return list(found.order_by("id").values_list("external_id", flat=True))


def test_what_is_assigned_waits_for_its_assignees_alone(
    room: Room, editors: list[Contributor], give: Callable[..., int]
) -> None:
    ana, ben, cleo, _ = editors
    assert give(["s01-a", "s01-b"], [ana, ben]) == 4
    assert "s01-a" in waiting_for(room, ana)
    assert waiting_for(room, cleo)[0] == "s02-a"
    assert len(waiting_for(room, ben)) == 12


def test_assigned_twice_is_assigned_once_and_told_once(
    room: Room, editors: list[Contributor], give: Callable[..., int]
) -> None:
    assert [give(["s01-a", "s01-b"], editors[:1], query="stage=development") for _ in range(2)] == [2, 0]
    assert AuditEvent.objects.filter(type="queue.assigned").count() == 1
    facts = AuditPayload.objects.get(event__type="queue.assigned").facts
    assert facts == {
        "items": "2", "people": ["ana"], "filter": "stage=development",
        "suggestions": [str(room.suggestion(name).uid) for name in ("s01-a", "s01-b")],
    }  # fmt: skip


def test_unassigned_waits_for_everybody_again(room: Room, editors: list[Contributor], give: Callable[..., int]) -> None:
    ana, ben, cleo, _ = editors
    give(["s01-a"], [ana, ben])
    item, producer = room.suggestion("s01-a"), actor_for_user(room.users["producer"])
    assert unassign(production=room.production, suggestions=[item], actor=producer, people=[ana]) == 1
    assert "s01-a" not in waiting_for(room, cleo)
    assert unassign(production=room.production, suggestions=[item], actor=producer) == 1
    assert "s01-a" in waiting_for(room, cleo)
    assert unassign(production=room.production, suggestions=[item], actor=producer) == 0
    assert AuditEvent.objects.filter(type="queue.unassigned").count() == 2


def test_the_producer_and_the_lead_assign_and_nobody_else(
    room: Room, editors: list[Contributor], give: Callable[..., int]
) -> None:
    assert give(["s01-a"], editors[:1], by="producer") == 1
    assert give(["s01-b"], editors[:1], by="director") == 1  # the production's lead
    for name in ("ana", "scripty", "data"):
        with pytest.raises(NotAllowedError):
            give(["s02-a"], editors[:1], by=name)
        assert not may_assign(actor_for_user(room.users[name]), room.production)
    room.users["stranger"] = add_user(username="stranger", actor=SYSTEM).user
    with pytest.raises(NotFoundError):
        give(["s02-a"], editors[:1], by="stranger")
    admin: Actor = actor_for_user(add_user(username="admin", actor=SYSTEM, is_admin=True).user)
    assert may_assign(admin, room.production)
    assert Assignment.objects.count() == 2


def test_it_refuses_nobody_nothing_and_strangers(
    room: Room, editors: list[Contributor], give: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = open_room("OTHER", suggestions=2, prefix="other-")
    producer = room.users["producer"]

    def refused(suggestions: list[Suggestion], people: list[Contributor]) -> str | None:
        with pytest.raises(NotValidError) as error:
            assign(
                production=room.production, suggestions=suggestions, people=people, actor=actor_for_user(producer),
                user=producer,
            )  # fmt: skip
        return error.value.field

    item = room.suggestion("s01-a")
    assert refused([], editors[:1]) == "suggestions"
    assert refused([item, foreign.suggestion("s01-a")], editors[:1]) == "suggestions"
    assert refused([item], []) == "people"
    assert refused([item], [foreign.contributor("director")]) == "people"
    assert refused([item], [room.contributor("producer")]) == "people"
    monkeypatch.setattr(assigning, "MAX_ITEMS", 1)
    assert refused([item, room.suggestion("s01-b")], editors[:1]) == "suggestions"
    assert give(["s01-a"], editors[:1]) == 1

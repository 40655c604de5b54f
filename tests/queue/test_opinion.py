"""A second opinion: whom it waits for, until when, and what is recorded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loop.audit.models import AuditEvent
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.kernel.errors import NotAllowedError, NotFoundError
from loop.people.account import add_user
from loop.people.models import Contributor
from loop.people.querysets import actor_for_user
from loop.queue.models import OpinionRequest
from loop.queue.opinion import ask_opinion
from loop.queue.querysets import OPINION, WAITING, open_requests, state_of
from loop.queue.withdraw import withdraw_opinion
from tests.support.cutting_room import Room

type_of_say = Callable[..., object]


@pytest.fixture
def ask(room: Room) -> Callable[[str, str], OpinionRequest]:
    """`ask("ana", "s01-a")`."""
    return lambda name, item: ask_opinion(suggestion=room.suggestion(item), actor=actor_for_user(room.users[name]))


def listed(room: Room, person: Contributor | None, state: str = OPINION) -> list[str]:
    found = room.production.suggestions.filter(state_of(room.production, state, person, at=now()))
    return list(found.order_by("id").values_list("external_id", flat=True))


def test_it_waits_for_the_others_until_one_has_said_something(
    room: Room, share: Callable[[int], None], editors: list[Contributor], say: type_of_say,
    ask: Callable[[str, str], OpinionRequest],
) -> None:  # fmt: skip
    share(1)
    ana, ben, cleo, _ = editors
    say("ana", "s01-a", "accept")
    assert "s01-a" not in listed(room, ben, WAITING)
    ask("ana", "s01-a")
    assert listed(room, ben) == ["s01-a"]
    assert listed(room, ana) == []
    assert listed(room, None) == ["s01-a"]
    assert "s01-a" in listed(room, ben, WAITING)
    say("ben", "s01-a", "skip")
    assert listed(room, cleo) == ["s01-a"]  # a skip is no opinion
    say("cleo", "s01-a", "reject")
    assert not open_requests(room.production).exists()


def test_asked_twice_is_asked_once_and_again_after_it_was_met(
    room: Room, editors: list[Contributor], say: type_of_say, ask: Callable[[str, str], OpinionRequest]
) -> None:
    first = ask("ana", "s01-a")
    assert ask("ana", "s01-a").asked_at == first.asked_at
    say("ben", "s01-a", "reject")
    assert ask("ana", "s01-a").asked_at > first.asked_at
    assert AuditEvent.objects.filter(type="opinion.asked").count() == 2
    assert listed(room, editors[2]) == ["s01-a"]


def test_one_takes_back_what_one_asked_oneself(
    room: Room, editors: list[Contributor], ask: Callable[[str, str], OpinionRequest]
) -> None:
    ask("ana", "s01-a")
    item = room.suggestion("s01-a")
    assert not withdraw_opinion(suggestion=item, actor=actor_for_user(room.users["ben"]))
    assert withdraw_opinion(suggestion=item, actor=actor_for_user(room.users["ana"]))
    assert not withdraw_opinion(suggestion=item, actor=actor_for_user(room.users["ana"]))
    assert not OpinionRequest.objects.exists()
    assert AuditEvent.objects.filter(type="opinion.withdrawn").count() == 1


def test_who_judges_asks_and_nobody_else(room: Room, ask: Callable[[str, str], OpinionRequest]) -> None:
    ask("scripty", "s01-a")
    for name in ("producer", "data", "auditor"):
        with pytest.raises(NotAllowedError):
            ask(name, "s01-a")
    room.users["stranger"] = add_user(username="stranger", actor=SYSTEM).user
    with pytest.raises(NotFoundError):
        ask("stranger", "s01-a")
    assert OpinionRequest.objects.count() == 1


def test_where_enough_have_judged_and_differ_one_more_opinion_is_needed(
    room: Room, share: Callable[[int | None], None], editors: list[Contributor], say: type_of_say
) -> None:
    share(2)
    for name, outcome in (("ana", "accept"), ("ben", "reject")):
        say(name, "s01-a", outcome)
        say(name, "s01-b", "accept")
    assert listed(room, editors[2]) == ["s01-a"]
    assert listed(room, editors[0]) == []  # her own label stands
    assert "s01-a" not in listed(room, editors[2], WAITING)  # nobody asked: it is offered, not handed out
    share(None)
    assert listed(room, editors[2]) == []

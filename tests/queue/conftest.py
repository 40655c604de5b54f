"""A production where two people judge each item at most, and the people who walk its queue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from loop.kernel.actor import SYSTEM
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.models import Contributor
from loop.people.querysets import actor_for_user
from loop.queue.policy import set_policy
from loop.signal.answer import answer
from tests.support.cutting_room import Room, open_room

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def room(fresh_database: object) -> Room:
    """Twelve undecided suggestions, two a brief."""
    return open_room()


@pytest.fixture
def share(room: Room) -> Callable[[int | None], None]:
    """`share(2)`: two people judge each item."""

    def set_reviewers(reviewers: int | None) -> None:
        set_policy(production=room.production, actor=SYSTEM, reviewers_per_item=reviewers, lease_s=600)
        room.production.refresh_from_db()

    return set_reviewers


@pytest.fixture
def editors(room: Room) -> list[Contributor]:
    """Four more who judge: ana, ben, cleo, dov."""
    found = []
    for name in ("ana", "ben", "cleo", "dov"):
        room.users[name] = add_user(username=name, actor=SYSTEM, name=name.title()).user
        add_member(user=room.users[name], production=room.production, role="editor", actor=SYSTEM, contributor_id=name)
        found.append(room.contributor(name))
    return found


@pytest.fixture
def say(room: Room) -> Callable[..., object]:
    """`say("ana", "s01-a", "accept")`: a verdict, through the verb that pages call."""

    def tell(name: str, external_id: str, outcome: str, **more: object) -> object:
        return answer(
            suggestion=room.suggestion(external_id), outcome=outcome, decided_by=room.contributor(name),
            actor=actor_for_user(room.users[name]), external_id=f"test:{uuid4()}", **more,  # type: ignore[arg-type]
        )  # fmt: skip

    return tell


@pytest.fixture
def uids(room: Room) -> Callable[..., list[UUID]]:
    """`uids("s01-a", "s01-b")`."""
    return lambda *names: [room.suggestion(name).uid for name in names]


def later(**span: float) -> datetime:
    return NOON + timedelta(**span)

"""Who is handed what: a claim steers while it lasts, lapses by itself and forbids nothing."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from loop.audit.models import AuditEvent
from loop.decision.models import Decision
from loop.people.models import Contributor
from loop.queue.claim import MAX_HELD, claim
from loop.queue.models import Assignment, Claim, OpinionRequest
from loop.queue.querysets import full, held
from tests.queue.conftest import NOON, later
from tests.support.cutting_room import Room, open_room

type_of_uids = Callable[..., list[UUID]]
FOUR = ("s01-a", "s01-b", "s02-a", "s02-b")


@pytest.fixture
def take(room: Room, uids: type_of_uids) -> Callable[..., list[str]]:
    """`take(ana, hold=1)`: the names of what somebody is handed of the first four."""

    def ask(person: Contributor, *names: str, hold: int = 2, minutes: float = 0) -> list[str]:
        wanted = uids(*(names or FOUR))
        taken = claim(production=room.production, person=person, want=wanted, hold=hold, at=later(minutes=minutes))
        return [(names or FOUR)[wanted.index(uid)] for uid in taken]

    return ask


type_of_take = Callable[..., list[str]]
type_of_share = Callable[[int | None], None]


def test_what_one_holds_is_not_handed_to_another(
    share: type_of_share, editors: list[Contributor], take: type_of_take
) -> None:
    share(1)
    ana, ben, cleo, _ = editors
    assert take(ana) == ["s01-a", "s01-b"]
    assert take(ben) == ["s02-a", "s02-b"]
    assert take(cleo) == []
    assert take(ana) == ["s01-a", "s01-b"]


def test_as_many_hold_an_item_as_it_still_needs(
    share: type_of_share, editors: list[Contributor], take: type_of_take, say: Callable[..., object]
) -> None:
    share(2)
    ana, ben, cleo, dov = editors
    assert [take(each, "s01-a") for each in (ana, ben, cleo)] == [["s01-a"], ["s01-a"], []]
    say("ana", "s01-a", "accept")
    assert take(cleo, "s01-a") == []  # Ana has said it, Ben holds it
    assert take(cleo, "s01-a", minutes=11) == ["s01-a"]  # Ben's lease has lapsed
    assert take(dov, "s01-a", minutes=11) == []
    say("cleo", "s01-a", "reject")
    assert take(dov, "s01-a", minutes=30) == []  # two people have judged it
    assert not Claim.objects.filter(contributor__in=[ana, cleo]).exists()


def test_a_lease_is_renewed_by_asking_again_and_lapses_without(
    share: type_of_share, editors: list[Contributor], take: type_of_take
) -> None:
    share(1)
    ana, ben, *_ = editors
    take(ana, hold=1)
    take(ana, hold=1, minutes=9)
    assert take(ben, "s01-a", minutes=15) == []
    assert Claim.objects.get().claimed_at == NOON
    assert take(ben, "s01-a", minutes=20) == ["s01-a"]
    assert take(ana, "s01-a", minutes=21) == []
    assert Claim.objects.get().contributor == ben


def test_a_skip_lets_go_at_once(
    share: type_of_share, editors: list[Contributor], take: type_of_take, say: Callable[..., object]
) -> None:
    share(1)
    ana, ben, *_ = editors
    take(ana, "s01-a")
    say("ana", "s01-a", "skip")
    assert take(ben, "s01-a", minutes=1) == ["s01-a"]
    assert take(ana, "s01-a", minutes=30) == []


def test_what_is_dropped_is_free_unless_it_is_taken_again(
    room: Room, share: type_of_share, editors: list[Contributor], take: type_of_take, uids: type_of_uids
) -> None:
    share(1)
    ana, ben, *_ = editors
    take(ana, hold=3)
    first, second, third = uids("s01-a", "s01-b", "s02-a")
    kept = claim(
        production=room.production, person=ana, want=[second], hold=1, drop=[first, second, third], at=later(minutes=1)
    )
    assert kept == [second]
    assert take(ben, hold=4, minutes=1) == ["s01-a", "s02-a", "s02-b"]


def test_nobody_drops_what_others_hold(
    room: Room, share: type_of_share, editors: list[Contributor], take: type_of_take, uids: type_of_uids
) -> None:
    share(1)
    ana, ben, *_ = editors
    take(ana, "s01-a")
    claim(production=room.production, person=ben, want=[], hold=0, drop=uids("s01-a"), at=later(minutes=1))
    assert take(ben, "s01-a", minutes=1) == []


def test_a_claim_forbids_no_decision(
    share: type_of_share, editors: list[Contributor], take: type_of_take, say: Callable[..., object]
) -> None:
    share(1)
    take(editors[0], "s01-a")
    say("ben", "s01-a", "reject")
    say("ana", "s01-a", "accept")
    assert sorted(Decision.objects.values_list("outcome", flat=True)) == ["accept", "reject"]


def test_where_everybody_judges_everything_nobody_claims(
    share: type_of_share, editors: list[Contributor], take: type_of_take
) -> None:
    share(None)
    assert [take(each) for each in editors[:2]] == [["s01-a", "s01-b"]] * 2
    assert not Claim.objects.exists()


def test_it_hands_out_nothing_of_other_productions_and_never_much(
    room: Room, share: type_of_share, editors: list[Contributor]
) -> None:
    share(1)
    foreign = open_room("OTHER", suggestions=2, prefix="other-").suggestion("s01-a")
    own = [room.suggestion(f"s0{number}-a").uid for number in range(1, 7)]
    own += [room.suggestion(f"s0{number}-b").uid for number in range(1, 7)]
    taken = claim(production=room.production, person=editors[0], want=[foreign.uid, uuid4(), *own], hold=500, at=NOON)
    assert taken == own[:MAX_HELD]


def test_what_is_assigned_is_handed_to_its_assignees_however_many_judged_it(
    room: Room, share: type_of_share, editors: list[Contributor], take: type_of_take, say: Callable[..., object]
) -> None:
    share(1)
    ana, ben, cleo, _ = editors
    say("cleo", "s01-a", "accept")
    for person in (ana, cleo):
        Assignment.objects.create(
            suggestion=room.suggestion("s01-a"),
            contributor=person,
            assigned_by=room.users["producer"],
            assigned_at=NOON,
        )
    assert [take(each, "s01-a") for each in (ben, cleo, ana)] == [[], [], ["s01-a"]]


def test_a_second_opinion_is_handed_to_one_at_a_time(
    room: Room, share: type_of_share, editors: list[Contributor], take: type_of_take, say: Callable[..., object]
) -> None:
    share(1)
    ana, ben, cleo, dov = editors
    say("ana", "s01-a", "accept")
    assert take(ben, "s01-a") == []
    OpinionRequest.objects.create(suggestion=room.suggestion("s01-a"), asked_by=ana, asked_at=NOON)
    assert [take(each, "s01-a") for each in (ana, ben, cleo)] == [[], ["s01-a"], []]
    say("ben", "s01-a", "reject")
    assert take(dov, "s01-a") == []


def test_it_says_who_holds_what_and_whether_more_are_needed(
    room: Room, share: type_of_share, editors: list[Contributor], take: type_of_take, say: Callable[..., object]
) -> None:
    share(2)
    ana, ben, cleo, _ = editors
    take(ana, "s01-a", "s01-b")
    take(ben, "s01-a", minutes=1)
    say("cleo", "s01-b", "accept")
    found = {
        room.production.suggestions.get(pk=pk).external_id: each
        for pk, each in held(room.production, cleo, at=later(minutes=2)).items()
    }
    assert (found["s01-a"].names, found["s01-a"].is_full) == ("Ana and Ben", True)
    assert (found["s01-b"].names, found["s01-b"].is_full) == ("Ana", True)
    assert passed_over(room, cleo, minutes=2) == ["s01-a", "s01-b"]
    assert passed_over(room, ben, minutes=2) == ["s01-b"]  # of two people one has said it, the other holds it
    assert passed_over(room, cleo, minutes=12) == []
    assert not held(room.production, cleo, at=later(minutes=12))
    assert len(held(room.production, ana, at=later(minutes=2))) == 1


def passed_over(room: Room, person: Contributor, *, minutes: float) -> list[str]:
    found = room.production.suggestions.filter(full(room.production, person, at=later(minutes=minutes)))
    return list(found.order_by("id").values_list("external_id", flat=True))


def test_a_claim_is_no_record(share: type_of_share, editors: list[Contributor], take: type_of_take) -> None:
    share(1)
    before = AuditEvent.objects.count()
    take(editors[0])
    assert AuditEvent.objects.count() == before

"""The sums of the queue say the same as its lists, over made-up histories."""

from __future__ import annotations

import random
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from loop.decision.models import Decision
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.people.models import Contributor
from loop.people.querysets import actor_for_user
from loop.queue.claim import claim
from loop.queue.counts import STATES, counts_by_stage, walk_counts
from loop.queue.models import Assignment
from loop.queue.opinion import ask_opinion
from loop.queue.policy import set_policy
from loop.queue.querysets import SKIPPED, WAITING, state_of, walked
from loop.screening.models import ScreenVerdict
from loop.screening.verdict import record_verdict
from loop.signal.answer import answer
from loop.suggestion.models import Suggestion
from tests.support.cutting_room import Room, bring_in, line

SEED = 20261122
ROUNDS = 60


def a_history(room: Room, names: list[str], dice: random.Random) -> None:
    """Some say something, some skip, take back, ask, are given items, hold items; some speak for the director."""
    items = list(room.production.suggestions.select_related("production"))
    for _ in range(150):
        name, item, does = dice.choice(names), dice.choice(items), dice.random()
        actor, person = actor_for_user(room.users[name]), room.contributor(name)
        if does < 0.6:
            speaks_for = room.contributor("director") if name in ("scripty", "ana") and dice.random() < 0.5 else None
            if name == "scripty" and speaks_for is None:
                continue
            answer(
                suggestion=item, outcome=dice.choice(("accept", "reject", "revise", "skip")), decided_by=person,
                actor=actor, external_id=f"made:{uuid4()}", on_behalf_of=speaks_for, replace_own=True,
                revised_content=None,
            )  # fmt: skip
        elif does < 0.7:
            made = Decision.objects.filter(suggestion=item, decided_by=person, superseded_by=None).exclude(
                outcome="retract"
            )
            last = made.order_by("id").last()
            if last is not None:
                answer(
                    suggestion=item, outcome="retract", decided_by=person, actor=actor, external_id=f"made:{uuid4()}",
                    on_behalf_of=last.on_behalf_of, supersedes=last,
                )  # fmt: skip
        elif does < 0.72:
            said = dice.choice((ScreenVerdict.Verdict.QUARANTINED, ScreenVerdict.Verdict.RELEASED))
            with transaction.atomic():
                record_verdict(
                    verdict=said, version="test-1", findings={"x": 1}, suggestion=item, actor=SYSTEM,
                    production_id=room.production.pk, at=now(),
                )  # fmt: skip
        elif does < 0.8:
            ask_opinion(suggestion=item, actor=actor)
        elif does < 0.9:
            Assignment.objects.get_or_create(
                suggestion=item, contributor=person,
                defaults={"assigned_by": room.users["producer"], "assigned_at": now()},
            )  # fmt: skip
        else:
            claim(production=room.production, person=person, want=[item.uid], hold=1)


@pytest.mark.parametrize("reviewers", [None, 1, 2])
def test_sums_and_lists_agree_for_everybody(
    reviewers: int | None, room: Room, editors: list[Contributor], slice_of: Callable[[int], int]
) -> None:
    dice = random.Random(f"{SEED} {reviewers}")  # noqa: S311 - a seeded run
    bring_in(
        room.production, [line(f"x{number}-a", "A note.", stage=dice.choice(("previs", "post"))) for number in range(9)]
    )
    people: list[Contributor | None] = [None, room.contributor("director"), room.contributor("scripty"), *editors]
    production = room.production
    for blind in (True, False):
        set_policy(production=production, actor=SYSTEM, reviewers_per_item=reviewers, blind_until_decided=blind)
        production.refresh_from_db()
        a_history(room, ["director", "scripty", "ana", "ben", "cleo"], dice)
        moment, found = now(), Suggestion.objects.filter(production=production)
        for me in people:
            sums = counts_by_stage(production, me, found, at=moment)
            for state in STATES:
                if me is None and state == WAITING:
                    continue
                listed = found.filter(state_of(production, state, me, at=moment))
                counted = {stage: listed.filter(stage=stage).count() for stage in sums}
                assert {stage: each[state] for stage, each in sums.items()} == counted, (str(me), state, blind)
        for me in people[1:]:
            assert me is not None
            gone_through = found.filter(walked(production, me)).order_by("id")
            last = gone_through.last()
            place = last.pk if last else 0  # with everything judged by others or held back, nothing is gone through
            total, judged, done, before = walk_counts(production, me, found, WAITING, before=place, at=moment)
            waiting = found.filter(state_of(production, WAITING, me, at=moment)).count()
            assert (total, before, total - judged) == (gone_through.count(), max(total - 1, 0), waiting)
            skipped = walk_counts(production, me, found, SKIPPED, before=0, at=moment)
            assert skipped == (total, judged, done, 0)


def test_it_is_one_query_however_it_is_filtered(room: Room, editors: list[Contributor]) -> None:
    found = room.production.suggestions.filter(stage="development", text__meta__scene="12")
    for me in (None, editors[0]):
        with CaptureQueriesContext(connection) as captured:
            assert counts_by_stage(room.production, me, found, at=now()) == {}
        assert len(captured) <= 2  # with the policy

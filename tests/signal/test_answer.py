"""An answer is a decision, its signal and its audit event, or nothing."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from loop.decision.decide import KeyReusedError, SupersededError, decide
from loop.decision.models import Decision, DecisionSpan, DecisionText
from loop.kernel.actor import SYSTEM, Actor, person
from loop.kernel.clock import now
from loop.kernel.errors import NotAllowedError, NotFoundError, NotValidError
from loop.people.models import Contributor, Member, User
from loop.queue.policy import set_policy
from loop.signal.answer import Answer, answer
from loop.signal.counts import counts
from loop.signal.models import Signal
from loop.suggestion.models import Suggestion
from tests.intake.shows import line, push, show

pytestmark = pytest.mark.django_db


@pytest.fixture
def suggestion() -> Suggestion:
    production = show()
    push(production, line("s1", prompt="What now?", content="She hides the letter."))
    return Suggestion.objects.select_related("production").get(production=production)


def member(suggestion: Suggestion, role: str, name: str = "anna") -> tuple[Actor, Contributor]:
    user = User.objects.create(username=f"{name}-{uuid4().hex[:8]}")
    who = Contributor.objects.create(namespace=suggestion.production.code, external_id=name, created_at=now())
    Member.objects.create(user=user, production=suggestion.production, role=role, contributor=who, created_at=now())
    return person(user.uid, label=user.username, user_id=user.pk), who


def say(suggestion: Suggestion, who: Contributor, actor: Actor = SYSTEM, **more: Any) -> Answer:
    more = {"outcome": "accept", "external_id": uuid4().hex, **more}
    return answer(suggestion=suggestion, decided_by=who, actor=actor, **more)


@pytest.fixture
def anna(suggestion: Suggestion) -> Contributor:
    return Contributor.objects.create(namespace=suggestion.production.code, external_id="anna", created_at=now())


def test_it_answers(suggestion: Suggestion) -> None:
    actor, who = member(suggestion, "director")
    made = say(
        suggestion, who, actor, outcome="revise", reasons=["story.tone"], rationale="Too loud.", severity=3,
        revised_content="She keeps it.", beats=["dread"], confidence="0.75", active_ms=4000,
        spans=[{"start": 4, "end": 9, "label": "hides", "reason": "story.tone"}], context={"order": ["s1"]},
    )  # fmt: skip
    assert made.created
    decision = made.decision
    assert (decision.decider_role, decision.entered_by_id) == ("director", actor.user_id)
    assert decision.decided_at == decision.recorded_at
    signal = Signal.objects.get(decision=decision)
    assert (signal.suggestion_label, signal.revision_label) == ("negative", "positive")
    assert DecisionText.objects.get(decision=decision).rationale == "Too loud."
    assert DecisionSpan.objects.get(decision=decision).reason == "story.tone"
    assert (decision.event.type, decision.event.object_uid) == ("decision.recorded", decision.uid)
    assert counts(suggestion.production_id)["decision_revise"] == 1


def test_the_same_gesture_twice_is_one_decision(suggestion: Suggestion, anna: Contributor) -> None:
    first = say(suggestion, anna, outcome="reject", external_id="key", rationale="No.", replace_own=True)
    again = say(suggestion, anna, outcome="reject", external_id="key", rationale="No.", replace_own=True)
    assert (again.created, again.decision) == (False, first.decision)
    with pytest.raises(KeyReusedError):
        say(suggestion, anna, outcome="reject", external_id="key", rationale="Yes.")
    with pytest.raises(KeyReusedError):
        say(suggestion, anna, outcome="reject", external_id="key", rationale="No.", decided_at=now())
    assert Decision.objects.count() == 1


def test_ones_own_verdict_is_replaced_in_the_browser_only(suggestion: Suggestion, anna: Contributor) -> None:
    first = say(suggestion, anna)
    beside = say(suggestion, anna)
    assert beside.superseded is None
    second = say(suggestion, anna, outcome="reject", replace_own=True)
    assert second.superseded == beside.decision
    undone = say(suggestion, anna, outcome="retract", replace_own=True)
    assert undone.superseded == second.decision
    assert not Signal.objects.filter(decision=undone.decision).exists()
    repeated = say(suggestion, anna, outcome="retract", external_id=undone.decision.external_id, replace_own=True)
    assert repeated.superseded == second.decision
    last = say(suggestion, anna, outcome="retract", replace_own=True)
    assert last.superseded == first.decision
    with pytest.raises(NotValidError, match="retract"):
        say(suggestion, anna, outcome="retract", replace_own=True)


def test_only_a_live_decision_of_the_same_person_is_superseded(suggestion: Suggestion, anna: Contributor) -> None:
    first = say(suggestion, anna).decision
    ben = Contributor.objects.create(namespace=suggestion.production.code, external_id="ben", created_at=now())
    with pytest.raises(NotValidError, match="supersedes"):
        say(suggestion, ben, supersedes=first)
    on_behalf = say(suggestion, ben, on_behalf_of=anna, supersedes=first, outcome="reject")
    assert on_behalf.superseded == first
    with pytest.raises(SupersededError):
        say(suggestion, anna, supersedes=first)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"outcome": "love"}, "outcome"),
        ({"reasons": ["story.tune"]}, "reasons[0]"),
        ({"revised_content": "x"}, "revised_content"),
        ({"spans": [{"start": 0, "end": 99}]}, "spans[0]"),
        ({"spans": [{"start": 0}]}, "spans[0].end"),
        ({"confidence": "much"}, "confidence"),
        ({"confidence": "1.5"}, "confidence"),
        ({"rationale": "a\x00b"}, "rationale"),
        ({"external_id": ""}, "external_id"),
        ({"outcome": "retract"}, "supersedes"),
    ],
)
def test_a_bad_answer_names_its_field_and_leaves_nothing(
    suggestion: Suggestion, anna: Contributor, more: dict[str, Any], field: str
) -> None:
    with pytest.raises(NotValidError) as refused:
        say(suggestion, anna, **more)
    assert refused.value.field == field
    assert not Decision.objects.exists()


def test_a_production_may_require_reasons(suggestion: Suggestion, anna: Contributor) -> None:
    assert say(suggestion, anna, outcome="reject").decision.reasons == ["unstated"]
    suggestion.production.reason_required = True
    suggestion.production.save()
    with pytest.raises(NotValidError, match="policy of the production"):
        say(suggestion, anna, outcome="reject")
    assert say(suggestion, anna, outcome="reject", reasons=["story.tone"]).created


def test_roles_decide_what_they_may(suggestion: Suggestion) -> None:
    director, anna = member(suggestion, "director")
    supervisor, sam = member(suggestion, "script_supervisor", "sam")
    data, dana = member(suggestion, "data", "dana")
    assert say(suggestion, anna, director).created
    assert say(suggestion, sam, supervisor, on_behalf_of=anna).created
    for actor, who, more in (
        (director, anna, {"on_behalf_of": sam}), (supervisor, sam, {}), (data, dana, {}), (director, sam, {}),
    ):  # fmt: skip
        with pytest.raises(NotAllowedError):
            say(suggestion, who, actor, **more)
    with pytest.raises(NotFoundError):
        say(suggestion, anna, Actor(pid="user:x", label="stranger"))


def test_deciding_needs_a_transaction(suggestion: Suggestion, anna: Contributor) -> None:
    connection.in_atomic_block, before = False, connection.in_atomic_block
    try:
        with pytest.raises(Exception, match="within the transaction"):
            decide(suggestion=suggestion, outcome="accept", decided_by=anna, actor=SYSTEM, external_id="k", at=now())
    finally:
        connection.in_atomic_block = before


class TestSkips:
    """What a production says of skips holds for whoever answers."""

    def set_skip(self, suggestion: Suggestion, wanted: str) -> None:
        set_policy(production=suggestion.production, actor=SYSTEM, skip=wanted)

    def test_they_are_allowed_by_default(self, suggestion: Suggestion, anna: Contributor) -> None:
        assert say(suggestion, anna, outcome="skip").created

    def test_one_that_wants_a_reason_takes_a_code_or_words(self, suggestion: Suggestion, anna: Contributor) -> None:
        self.set_skip(suggestion, "with_reason")
        with pytest.raises(NotValidError) as refused:
            say(suggestion, anna, outcome="skip", rationale="  ")
        assert refused.value.field == "skip"
        assert Decision.objects.count() == 0
        assert say(suggestion, anna, outcome="skip", rationale="Not my department.").created
        assert say(suggestion, anna, outcome="skip", reasons=["story.offbrief"], replace_own=True).created

    def test_one_that_does_not_skip_refuses_it_and_takes_a_verdict(
        self, suggestion: Suggestion, anna: Contributor
    ) -> None:
        self.set_skip(suggestion, "not_allowed")
        with pytest.raises(NotValidError) as refused:
            say(suggestion, anna, outcome="skip", reasons=["story.offbrief"])
        assert refused.value.field == "outcome"
        assert say(suggestion, anna).created

    def test_a_repeated_skip_is_answered_as_the_first_time(self, suggestion: Suggestion, anna: Contributor) -> None:
        first = say(suggestion, anna, outcome="skip", external_id="again")
        self.set_skip(suggestion, "not_allowed")
        again = say(suggestion, anna, outcome="skip", external_id="again")
        assert (again.created, again.decision) == (False, first.decision)


def test_praise_stands_on_an_accept_a_revision_or_a_span(suggestion: Suggestion, anna: Contributor) -> None:
    assert say(suggestion, anna, reasons=["praise.economy"]).decision.reasons == ["praise.economy"]
    with pytest.raises(NotValidError, match="praise on an accept"):
        say(suggestion, anna, outcome="reject", reasons=["praise.economy"])
    moment = {"start": 0, "end": 3, "reason": "praise.economy"}
    assert say(suggestion, anna, outcome="reject", reasons=["story.tone"], spans=[moment], replace_own=True).created

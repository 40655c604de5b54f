"""Best of a brief: one gesture, one transaction, one undo; and the pairs that it gives."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Q

from loop.audit.querysets import TrailFilter, describe, trail
from loop.decision.decide import KeyReusedError, SupersededError
from loop.decision.models import Decision
from loop.decision.querysets import as_it_stands, own_live_verdict
from loop.kernel.actor import SYSTEM, Actor, person
from loop.kernel.clock import now
from loop.kernel.errors import NotAllowedError, NotValidError
from loop.material.models import Production
from loop.people.models import Contributor, Member, User
from loop.signal import rules
from loop.signal.answer import answer
from loop.signal.choose import Choice, choose, in_words
from loop.signal.made import PREFERENCE
from loop.signal.pairs import make_candidates
from loop.signal.rules import Judgement
from loop.signal.take_back import take_back
from loop.suggestion.models import Suggestion
from tests.intake.shows import line, push, show

pytestmark = pytest.mark.django_db


@pytest.fixture
def production() -> Production:
    """Four answers to one brief, and one to another."""
    found = show()
    push(found, *[line(f"c{name}", group_id="brief", content=f"Answer {name}") for name in "abcd"])
    push(found, line("e1", group_id="elsewhere"))
    return found


@pytest.fixture
def candidates(production: Production) -> list[Suggestion]:
    found = Suggestion.objects.filter(production=production, brief__external_id="brief")
    return list(found.select_related("production", "brief").order_by("id"))


@pytest.fixture
def anna(production: Production) -> Contributor:
    return Contributor.objects.create(namespace=production.code, external_id="anna", created_at=now())


def best(candidates: list[Suggestion], place: int | None, who: Contributor, **more: Any) -> Choice:
    given: dict[str, Any] = {"actor": SYSTEM, "key": f"web:{uuid4()}", "names": list("ABCD"), **more}
    chosen = None if place is None else candidates[place]
    return choose(candidates=candidates, chosen=chosen, decided_by=who, **given)


def say(suggestion: Suggestion, who: Contributor, outcome: str, **more: Any) -> Decision:
    more = {"actor": SYSTEM, "external_id": uuid4().hex, "replace_own": True, **more}
    return answer(suggestion=suggestion, decided_by=who, outcome=outcome, **more).decision


def stands(candidates: list[Suggestion], who: Contributor) -> list[str]:
    """What stands on each, for people: accept, reject/sibling, - for nothing."""
    found = [own_live_verdict(each.pk, who.pk) for each in candidates]
    return ["/".join(filter(None, (one.outcome, one.negative_kind))) if one else "-" for one in found]


def undo(choice: Choice, who: Contributor, **more: Any) -> Choice:
    return take_back(decision=choice.main, decided_by=who, **{"actor": SYSTEM, "key": f"web:{uuid4()}", **more})


def test_it_accepts_one_and_rejects_the_others_as_its_siblings(candidates: list[Suggestion], anna: Contributor) -> None:
    choice = best(candidates, 1, anna, reasons=["story.tone"], beats=["dread"], rationale="It waits.", active_ms=900)
    assert stands(candidates, anna) == ["reject/sibling", "accept", "reject/sibling", "reject/sibling"]
    assert choice.created
    assert choice.chosen == choice.main
    assert (choice.main.reasons, choice.main.beats, choice.main.active_ms) == (["story.tone"], ["dread"], 900)
    assert choice.main.text.rationale == "It waits."
    sibling = choice.decisions[0]
    assert (sibling.reasons, sibling.active_ms, sibling.signal.negative_kind) == (["unstated"], None, "sibling")
    for one in choice.decisions:
        assert one.context["candidates"] == [str(each.uid) for each in candidates]
        assert one.context["gesture"]["chosen"] == str(candidates[1].uid)


def test_an_own_rejection_or_revision_stays_and_an_earlier_accept_does_not(
    candidates: list[Suggestion], anna: Contributor
) -> None:
    kept = say(candidates[0], anna, "reject", reasons=["story.tone"])
    say(candidates[1], anna, "accept")
    say(candidates[2], anna, "skip")
    choice = best(candidates, 3, anna)
    assert stands(candidates, anna) == ["reject/explicit", "reject/sibling", "reject/sibling", "accept"]
    assert choice.spared == [candidates[0]]
    assert own_live_verdict(candidates[0].pk, anna.pk) == kept
    revised = best(candidates, 0, anna)
    assert revised.spared == []
    assert stands(candidates, anna)[0] == "accept"


def test_the_pairs_are_the_chosen_over_each_sibling_once(candidates: list[Suggestion], anna: Contributor) -> None:
    ben = Contributor.objects.create(namespace=anna.namespace, external_id="ben", created_at=now())
    say(candidates[0], ben, "reject")
    say(candidates[0], anna, "accept")
    choice = best(candidates, 2, anna)
    decisions = list(Decision.objects.order_by("id").select_related("suggestion__text"))
    superseded = {each.supersedes_id for each in decisions}
    judgements = [
        Judgement(
            each.pk, each.suggestion_id, each.suggestion.brief_id, each.decided_by_id, each.outcome, each.decided_at,
            0, each.pk in superseded, None, each.negative_kind, each.suggestion.text.content, None,
        )
        for each in decisions
    ]  # fmt: skip
    pure = rules.pairs(judgements, rules.LATEST_PER_PERSON, None).rows
    siblings = [each for each in choice.decisions if each != choice.chosen]
    assert [(row.decision, row.other) for row in pure] == [(choice.main.pk, each.pk) for each in siblings]
    assert {row.negative_kind for row in pure} == {"sibling"}
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO loop_audit_leaf (log_index, event_id, leaf_hash) "
            "SELECT 1000000 + e.id, e.id, e.leaf_hash FROM loop_audit_event e ON CONFLICT DO NOTHING"
        )
        make_candidates(
            cursor, profile=PREFERENCE, production_id=candidates[0].production_id, cutoff_size=2_000_000_000
        )
        cursor.execute("SELECT decision_id, other_decision_id, negative_kind FROM candidates ORDER BY n")
        assert cursor.fetchall() == [(choice.main.pk, each.pk, "sibling") for each in siblings]


def test_dismissing_all_gives_no_pair_and_says_its_words_of_each(
    candidates: list[Suggestion], anna: Contributor
) -> None:
    say(candidates[1], anna, "revise", revised_content="Better.")
    choice = best(candidates, None, anna, reasons=["story.cliche"], rationale="None of them listens.", active_ms=50)
    assert stands(candidates, anna) == ["reject/dismissed", "revise", "reject/dismissed", "reject/dismissed"]
    assert [each.text.rationale for each in choice.decisions] == ["None of them listens."] * 3
    assert [each.active_ms for each in choice.decisions] == [50, None, None]
    assert choice.chosen is None


def test_the_same_key_again_gives_the_first_answer(candidates: list[Suggestion], anna: Contributor) -> None:
    first = best(candidates, 1, anna, key="web:gesture")
    say(candidates[0], anna, "reject", reasons=["story.tone"])
    again = best(candidates, 1, anna, key="web:gesture")
    assert (again.created, again.decisions, again.chosen) == (False, first.decisions, first.chosen)
    assert Decision.objects.count() == 5


@pytest.mark.parametrize("other", [{"place": 2}, {"place": None}, {"rationale": "Other words."}, {"fewer": True}])
def test_the_same_key_with_another_body_is_refused(
    candidates: list[Suggestion], anna: Contributor, other: dict[str, Any]
) -> None:
    best(candidates, 1, anna, key="web:gesture")
    more = {"place": 1, **other}
    given = candidates[:3] if more.pop("fewer", False) else candidates
    with pytest.raises(KeyReusedError):
        best(given, more.pop("place"), anna, key="web:gesture", names=list("ABCD")[: len(given)], **more)
    assert Decision.objects.count() == 4


def test_a_set_that_is_none_is_refused_and_leaves_nothing(
    production: Production, candidates: list[Suggestion], anna: Contributor
) -> None:
    stranger = Suggestion.objects.select_related("production", "brief").get(external_id="e1", production=production)
    for given, chosen, field in (
        (candidates[:1], candidates[0], "candidates"),
        ([*candidates, stranger], candidates[0], "candidates"),
        ([candidates[0], candidates[0]], candidates[0], "candidates"),
        (candidates, stranger, "chosen"),
    ):
        with pytest.raises(NotValidError) as refused:
            choose(candidates=given, chosen=chosen, decided_by=anna, actor=SYSTEM, key="web:k")
        assert refused.value.field == field
    with pytest.raises(NotValidError):
        best(candidates, 0, anna, beats=["boredom"])
    for each in candidates:
        say(each, anna, "reject", reasons=["story.tone"])
    with pytest.raises(NotValidError, match="candidates"):
        best(candidates, None, anna)
    assert Decision.objects.filter(external_id__startswith="web:").count() == 0


def test_only_the_chosen_ones_reason_is_asked_for_by_policy(candidates: list[Suggestion], anna: Contributor) -> None:
    candidates[0].production.reason_required = True
    candidates[0].production.save()
    found = [Suggestion.objects.select_related("production", "brief").get(pk=each.pk) for each in candidates]
    with pytest.raises(NotValidError, match="policy"):
        best(found, None, anna)
    assert best(found, None, anna, reasons=["story.tone"]).created
    assert best(found, 0, anna).created


def test_a_gesture_that_waited_in_a_browser_does_not_overrule_what_came_later(
    candidates: list[Suggestion], anna: Contributor
) -> None:
    later = say(candidates[0], anna, "accept")
    choice = best(candidates, 1, anna, decided_at=now() - timedelta(hours=2))
    assert choice.spared == [candidates[0]]
    assert own_live_verdict(candidates[0].pk, anna.pk) == later


class TestTakingItBack:
    def test_everything_is_as_it_was(self, candidates: list[Suggestion], anna: Contributor) -> None:
        earlier = say(candidates[0], anna, "accept", reasons=["story.tone"], rationale="The pause.", beats=["dread"],
                      spans=[{"start": 0, "end": 3, "note": "here"}])  # fmt: skip
        choice = best(candidates, 1, anna)
        undo(choice, anna)
        assert stands(candidates, anna) == ["accept", "-", "-", "-"]
        again = own_live_verdict(candidates[0].pk, anna.pk)
        assert again is not None
        assert again != earlier
        assert again == as_it_stands(earlier)
        assert again.context["repeats"] == str(earlier.uid)
        assert (again.reasons, again.beats, again.text.rationale) == (["story.tone"], ["dread"], "The pause.")
        assert again.text.span_texts == [{"label": None, "note": "here"}]
        assert again.signal.suggestion_label == "positive"
        assert Decision.objects.filter(supersedes=earlier).get() in choice.decisions

    def test_twice_in_a_row_goes_back_two_gestures(self, candidates: list[Suggestion], anna: Contributor) -> None:
        say(candidates[2], anna, "accept")
        first = best(candidates, 0, anna)
        second = best(candidates, 1, anna)
        undo(second, anna)
        assert stands(candidates, anna) == ["accept", "reject/sibling", "reject/sibling", "reject/sibling"]
        undo(first, anna)
        assert stands(candidates, anna) == ["-", "-", "accept", "-"]

    def test_what_was_said_since_stays(self, candidates: list[Suggestion], anna: Contributor) -> None:
        choice = best(candidates, 0, anna)
        say(candidates[2], anna, "reject", reasons=["story.tone"])
        undo(choice, anna)
        assert stands(candidates, anna) == ["-", "-", "reject/explicit", "-"]

    def test_the_same_key_again_gives_the_first_answer(self, candidates: list[Suggestion], anna: Contributor) -> None:
        choice = best(candidates, 0, anna)
        first = undo(choice, anna, key="web:undo")
        again = undo(choice, anna, key="web:undo")
        assert (again.created, again.decisions) == (False, first.decisions)
        other = best(candidates, 1, anna)
        with pytest.raises(KeyReusedError):
            undo(other, anna, key="web:undo")
        with pytest.raises(SupersededError):
            undo(choice, anna)

    def test_a_verdict_for_itself_is_no_gesture(self, candidates: list[Suggestion], anna: Contributor) -> None:
        alone = say(candidates[0], anna, "accept")
        with pytest.raises(NotValidError):
            take_back(decision=alone, decided_by=anna, actor=SYSTEM, key="web:undo")


def test_who_may_and_for_whom(production: Production, candidates: list[Suggestion], anna: Contributor) -> None:
    def member(role: str) -> tuple[Actor, Contributor]:
        user = User.objects.create(username=f"{role}-{uuid4().hex[:8]}")
        who = Contributor.objects.create(namespace=production.code, external_id=role, created_at=now())
        Member.objects.create(user=user, production=production, role=role, contributor=who, created_at=now())
        return person(user.uid, label=user.username, user_id=user.pk), who

    supervisor, sam = member("script_supervisor")
    data, dana = member("data")
    choice = best(candidates, 0, sam, actor=supervisor, on_behalf_of=anna)
    assert {(each.decided_by, each.on_behalf_of) for each in choice.decisions} == {(sam, anna)}
    assert stands(candidates, anna)[0] == "accept"
    for who, actor in ((sam, supervisor), (dana, data), (anna, supervisor)):
        with pytest.raises(NotAllowedError):
            best(candidates, 1, who, actor=actor)
    with pytest.raises(NotAllowedError):
        undo(choice, dana, actor=data)
    taken = undo(choice, sam, actor=supervisor)
    assert {(each.decided_by, each.on_behalf_of) for each in taken.decisions} == {(sam, anna)}


def test_the_trail_says_it_in_the_words_of_the_set(production: Production, anna: Contributor) -> None:
    push(production, *[line(f"t{take}", group_id="6C", kind="take") for take in (3, 7, 9, 12)])
    found = Suggestion.objects.filter(brief__external_id="6C", production=production).select_related("production")
    choice = best(list(found.order_by("id")), 2, anna, names=["3", "7", "9", "12"], noun="take")
    undo(choice, anna)
    best(list(found.order_by("id")), None, anna, reasons=["story.tone"])
    events = trail(TrailFilter(), visible=Q()).filter(
        type__in=("decision.chosen", "decision.dismissed", "decision.taken_back")
    )
    assert [describe(each) for each in events.order_by("id")] == [
        "chose take 9 over 3, 7 and 12, of 6C",
        "took back a choice among 4 candidates of 6C",
        "dismissed all of 6C: A, B, C and D",
    ]
    assert in_words(["3"]) == "3"

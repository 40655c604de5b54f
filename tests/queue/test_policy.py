"""How a production reviews: what may be set, by whom, and what is recorded."""

from typing import Any

import pytest

from loop.audit.models import AuditEvent, AuditPayload
from loop.kernel.actor import SYSTEM, Actor
from loop.kernel.clock import now
from loop.kernel.errors import NotAllowedError, NotFoundError, NotValidError
from loop.material.models import Production
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.querysets import actor_for_user
from loop.queue.models import ReviewPolicy
from loop.queue.policy import policy_of, set_policy


@pytest.fixture
def ferry(fresh_database: object) -> Production:
    return Production.objects.create(code="FERRY", title="Ferry", rate_num=24, created_at=now())


def acting(role: str, production: Production) -> Actor:
    user = add_user(username=role, actor=SYSTEM).user
    add_member(user=user, production=production, role=role, actor=SYSTEM)
    return actor_for_user(user)


def test_a_production_that_set_nothing_has_the_defaults(ferry: Production) -> None:
    found = policy_of(ferry)
    assert (found.reviewers_per_item, found.blind_until_decided, found.skip, found.lease_s) == (
        None,
        True,
        "allowed",
        600,
    )
    assert not ReviewPolicy.objects.exists()


def test_it_sets_what_is_named_and_leaves_the_rest(ferry: Production) -> None:
    set_policy(production=ferry, actor=SYSTEM, hide_model=True, lease_s=120)
    found = set_policy(production=ferry, actor=SYSTEM, reviewers_per_item=2, reason_required=True)
    assert (found.reviewers_per_item, found.hide_model, found.lease_s) == (2, True, 120)
    ferry.refresh_from_db()
    assert ferry.reason_required
    assert policy_of(ferry) == found


def test_it_records_what_changed_and_nothing_when_nothing_did(ferry: Production) -> None:
    for _ in range(2):
        set_policy(production=ferry, actor=SYSTEM, reviewers_per_item=2, accept_chips=["performance.emotion"])
    assert AuditEvent.objects.filter(type="production.review_policy").count() == 1
    facts = AuditPayload.objects.get(event__type="production.review_policy").facts
    assert facts == {
        "settings": {"reviewers_per_item": "2", "accept_chips": ["performance.emotion"]},
        "before": {"reviewers_per_item": None, "accept_chips": []},
    }


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"reviewers_per_item": 0}, "reviewers_per_item"),
        ({"reviewers_per_item": 21}, "reviewers_per_item"),
        ({"lease_s": 5}, "lease_s"),
        ({"lease_s": 86_400}, "lease_s"),
        ({"skip": "sometimes"}, "skip"),
        ({"accept_chips": ["performance.emotions"]}, "accept_chips"),
        ({"accept_chips": ["story.tone", "story.tone"]}, "accept_chips"),
        ({"beat_chips": ["dreadful"]}, "beat_chips"),
    ],
)
def test_it_refuses_what_cannot_be(ferry: Production, wanted: dict[str, Any], field: str) -> None:
    with pytest.raises(NotValidError) as refused:
        set_policy(production=ferry, actor=SYSTEM, **wanted)
    assert refused.value.field == field
    assert not ReviewPolicy.objects.exists()


def test_who_manages_people_sets_it_and_nobody_else(ferry: Production) -> None:
    assert set_policy(production=ferry, actor=acting("producer", ferry), hide_model=True).hide_model
    with pytest.raises(NotAllowedError):
        set_policy(production=ferry, actor=acting("editor", ferry), hide_model=False)
    with pytest.raises(NotFoundError):
        set_policy(
            production=ferry, actor=actor_for_user(add_user(username="stranger", actor=SYSTEM).user), hide_model=False
        )
    assert policy_of(ferry).hide_model

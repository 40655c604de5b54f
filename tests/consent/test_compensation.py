"""The compensation ledger: what is owed holds a record back, what meets it lets it pass, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from loop.audit.models import AuditEvent
from loop.consent.compensation import record_due
from loop.consent.evidence import document_of
from loop.consent.models import Authorisation, CompensationEntry, Evidence
from loop.consent.settle import settle
from loop.kernel.actor import SYSTEM, Actor
from loop.kernel.errors import ConflictError, LoopError, NotAllowedError, NotFoundError, NotValidError
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.querysets import actor_for_user
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, few_lines, stage, today

WAIVER = document_of("waiver.txt", b"I ask for nothing. Signed.")
DAY = timedelta(days=1)
FEE = {"term": "one_fee", "amount": "250.00", "currency": "USD"}


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    made.authorises("director-1")
    return made


def codes(show: Stage) -> dict[str, int]:
    return show.releases()[0].excluded_by_code


def actor(show: Stage, role: str) -> Actor:
    user = add_user(username=role, actor=SYSTEM).user
    if role != "stranger":
        add_member(user=user, production=show.production, role=role, actor=SYSTEM)
    return actor_for_user(user)


@pytest.mark.parametrize("kind", ["settled", "waived"])
def test_a_promise_denies_until_it_is_met(show: Stage, kind: str) -> None:
    (found,) = show.authorises("editor-1", compensation=FEE)
    assert set(codes(show)) == {"COMPENSATION_DUE"}
    settle(authorisation=found, kind=kind, evidence=WAIVER, actor=SYSTEM)
    assert codes(show) == {}
    with pytest.raises(ConflictError, match="already"):
        settle(authorisation=found, kind=kind, evidence=WAIVER, actor=SYSTEM)
    assert CompensationEntry.objects.count() == AuditEvent.objects.filter(type="compensation.entry").count() == 1


def test_a_fee_of_each_release_owes_nothing_before_one_and_denies_from_its_day(show: Stage) -> None:
    (found,) = show.authorises("editor-1", compensation={"term": "per_export_fee", "due": "90 days"})
    assert codes(show) == {}
    with pytest.raises(ConflictError, match="owes nothing"):
        settle(authorisation=found, kind="settled", actor=SYSTEM)
    given: dict[str, Any] = {
        "authorisation": found, "release": uuid4(), "rows": 4, "amount": Decimal("12.50"), "currency": "EUR",
        "actor": SYSTEM,
    }  # fmt: skip
    line = record_due(due_on=today() + DAY, **given)
    assert codes(show) == {}
    with pytest.raises(ConflictError, match="already"):
        record_due(due_on=today(), **given)
    due = record_due(due_on=today(), **(given | {"release": uuid4()}))
    assert set(codes(show)) == {"COMPENSATION_DUE"}
    met = settle(authorisation=found, entry=due, kind="settled", actor=SYSTEM)
    assert (met.amount, met.currency, met.settles) == (Decimal("12.50"), "EUR", due)
    assert codes(show) == {}
    assert not CompensationEntry.objects.filter(settles=line).exists()


Change = dict[str, Any]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": Decimal(-1)}, "amount"),
        ({"amount": Decimal("1.005")}, "amount"),
        ({"amount": Decimal("NaN")}, "amount"),
        ({"amount": Decimal("1e15")}, "amount"),
        ({"amount": None}, "amount"),
        ({"currency": "usd"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"rows": -1}, "rows"),
        ({"release": None}, "rows"),
    ],
)
def test_a_bad_line_is_refused_by_its_field(show: Stage, change: Change, field: str) -> None:
    (found,) = show.authorises("editor-1")
    given: Change = {"release": uuid4(), "rows": 1, "amount": Decimal("2.50"), "currency": "USD", "due_on": today()}
    with pytest.raises(NotValidError) as refused:
        record_due(authorisation=found, actor=SYSTEM, **(given | change))
    assert refused.value.field == field
    assert not CompensationEntry.objects.exists()
    record_due(authorisation=found, actor=SYSTEM, **given)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "due"}, "kind"),
        ({"kind": "waived", "evidence": None}, "evidence"),
        ({"kind": "waived", "amount": Decimal(5), "currency": "USD"}, "amount"),
        ({"amount": Decimal("4.99"), "currency": "USD"}, "amount"),
        ({"amount": Decimal(5), "currency": "EUR"}, "currency"),
        ({"amount": Decimal(5)}, "currency"),
    ],
)
def test_a_bad_settlement_is_refused_and_keeps_nothing(show: Stage, change: Change, field: str) -> None:
    (found,) = show.authorises("editor-1")
    due = record_due(authorisation=found, due_on=today(), amount=Decimal(5), currency="USD", actor=SYSTEM)
    before = Evidence.objects.count()
    given: Change = {"authorisation": found, "entry": due, "kind": "settled", "evidence": WAIVER, "actor": SYSTEM}
    with pytest.raises(NotValidError) as refused:
        settle(**(given | change))
    assert refused.value.field == field
    assert (CompensationEntry.objects.count(), Evidence.objects.count()) == (1, before)
    settle(**given)


def test_a_line_of_another_record_is_refused(show: Stage) -> None:
    (found,) = show.authorises("editor-1")
    other = Authorisation.objects.exclude(pk=found.pk).get()
    due = record_due(authorisation=other, due_on=today(), actor=SYSTEM)
    with pytest.raises(NotValidError, match="a due line of this record"):
        settle(authorisation=found, entry=due, kind="settled", actor=SYSTEM)
    met = settle(authorisation=other, entry=due, kind="settled", actor=SYSTEM)
    with pytest.raises(NotValidError, match="a due line of this record"):
        settle(authorisation=other, entry=met, kind="settled", actor=SYSTEM)


@pytest.mark.parametrize("role", ["consent_officer", "producer"])
def test_officer_and_producer_keep_the_ledger(show: Stage, role: str) -> None:
    (found,) = show.authorises("editor-1", compensation=FEE)
    settle(authorisation=found, kind="settled", actor=actor(show, role))
    assert CompensationEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("role", "refusal"),
    [("editor", NotAllowedError), ("data", NotAllowedError), ("auditor", NotAllowedError), ("stranger", NotFoundError)],
)
def test_nobody_else_does(show: Stage, role: str, refusal: type[LoopError]) -> None:
    (found,) = show.authorises("editor-1", compensation=FEE)
    who = actor(show, role)
    acts: list[Callable[[], object]] = [
        lambda: settle(authorisation=found, kind="settled", actor=who),
        lambda: record_due(authorisation=found, due_on=today(), actor=who),
    ]
    for act in acts:
        with pytest.raises(refusal):
            act()
    assert not CompensationEntry.objects.exists()

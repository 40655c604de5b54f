"""A recall can be answered: recorded, its duty met, and the recipient's next export let through again."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from loop.audit.models import AuditEvent
from loop.audit.verify import verify
from loop.consent.evidence import document_of
from loop.consent.lock import database_moment
from loop.consent.models import Evidence, RecipientDutyMet
from loop.export.order import OrderRefusedError
from loop.gate.question import ask
from loop.gate.rules import question_codes
from loop.kernel.actor import SYSTEM, Actor
from loop.kernel.clock import utc_date
from loop.kernel.errors import NotAllowedError, NotFoundError, NotValidError
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.querysets import actor_for_user
from loop.recall import withdraw as withdrawing
from loop.recall.acknowledge import acknowledge
from loop.recall.models import RecallAck, RecallNotice
from loop.recall.querysets import Standing, notices, recall_of
from loop.recall.withdraw import withdraw
from tests.support.databases import FreshDatabase
from tests.support.releases import PURPOSE, Stage, few_lines, stage

OVERDUE = "RECIPIENT_RECALL_OVERDUE"
MODEL = {"id": "lab/note-writer@3", "trained_on": "E-1", "action": "retrain_scheduled"}


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    return made


def recalled(show: Stage) -> RecallNotice:
    records = show.authorises()
    show.releases()
    [notice] = withdraw(
        authorisations=[each for each in records if each.party.external_id == "director-1"], actor=SYSTEM
    ).notices
    return notice


@pytest.fixture
def notice(show: Stage) -> RecallNotice:
    return recalled(show)


@pytest.fixture
def overdue(show: Stage, monkeypatch: pytest.MonkeyPatch) -> RecallNotice:
    """A notice whose recipient had no time at all."""
    monkeypatch.setattr(withdrawing, "DEADLINE_DAYS", 0)
    return recalled(show)


def answer(notice: RecallNotice, **changes: Any) -> RecallAck:
    given: dict[str, Any] = {"by": "R. Okafor", "copies_deleted": True, "models_affected": [MODEL], "actor": SYSTEM}
    return acknowledge(notice=notice, **(given | changes))


def codes(show: Stage, days: int = 0) -> tuple[str, ...]:
    moment = database_moment() + timedelta(days=days)
    question = ask(
        production=show.production, purpose=PURPOSE, profile=None, recipient=show.recipient,
        on=utc_date(moment), moment=moment,
    )  # fmt: skip
    return question_codes(question)


def standing(notice: RecallNotice, days: int = 0) -> Standing:
    return recall_of(notices().get(pk=notice.pk), database_moment() + timedelta(days=days)).standing


def member(show: Stage, role: str) -> Actor:
    user = add_user(username=role, actor=SYSTEM).user
    add_member(user=user, production=show.production, role=role, actor=SYSTEM)
    return actor_for_user(user)


def test_an_answer_is_kept_and_meets_the_duty(show: Stage, notice: RecallNotice) -> None:
    assert (codes(show, 13), codes(show, 15)) == ((), (OVERDUE,))
    assert (standing(notice, 13), standing(notice, 15)) == (Standing.OPEN, Standing.OVERDUE)
    ack = answer(notice, evidence=document_of("protocol.txt", b"Wiped."))
    kept = RecallAck.objects.get()
    assert (kept, kept.by, kept.copies_deleted, kept.models_affected) == (ack, "R. Okafor", True, [MODEL])
    assert kept.evidence is not None
    assert kept.evidence.file_name == "protocol.txt"
    assert RecipientDutyMet.objects.get().duty.reference == notice.uid
    assert codes(show, 15) == ()
    assert standing(notice, 15) is Standing.ANSWERED
    kinds = list(AuditEvent.objects.order_by("-id").values_list("type", flat=True)[:3])
    assert kinds == ["recipient.duty_met", "recall.acknowledged", "evidence.stored"]
    assert [str(problem) for problem in verify().problems] == []


def test_an_overdue_recall_stops_the_next_export_until_it_is_answered(show: Stage, overdue: RecallNotice) -> None:
    assert codes(show) == (OVERDUE,)
    with pytest.raises(OrderRefusedError, match=OVERDUE):
        show.orders()
    answer(overdue)
    assert codes(show) == ()
    passed, _ = show.releases()
    assert passed.rows_included
    assert OVERDUE not in passed.excluded_by_code


def test_a_partial_answer_is_kept_and_leaves_the_duty_open(show: Stage, overdue: RecallNotice) -> None:
    answer(overdue, copies_deleted=False)
    assert RecallAck.objects.count() == 1
    assert not RecipientDutyMet.objects.exists()
    assert codes(show) == (OVERDUE,)
    assert standing(overdue) is Standing.OVERDUE
    answer(overdue)
    assert codes(show) == ()
    assert standing(overdue) is Standing.ANSWERED


def test_a_later_answer_adds_to_an_earlier(show: Stage, notice: RecallNotice) -> None:
    answer(notice)
    met = RecipientDutyMet.objects.get()
    answer(notice, models_affected=[MODEL | {"action": "retrained"}])
    answer(notice, copies_deleted=False, models_affected=[])
    assert RecallAck.objects.count() == 3
    assert RecipientDutyMet.objects.get().met_at == met.met_at
    assert standing(notice) is Standing.ANSWERED
    assert [str(problem) for problem in verify().problems] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"by": " "}, "by"),
        ({"by": "x" * 201}, "by"),
        ({"models_affected": [{"id": "m1", "action": "retrained"}]}, "models_affected[0]"),
        ({"models_affected": [MODEL | {"more": "x"}]}, "models_affected[0]"),
        ({"models_affected": ["m1"]}, "models_affected[0]"),
        ({"models_affected": [MODEL, MODEL]}, "models_affected[1].id"),
        ({"models_affected": [MODEL | {"id": ""}]}, "models_affected[0].id"),
        ({"models_affected": [MODEL | {"trained_on": 7}]}, "models_affected[0].trained_on"),
        ({"models_affected": [MODEL | {"action": "forgot"}]}, "models_affected[0].action"),
        ({"models_affected": [MODEL] * 201}, "models_affected"),
    ],
)
def test_it_refuses_what_is_malformed(notice: RecallNotice, changes: dict[str, Any], field: str) -> None:
    before = AuditEvent.objects.count()
    with pytest.raises(NotValidError) as refused:
        answer(notice, **changes)
    assert refused.value.field == field
    assert AuditEvent.objects.count() == before
    answer(notice)
    assert RecallAck.objects.count() == 1


def test_it_came_after_the_notice_and_before_now(show: Stage, notice: RecallNotice) -> None:
    document = document_of("protocol.txt", b"Wiped.")
    for at in (notice.issued_at - timedelta(seconds=1), database_moment() + timedelta(minutes=5)):
        with pytest.raises(NotValidError) as refused:
            answer(notice, at=at, evidence=document)
        assert refused.value.field == "at"
    assert not RecallAck.objects.exists()
    assert not Evidence.objects.filter(file_name="protocol.txt").exists()
    assert answer(notice, at=notice.issued_at).received_at == notice.issued_at
    # What was refused before it was recorded stays rightly refused: the duty is met from now on.
    assert RecipientDutyMet.objects.get().met_at > notice.issued_at


def test_only_a_consent_officer_answers(show: Stage, notice: RecallNotice) -> None:
    for role in ("data", "producer", "auditor", "director"):
        with pytest.raises(NotAllowedError):
            answer(notice, actor=member(show, role))
    with pytest.raises(NotFoundError):
        answer(notice, actor=actor_for_user(add_user(username="stranger", actor=SYSTEM).user))
    assert not RecallAck.objects.exists()
    answer(notice, actor=member(show, "consent_officer"))
    assert RecallAck.objects.count() == 1


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("recall", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_lists_and_answers(show: Stage, notice: RecallNotice, tmp_path: Path) -> None:
    listed = run("list", "--production", show.production.code, "--open")
    assert str(notice.uid) in listed
    assert "open" in listed
    said = run("acknowledge", str(notice.uid), "--by", "R. Okafor", "--model", "lab/m=1=none")
    assert "stays open until the copies are deleted" in said
    protocol = tmp_path / "protocol.txt"
    protocol.write_text("Wiped.")
    member(show, "consent_officer")
    said = run(
        "acknowledge", str(notice.uid), "--by", "R. Okafor", "--copies-deleted", "--evidence", str(protocol),
        "--actor", "consent_officer",
    )  # fmt: skip
    assert said == "Recorded answer 2 of night-ferry-lab.\nThe recall is answered.\n"
    assert RecallAck.objects.earliest("id").models_affected == [
        {"id": "lab/m=1", "trained_on": "E-1", "action": "none"}
    ]
    assert run("list", "--open") == "No recall is unanswered.\n"
    assert "answered" in run("list")


def test_the_command_refuses_with_a_sentence(show: Stage, notice: RecallNotice) -> None:
    member(show, "data")
    good = ("acknowledge", str(notice.uid), "--by", "R. Okafor", "--copies-deleted")
    for arguments, words in (
        (("acknowledge", str(uuid4()), "--by", "R."), "no recall notice"),
        (("acknowledge", "seven", "--by", "R."), "no recall notice 'seven'"),
        ((*good, "--model", "m1"), "expected ID=ACTION"),
        ((*good, "--model", "m1=forgot"), "models_affected[0].action: expected one of deleted"),
        ((*good, "--evidence", "/nowhere"), "evidence: expected a readable file"),
        ((*good, "--actor", "data"), "needs the permission"),
        (("list", "--production", "NOWHERE"), "There is no production"),
    ):
        with pytest.raises(CommandError) as refused:
            run(*arguments)
        assert words in str(refused.value)
    assert not RecallAck.objects.exists()
    assert "is answered" in run(*good)


def test_there_may_be_no_recall(fresh_database: FreshDatabase) -> None:
    assert run("list") == "There is no recall.\n"


def test_the_log_says_of_which_duty(notice: RecallNotice) -> None:
    answer(notice)
    [met] = RecipientDutyMet.objects.select_related("event", "duty")
    assert (met.event.type, met.event.object_uid) == ("recipient.duty_met", met.duty.uid)
    assert met.event.payload.facts == {"kind": "recall_ack", "reference": str(notice.uid)}

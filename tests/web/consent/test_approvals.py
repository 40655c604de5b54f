"""The pages of approvals: what waits and what would be done in full, deciding by form, the CSV, and who may not."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from loop.consent.models import ApprovalRequest
from loop.export.models import Export
from loop.kernel.actor import SYSTEM
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.models import Contributor, User
from loop.people.querysets import actor_for_user
from loop.recall.models import RecallNotice
from loop.recall.propose import propose
from loop.recall.querysets import records_of
from tests.conftest import FreshDatabase
from tests.support.releases import few_lines, finished, stage
from tests.web.conftest import ROLES, Desks

MOST = 12


@pytest.fixture
def outside(fresh_database: FreshDatabase) -> Desks:
    """A production whose recipient is outside the studio, with everybody's consent; `second` is another officer."""
    show = stage(kind="external")
    show.brings_in(few_lines())
    show.authorises()
    clients = {}
    for who in (*ROLES, "second", "stranger", "admin"):
        user = add_user(username=who, actor=SYSTEM, is_admin=who == "admin").user
        if who in (*ROLES, "second"):
            role = "consent_officer" if who == "second" else who
            add_member(user=user, production=show.production, role=role, actor=SYSTEM)
        clients[who] = Client()
        clients[who].force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return Desks(show, clients)


def waits(desks: Desks) -> tuple[Export, str]:
    """A release that waits, ordered by the data team, and the address of its request."""
    export = finished(desks.stage.orders(actor=actor_for_user(User.objects.get(username="data"))))
    assert export.state == "awaiting"
    return export, desks.address(f"approvals/{ApprovalRequest.objects.get(subject=export.uid).uid}/")


def test_an_empty_list_says_what_will_stand_there(desks: Desks) -> None:
    page = desks["consent_officer"].get(desks.address("approvals/")).content.decode()
    assert "Nothing needed a second person" in page
    assert desks.address("approvals.csv") in page


def test_a_release_is_approved_by_form_and_published(outside: Desks) -> None:
    export, address = waits(outside)
    home = outside["consent_officer"].get("/").content.decode()
    assert "1 approval of Test show waits" in home
    registry = outside["consent_officer"].get(outside.address("authorisations/")).content.decode()
    assert "(1)" in registry
    assert address in outside["consent_officer"].get(outside.address("approvals/")).content.decode()
    own = outside["data"].get(outside.address(f"exports/{export.number}/")).content.decode()
    assert "Awaiting approval" in own
    assert "It leaves the studio when a consent officer" in own
    assert address not in own
    assert "Cancel" in own
    assert "hx-trigger" not in own
    page = outside["consent_officer"].get(address).content.decode()
    for words in ("outside the studio", bytes(export.order_digest).hex(), "What the recipient agreed to", "Approve<"):
        assert words in page
    answer = outside["consent_officer"].post(address, {"act": "approve"}, follow=True)
    assert "Approved. It is checked once more and published." in answer.content.decode()
    export.refresh_from_db()
    assert export.state == "verifying"
    assert finished(export).state == "published"
    page = outside["consent_officer"].get(address).content.decode()
    assert "Approved by" in page
    assert "Your word" not in page
    text = outside["auditor"].get(outside.address("approvals.csv")).content.decode()
    assert ",release,E-1,approved,data," in text
    again = outside["second"].post(address, {"act": "refuse", "reason": "too late"}, follow=True)
    assert "Nothing was decided" in again.content.decode()


def test_a_refusal_needs_a_reason_and_cancels(outside: Desks) -> None:
    export, address = waits(outside)
    answer = outside["consent_officer"].post(address, {"act": "refuse"})
    assert answer.status_code == 422
    assert "expected 1 to 2000 characters that say why" in answer.content.decode()
    answer = outside["consent_officer"].post(address, {"act": "refuse", "reason": "not to them"}, follow=True)
    assert "Refused by" in answer.content.decode()
    assert "not to them" in answer.content.decode()
    export.refresh_from_db()
    assert export.state == "cancelled"
    page = outside["data"].get(outside.address(f"exports/{export.number}/")).content.decode()
    assert "Refused " in page


def test_a_withdrawal_is_decided_by_another_officer_than_asked(outside: Desks) -> None:
    export, address = waits(outside)
    outside["consent_officer"].post(address, {"act": "approve"})
    export.refresh_from_db()
    finished(export)
    party = Contributor.objects.get(external_id="director-1")
    officer = actor_for_user(User.objects.get(username="consent_officer"))
    made = propose(authorisations=records_of(party, outside.production), actor=officer, reason="by letter of the third")
    assert made.request is not None
    address = outside.address(f"approvals/{made.request.uid}/")
    own = outside["consent_officer"].get(address).content.decode()
    assert "Nobody approves what they asked for" in own
    assert "Approve<" not in own
    assert outside["consent_officer"].post(address, {"act": "approve"}).status_code == 403
    assert "approval of Test show" not in outside["consent_officer"].get("/").content.decode()
    assert "1 approval of Test show waits" in outside["second"].get("/").content.decode()
    page = outside["second"].get(address).content.decode()
    assert "by letter of the third" in page
    assert "E-1</span> to night-ferry-lab: 2 rows" in page
    answer = outside["second"].post(address, {"act": "approve"}, follow=True)
    assert "Approved and withdrawn. Recalled: E-1." in answer.content.decode()
    assert RecallNotice.objects.count() == 1


def test_who_reads_and_who_decides(outside: Desks) -> None:
    export, address = waits(outside)
    expected = {
        "consent_officer": 200, "auditor": 200, "admin": 200, "producer": 403, "data": 403, "editor": 403,
        "stranger": 404,
    }  # fmt: skip
    for who, status in expected.items():
        for path in (outside.address("approvals/"), outside.address("approvals.csv"), address):
            assert outside[who].get(path).status_code == status, (who, path)
        if who != "consent_officer":
            refused = outside[who].post(address, {"act": "approve"})
            assert refused.status_code == (404 if status == 404 else 403), who
    assert "Only a consent officer of night-ferry approves" in outside["auditor"].get(address).content.decode()
    other = stage("other-show")
    add_member(user=User.objects.get(username="stranger"), production=other.production, role="consent_officer",
               actor=SYSTEM)  # fmt: skip
    assert outside["stranger"].post(address, {"act": "approve"}).status_code == 404
    elsewhere = address.replace(outside.production.code, other.production.code)
    assert outside["stranger"].get(elsewhere).status_code == 404
    export.refresh_from_db()
    assert export.state == "awaiting"
    assert outside["second"].post(address, {"act": "approve"}).status_code == 302


def test_one_cancelled_meanwhile_is_not_approved(outside: Desks) -> None:
    export, address = waits(outside)
    assert outside["data"].post(outside.address(f"exports/{export.number}/cancel/")).status_code == 302
    page = outside["second"].post(address, {"act": "approve"}, follow=True).content.decode()
    assert "Nothing was decided" in page
    assert "Lapsed" in page


def test_the_form_of_an_order_says_that_it_goes_outside(outside: Desks) -> None:
    asked = {
        "profile": "signals",
        "purpose": "ai_evaluation",
        "recipient": "night-ferry-lab",
        "labels": "every_decision",
    }
    page = outside["data"].get(outside.address("exports/new/"), asked).content.decode()
    assert "This recipient is outside the studio" in page


def test_the_list_asks_few_questions_whatever_waits(outside: Desks) -> None:
    for _ in range(5):
        outside.stage.orders()
    with CaptureQueriesContext(connection) as captured:
        assert outside["consent_officer"].get(outside.address("approvals/")).status_code == 200
    assert len(captured) <= MOST

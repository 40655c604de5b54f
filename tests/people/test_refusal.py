"""Refused logins: on record for the login that was tried, and no trace of a name that is none."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from loop.audit.models import AuditEvent, AuditPayload
from loop.kernel.actor import SYSTEM
from loop.people.account import add_user
from loop.people.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "a projector hums at night"
TYPED = "tr0ub4dor-typed-into-the-wrong-field"


@pytest.fixture
def mara() -> User:
    cache.clear()  # the throttle on failed logins counts across tests
    return add_user(username="mara", actor=SYSTEM, password=PASSWORD).user


def log_in(username: str, password: str) -> int:
    return Client().post("/accounts/login/", {"login": username, "password": password}).status_code


def refusals() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(type="session.refused"))


@pytest.mark.parametrize("username", ["mara", "MARA"])
def test_a_wrong_password_is_on_record_for_the_login(mara: User, username: str) -> None:
    assert log_in(username, "not it") == 200
    [event] = refusals()
    assert (event.object_table, event.object_uid, event.production_id) == ("loop_user", mara.uid, None)
    assert event.payload.facts == {}


def test_a_name_that_is_no_login_is_kept_nowhere(mara: User) -> None:
    before = AuditEvent.objects.count()
    assert log_in(TYPED, PASSWORD) == 200
    assert AuditEvent.objects.count() == before
    assert not AuditPayload.objects.filter(facts__icontains=TYPED).exists()


def test_a_disabled_login_is_refused_on_record(mara: User) -> None:
    User.objects.filter(pk=mara.pk).update(is_active=False)
    log_in("mara", PASSWORD)
    assert not AuditEvent.objects.filter(type="session.login").exists()
    assert len(refusals()) == 1


def test_a_good_login_is_no_refusal(mara: User) -> None:
    assert log_in("mara", PASSWORD) == 302
    assert refusals() == []

"""The stock admin: reference data, ledgers to look at, no text."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse

from loop.audit.models import AuditEvent
from loop.checks import TEXT_TABLES, roles_agree, texts_stay_out_of_the_admin
from loop.kernel.clock import now
from loop.material.models import Production
from loop.people.models import User

pytestmark = pytest.mark.django_db

REGISTERED = sorted(admin.site._registry, key=lambda model: model.__name__)


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(User.objects.create(username="root", is_superuser=True, is_staff=True))
    return client


def test_no_table_with_texts_or_secrets_is_registered() -> None:
    names = {model.__name__ for model in REGISTERED}
    assert not names & (TEXT_TABLES | {"Group", "Authenticator", "EmailAddress", "Session"})
    assert texts_stay_out_of_the_admin(None) == roles_agree(None) == []


def test_append_only_tables_are_only_looked_at(root: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname = 'append_only_row'"
        )
        append_only = {name for (name,) in cursor.fetchall()}
    assert append_only
    request = root.get(reverse("admin:index")).wsgi_request
    for model, shown in admin.site._registry.items():
        assert not shown.has_delete_permission(request)
        assert shown.get_actions(request) == {}
        if model._meta.db_table in append_only:
            assert not shown.has_add_permission(request)
            assert not shown.has_change_permission(request)


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_every_list_opens(root: Client, model: type) -> None:
    meta = model._meta  # type: ignore[attr-defined]
    assert root.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")).status_code == 200
    assert root.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_add")).status_code == 403


def test_a_change_is_in_the_log(root: Client) -> None:
    ferry = Production.objects.create(code="FERRY", title="Night Ferry", rate_num=24, created_at=now())
    address = reverse("admin:loop_production_change", args=[ferry.pk])
    page = root.get(address)
    assert page.status_code == 200
    form = page.context["adminform"].form
    data = {name: value for name, value in form.initial.items() if name in form.fields and value is not None}
    data |= {"title": "Night Ferry II", "guilds": "", "ai_policy": '{"rules": 3}', "legal_hold": "on"}
    data = {name: value for name, value in data.items() if value is not False}
    answer = root.post(address, data)
    assert answer.status_code == 302, answer.context["errors"]
    ferry.refresh_from_db()
    assert (ferry.title, ferry.code) == ("Night Ferry II", "FERRY")
    assert (ferry.ai_policy, ferry.legal_hold) == ({}, False)
    event = AuditEvent.objects.get(type="production.changed")
    assert "title" in event.payload.facts["fields"]
    assert "code" not in event.payload.facts["fields"]


def test_only_staff_get_in() -> None:
    client = Client()
    client.force_login(User.objects.create(username="mara"))
    assert client.get(reverse("admin:index")).status_code == 302

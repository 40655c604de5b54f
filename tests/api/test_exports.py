"""Exports over the API: ordered once, watched, cancelled, taken by a link that dies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from loop.api import throttles
from loop.api.links import LIFETIME
from loop.audit.models import AuditEvent
from loop.consent.agreement import AgreementTerms
from loop.consent.models import Recipient
from loop.consent.recipient import add_recipient
from loop.consent.terms import PROFILE_PURPOSE
from loop.export.advance import advance
from loop.export.models import Download, Export
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.material.models import Production
from loop.people.models import Token
from loop.people.roles import EXPORTS_READ
from tests.api.conftest import Caller
from tests.support.cutting_room import bring_in, line

DEAD = "There is nothing here, or nothing this token may see."


@pytest.fixture(autouse=True)
def lab(db: None) -> Recipient:
    agreement = AgreementTerms(
        signed_on=date(2026, 1, 1),
        valid_from=date(2026, 1, 1),
        valid_until=date(2036, 1, 1),
        purposes=["ai_evaluation"],
    )
    return add_recipient(code="lab", name="Lab", kind="internal", actor=SYSTEM, agreement=agreement)


TRAINING = "ai_generative_training"
ORDER = {"profile": "signals", "purpose": "ai_evaluation", "recipient": "lab"}


def ordered(caller: Caller, **more: Any) -> dict[str, Any]:
    answer = caller.post("exports", ORDER | more)
    assert answer.status == 202, answer.body
    return dict(answer.body)


def drop_temporary_tables() -> None:
    """What a commit does; this test stays in one transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TABLE pg_temp."{name}"')


def published(caller: Caller) -> dict[str, Any]:
    """An export that a worker has finished."""
    export = Export.objects.get(uid=ordered(caller)["id"])
    for _ in range(20):
        if not advance(export.pk).did:
            break
        drop_temporary_tables()
    found = caller.get(f"exports/{export.uid}")
    assert found.body["state"] == "published", found.body
    return dict(found.body)


def test_an_order_is_accepted_with_its_address(robot: Caller, ferry: Production) -> None:
    bring_in(ferry, [line("s01-a", "The pause says it.", stage="development")])
    answer = robot.post("exports", ORDER | {"filters": {"stages": ["development"]}, "gate_date": "2026-11-01"})
    assert answer.status == 202, answer.body
    assert answer.body["filters"] == {"stages": ["development"]}
    assert answer.body["gate_date"] == "2026-11-01"
    assert answer.body["number"] == 1
    watched = robot.get(answer.headers["Location"])
    assert watched.status == 200
    assert answer.body.items() <= watched.body.items()
    assert watched.body["state"] == "ordered"
    assert watched.body["progress"] == {"shards": 0, "shards_done": 0, "rows": None, "rows_done": 0}


def test_the_same_key_answers_with_the_first_order(
    robot: Caller, caller_of: Callable[..., Caller], ferry: Production
) -> None:
    headers = {"Idempotency-Key": "order-1"}
    first = robot.post("exports", ORDER, **headers)
    again = robot.post("exports", ORDER, **headers)
    assert (first.status, again.status) == (202, 202)
    assert again.body == first.body
    assert again.headers["Idempotent-Replayed"] == "true"
    other = robot.post("exports", ORDER | {"labels": "majority"}, **headers)
    assert (other.status, other.body["code"]) == (422, "key_reused")
    elsewhere = caller_of(ferry, name="other").post("exports", ORDER, **headers)
    assert elsewhere.status == 202
    assert elsewhere.body["id"] != first.body["id"]
    assert Export.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"profile": "everything"}, 400, "profile"),
        ({"recipient": "nobody"}, 400, "recipient"),
        ({"labels": "loudest"}, 400, "labels"),
        ({"form": "verse"}, 400, "form"),
        ({"form": "conversational"}, 400, "form"),
        ({"filters": {"colours": ["red"]}}, 400, "filters.colours"),
        ({"filters": {"kinds": ["nothing"]}}, 400, "kinds"),
        ({"filters": []}, 400, "filters"),
        ({"checkpoint": -1}, 400, "checkpoint"),
        ({"gate_date": "yesterday"}, 400, "gate_date"),
        ({"state": "published"}, 400, "state"),
        ({"order_digest": "00"}, 400, "order_digest"),
        ({"production": "HARBOUR"}, 404, "production"),
        ({"purpose": "world_domination"}, 422, None),
        ({"purpose": "ai_generative_training"}, 422, None),
        *(({"profile": name}, 422, None) for name, purpose in PROFILE_PURPOSE.items() if purpose == TRAINING),
    ],
)
def test_it_refuses_a_wrong_order_before_anything_runs(
    robot: Caller, harbour: Production, change: dict[str, Any], status: int, field: str | None
) -> None:
    answer = robot.post("exports", ORDER | change)
    assert answer.status == status, answer.body
    if field is not None:
        assert answer.body["errors"][0]["field"] == field
    assert not Export.objects.exists()


def test_it_is_cancelled_once(robot: Caller) -> None:
    export = ordered(robot)
    first = robot.post(f"exports/{export['id']}/cancel")
    assert (first.status, first.body["state"]) == (200, "cancelled")
    assert robot.post(f"exports/{export['id']}/cancel").body == first.body
    assert AuditEvent.objects.filter(type="export.cancelled").count() == 1
    files = robot.get(f"exports/{export['id']}/files")
    assert (files.status, files.body["code"]) == (409, "not_published")


def test_a_file_is_taken_by_a_link_and_the_download_is_recorded(robot: Caller, nobody: Caller) -> None:
    export = published(robot)
    assert robot.post(f"exports/{export['id']}/cancel").status == 409
    files = {each["file"]: each for each in robot.get(f"exports/{export['id']}/files").body["items"]}
    assert "manifest.json" in files
    for name, facts in files.items():
        link = robot.post(f"exports/{export['id']}/downloads", {"file": name})
        assert link.status == 201, link.body
        taken = nobody.get(link.body["url"])
        assert taken.status == 200
        assert taken.headers["Content-Type"] == "application/octet-stream"
        assert taken.headers["Content-Disposition"].startswith("attachment")
        if isinstance(taken.body, bytes):
            assert len(taken.body) == facts["size_bytes"]
            assert facts["sha256"] in {None, hashlib.sha256(taken.body).hexdigest()}
    assert files["README.md"]["sha256"]
    assert Download.objects.count() == AuditEvent.objects.filter(type="export.downloaded").count() == len(files)
    assert robot.token
    assert set(Download.objects.values_list("actor_pid", flat=True)) == {f"token:{robot.token.uid}"}


def test_a_name_that_is_not_listed_opens_nothing(robot: Caller) -> None:
    export = published(robot)
    for name in (
        "../manifest.json",
        "/etc/passwd",
        "data",
        "data/",
        "manifest.json/",
        "./manifest.json",
        "",
        "x\u0000",
        "MANIFEST.json",
    ):
        answer = robot.post(f"exports/{export['id']}/downloads", {"file": name})
        assert answer.status in {400, 404}, name
    assert not Download.objects.exists()


def test_a_link_dies(robot: Caller, nobody: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    export = published(robot)
    url = robot.post(f"exports/{export['id']}/downloads", {"file": "README.md"}).body["url"]
    assert nobody.get(url).status == 200
    assert nobody.get(url[:-1] + ("A" if url[-1] != "A" else "B")).status == 404
    with monkeypatch.context() as later:
        later.setattr("loop.api.links.now", lambda: now() + LIFETIME + timedelta(seconds=1))
        expired = nobody.get(url)
        assert (expired.status, expired.body["detail"]) == (404, DEAD)
    Token.objects.update(revoked_at=now())
    assert nobody.get(url).status == 404


def test_reading_is_not_taking(caller_of: Callable[..., Caller], robot: Caller, ferry: Production) -> None:
    export = published(robot)
    reader = caller_of(ferry, scopes=(EXPORTS_READ,))
    assert reader.get(f"exports/{export['id']}/files").status == 200
    assert reader.post(f"exports/{export['id']}/downloads", {"file": "README.md"}).status == 403
    assert reader.post("exports", ORDER).status == 403
    assert reader.post(f"exports/{export['id']}/cancel").status == 403


def test_orders_are_limited(robot: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttles, "ORDERS_AN_HOUR", 2)
    assert [robot.post("exports", {}).status for _ in range(4)].count(429) >= 1
    assert robot.get("exports").status == 200


def test_the_list(robot: Caller) -> None:
    first, second = ordered(robot), ordered(robot, labels="majority")
    robot.post(f"exports/{first['id']}/cancel")
    assert [each["id"] for each in robot.get("exports").body["items"]] == [first["id"], second["id"]]
    assert [each["id"] for each in robot.get("exports", {"state": "cancelled"}).body["items"]] == [first["id"]]
    assert robot.get("exports", {"recipient": "other"}).body["items"] == []
    assert robot.get("exports", {"state": "lost"}).status == 400

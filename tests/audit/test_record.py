"""The pen: one event in the transaction of the change, with exact bytes, or a refusal."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from loop.audit import bulk
from loop.audit.entry import parse
from loop.audit.merkle import leaf_hash
from loop.audit.models import AuditEvent, AuditPayload, AuditPending
from loop.audit.record import production_uid, record
from loop.audit.vocabulary import EVENTS, VOUCHED, UnknownEventError, sentence
from loop.kernel.actor import SYSTEM, Actor
from loop.kernel.canonical import NotCanonicalError, commitment
from loop.kernel.errors import NotFoundError
from tests.support.databases import FreshDatabase
from tests.support.releases import stage

AT = datetime(2026, 5, 1, 10, 0, 7, 5, tzinfo=UTC)
ROW = UUID("01900000-0000-7000-8000-000000000001")


def written(**changes: Any) -> AuditEvent:
    arguments: dict[str, Any] = {
        "event": "reason.registered", "actor": SYSTEM, "obj_table": "loop_production", "obj_uid": ROW,
        "production_id": None, "at": AT, "facts": {"code": "imported.x"},
    }  # fmt: skip
    return record(**(arguments | changes))


@pytest.mark.django_db
def test_it_writes_the_exact_entry_its_leaf_and_its_facts() -> None:
    production = stage().production
    event = written(production_id=production.pk)
    event.refresh_from_db()
    entry = bytes(event.entry)
    salt = bytes(event.payload.salt)
    commit = commitment(salt, {"code": "imported.x"}).hex()
    assert entry.decode() == (
        f'{{"actor":"system","at":"2026-05-01T10:00:07.000005Z","commit":"{commit}","id":"{event.uid}",'
        f'"object":{{"table":"loop_production","uid":"{ROW}"}},"production":"{production.uid}",'
        '"type":"reason.registered","v":1}'
    )
    assert bytes(event.leaf_hash) == leaf_hash(entry)
    assert AuditPayload.objects.get(event=event).facts == {"code": "imported.x"}
    assert AuditPending.objects.filter(event=event).exists()


@pytest.mark.django_db
def test_two_events_with_the_same_facts_have_different_commits() -> None:
    assert parse(written().entry).commit != parse(written().entry).commit


@pytest.mark.django_db
@pytest.mark.parametrize(("changes", "message"), [
    ({"event": "lunch.eaten"}, "vocabulary"),
    ({"obj_table": "loop_user"}, "expected an object in loop_production"),
    ({"facts": {}}, "missing: code"),
    ({"facts": None, "commit": bytes(32)}, "expected facts"),
    ({"event": "decision.recorded", "obj_table": "loop_decision"}, "expected the row's digest"),
])  # fmt: skip
def test_what_is_outside_the_vocabulary_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UnknownEventError, match=message):
        written(**changes)
    assert not AuditEvent.objects.filter(object_uid=ROW).exists()


@pytest.mark.django_db
def test_other_refusals() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        written(commit=bytes(32))
    with pytest.raises(ValueError, match="exactly one"):
        written(facts=None)
    with pytest.raises(NotCanonicalError):
        written(facts={"code": 0.5})
    with pytest.raises(NotFoundError):
        written(production_id=10**12)
    with pytest.raises(ValueError, match="naive"):
        written(at=datetime(2026, 5, 1))


@pytest.mark.usefixtures("fresh_database")
def test_it_refuses_to_write_outside_the_transaction_of_the_change() -> None:
    with pytest.raises(TransactionManagementError):
        written()
    with pytest.raises(TransactionManagementError), connection.cursor() as cursor:
        bulk.copy_in(cursor, [])


def test_an_event_goes_with_its_transaction(fresh_database: FreshDatabase) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012  (the event must stand within)
        written()
        raise RuntimeError
    assert not AuditEvent.objects.exists()
    assert not AuditPending.objects.exists()


@pytest.mark.django_db
def test_bulk_writes_what_the_single_pen_writes() -> None:
    production = stage().production
    actor = Actor(pid="token:back\\slash\ttab\nline\rreturn «é»", label="odd")
    single: dict[str, Any] = {
        "event": "decision.recorded", "actor": actor, "obj_table": "loop_decision", "obj_uid": uuid4(),
        "production_id": production.pk, "at": AT, "commit": bytes(range(32)),
    }  # fmt: skip
    one = record(**single)
    prepared = [
        bulk.prepare(**single, production_uid=production_uid(production.pk)),
        bulk.prepare(**(single | {"production_id": None}), production_uid=None),
    ]
    with connection.cursor() as cursor:
        ids = bulk.copy_in(cursor, prepared)
        assert bulk.reserve(cursor, 3) == sorted(bulk.reserve(cursor, 0)) + bulk_after(ids)
    many = AuditEvent.objects.get(pk=ids[0])
    assert many.uid == prepared[0].uid
    assert ids == sorted(ids)
    for name in ("type", "at", "actor_pid", "production_id", "object_table", "object_uid"):
        assert getattr(many, name) == getattr(one, name)
    said, single_said = json.loads(bytes(many.entry)), json.loads(bytes(one.entry))
    assert said | {"id": ""} == single_said | {"id": ""}
    assert bytes(many.leaf_hash) == leaf_hash(bytes(many.entry)) == prepared[0].leaf_hash
    assert AuditEvent.objects.get(pk=ids[1]).production_id is None
    assert AuditPending.objects.filter(event_id__in=ids).count() == 2


def bulk_after(ids: list[int]) -> list[int]:
    """The three ids that come next when nobody else takes any."""
    return [ids[-1] + step for step in (1, 2, 3)]


@pytest.mark.django_db
def test_bulk_refuses_what_the_single_pen_refuses() -> None:
    given: dict[str, Any] = {
        "event": "decision.recorded", "actor": SYSTEM, "obj_table": "loop_decision", "obj_uid": ROW,
        "production_id": None, "production_uid": None, "at": AT, "commit": bytes(32),
    }  # fmt: skip
    for changes in ({"event": "member.added"}, {"obj_table": "loop_suggestion"}, {"event": "lunch.eaten"}):
        with pytest.raises(UnknownEventError):
            bulk.prepare(**(given | changes))
    with pytest.raises(ValueError, match="32 bytes"):
        bulk.prepare(**(given | {"commit": b"short"}))
    with connection.cursor() as cursor, pytest.raises(ValueError, match="expected 1 ids, found 2"):
        bulk.copy_in(cursor, [bulk.prepare(**given)], [1, 2])


def test_every_event_reads_as_a_sentence() -> None:
    for name, event in EVENTS.items():
        facts: dict[str, Any] = dict.fromkeys(event.required, "x")
        assert "{" not in sentence(name, facts)
        assert sentence(name, None).count("[erased]") == event.sentence.count("{")
    facts = {
        "basis": "consent", "uses": {"ai_training": {"value": "allowed"}, "ai_evaluation": "notAllowed"},
        "valid_from": "2026-01-01", "valid_until": "2026-12-31",
    }  # fmt: skip
    assert sentence("authorisation.recorded", facts).endswith(
        "(consent) for ai_training = allowed, ai_evaluation = notAllowed, 2026-01-01 to 2026-12-31"
    )
    assert sentence("lunch.eaten", None) == "lunch.eaten"


def test_the_vocabulary_agrees_with_itself() -> None:
    for table, vouched in VOUCHED.items():
        for name in vouched.events:
            said_of = vouched.parent.table if vouched.parent else table
            assert said_of in (EVENTS[name].tables or ()), (table, name)
        assert not vouched.needs_event or vouched.events
    spoken = {table for event in EVENTS.values() for table in event.tables or () if table}
    # What a brief asks is in the digest of its suggestions: it has no event of its own but that it was erased.
    assert spoken - set(VOUCHED) == {"loop_audit_event", "loop_brief"}

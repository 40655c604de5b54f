"""The trail: who did what, filtered, and no more than the reader may see."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db.models import Q

from loop.audit.models import AuditEvent
from loop.audit.querysets import (
    TrailFilter,
    by_actor,
    consent_events,
    describe,
    event_by_uid,
    everything,
    log_index,
    log_index_of,
    of_productions,
    trail,
)
from loop.audit.record import record
from loop.audit.seal import seal
from loop.kernel.actor import SYSTEM, person
from loop.kernel.errors import NotFoundError
from tests.support.releases import stage

pytestmark = pytest.mark.django_db
AT = datetime(2026, 5, 1, tzinfo=UTC)
IDA = person(UUID("01900000-0000-7000-8000-000000000001"), label="Ida", user_id=1)
ROW = uuid4()


@pytest.fixture
def production_id() -> int:
    production_id = stage().production.pk
    for day, (event, table, actor, production, facts) in enumerate([
        ("production.changed", "loop_production", IDA, production_id, {}),
        ("evidence.stored", "loop_evidence", SYSTEM, None, {"sha256": "00"}),
        ("session.login", "loop_user", IDA, None, {}),
        ("export.cancelled", "loop_export", SYSTEM, production_id, {}),
    ]):  # fmt: skip
        record(
            event=event, actor=actor, obj_table=table, obj_uid=ROW, production_id=production,
            at=AT + timedelta(days=day), facts=facts,
        )  # fmt: skip
    return int(production_id)


def seen(visible: Q | None = None, **wanted: object) -> list[str]:
    return [event.type for event in trail(TrailFilter(**wanted), visible=everything() if visible is None else visible)]  # type: ignore[arg-type]


def test_it_is_filtered_by_what_people_look_for(production_id: int) -> None:
    everywhere = ["export.cancelled", "session.login", "evidence.stored", "production.changed"]
    assert seen()[:4] == everywhere
    assert seen(obj_uid=ROW) == everywhere
    assert seen(actor_pid=IDA.pid) == ["session.login", "production.changed"]
    assert seen(event="session.login") == ["session.login"]
    assert seen(event="export.") == ["export.cancelled"]
    assert seen(event="export") == []
    assert seen(obj_table="loop_user") == ["session.login"]
    assert seen(production_id=production_id, obj_uid=ROW) == ["export.cancelled", "production.changed"]
    assert seen(since=AT + timedelta(days=1), until=AT + timedelta(days=3), obj_uid=ROW) == everywhere[1:3]


def test_nobody_sees_more_than_the_caller_allows(production_id: int) -> None:
    assert seen(by_actor(IDA.pid)) == ["session.login", "production.changed"]
    assert "session.login" not in seen(of_productions([production_id]))
    assert seen(of_productions([])) == []
    assert seen(consent_events(), obj_uid=ROW) == ["evidence.stored"]
    assert seen(consent_events() | by_actor(IDA.pid), obj_uid=ROW) == [
        "session.login",
        "evidence.stored",
        "production.changed",
    ]
    hidden = AuditEvent.objects.get(type="session.login")
    assert event_by_uid(hidden.uid, visible=by_actor(IDA.pid)) == hidden
    for visible in (by_actor("user:x"), consent_events()):
        with pytest.raises(NotFoundError):
            event_by_uid(hidden.uid, visible=visible)


def test_events_carry_their_sentence_and_place(production_id: int) -> None:
    seal()
    event = event_by_uid(AuditEvent.objects.get(type="evidence.stored").uid, visible=everything())
    assert describe(event) == "stored evidence with SHA-256 00"
    assert log_index(event) == log_index_of(event.pk) is not None
    later = record(
        event="session.login", actor=IDA, obj_table="loop_user", obj_uid=ROW, production_id=None, at=AT, facts={}
    )
    assert log_index(event_by_uid(later.uid, visible=everything())) is None


def test_a_page_of_the_trail_is_one_query(production_id: int, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert [(describe(event), log_index(event)) for event in trail(TrailFilter(), visible=everything())[:10]]

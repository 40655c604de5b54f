"""Erasing on the record: the text goes, every proof stays."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.db.utils import DatabaseError

from loop.audit.erase import TABLES, erase_text
from loop.audit.models import AuditEvent, AuditPayload
from loop.audit.proof import inclusion
from loop.audit.querysets import describe
from loop.audit.record import record
from loop.audit.seal import seal_all
from loop.audit.verify import verify
from loop.decision.models import Decision, DecisionText
from loop.kernel.actor import SYSTEM
from loop.kernel.ids import uuid7
from loop.material.models import MaterialText, MaterialVersion
from loop.suggestion.models import Suggestion, SuggestionText
from tests.audit.worlds import populated
from tests.support.databases import FreshDatabase

AT = datetime(2026, 5, 1, tzinfo=UTC)
ROWS: dict[str, Any] = {
    "material": MaterialVersion.objects.get,
    "suggestion": lambda: Suggestion.objects.order_by("id")[0],
    "decision": lambda: Decision.objects.filter(has_rationale=True)[0],
    "audit": lambda: AuditEvent.objects.filter(type="authorisation.recorded")[0],
}
TEXTS: dict[str, Any] = {
    "material": MaterialText, "suggestion": SuggestionText, "decision": DecisionText, "audit": AuditPayload
}  # fmt: skip


def erased(kind: Any, row: Any) -> AuditEvent | None:
    return erase_text(kind=kind, row=row, production_id=None, actor=SYSTEM, basis="asked for on 1 May", at=AT)


@pytest.mark.parametrize("kind", TABLES)
def test_the_text_goes_and_every_proof_stays(kind: str, fresh_database: FreshDatabase) -> None:
    populated(fresh_database)
    row = ROWS[kind]()
    texts = TEXTS[kind].objects.exclude(pk=row.pk).count()
    event = erased(kind, row)
    assert event is not None
    assert TEXTS[kind].objects.exclude(pk=event.pk).count() == texts  # this one and no other
    assert not TEXTS[kind].objects.filter(pk=row.pk).exists()
    assert (event.object_table, event.object_uid) == (TABLES[kind], row.uid)
    seal_all()
    report = verify()
    assert [str(problem) for problem in report.problems] == []
    assert report.erased == 1
    assert describe(event) == "erased a text (asked for on 1 May)"
    if kind == "audit":
        found = inclusion(row.uid)
        assert (found.salt, found.facts) == (None, None)
        assert "[erased]" in describe(AuditEvent.objects.get(pk=row.pk))


@pytest.mark.parametrize("kind", TABLES)
def test_erasing_twice_records_nothing_the_second_time(kind: str, fresh_database: FreshDatabase) -> None:
    populated(fresh_database)
    row = ROWS[kind]()
    assert erased(kind, row) is not None
    count = AuditEvent.objects.count()
    assert erased(kind, row) is None
    assert AuditEvent.objects.count() == count


def calls(kind: str, row: int, event: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT loop_erase_text(%s, %s, %s)", [kind, row, event])


def happens(event: str, table: str, uid: Any, **facts: str) -> AuditEvent:
    with transaction.atomic():
        return record(
            event=event, actor=SYSTEM, obj_table=table, obj_uid=uid, production_id=None, at=AT, facts=facts
        )  # fmt: skip


def test_the_database_erases_nothing_without_its_event(fresh_database: FreshDatabase) -> None:
    populated(fresh_database)
    row, other = Suggestion.objects.order_by("id")[:2]
    texts = SuggestionText.objects.count()
    wrong_type = happens("production.changed", "loop_production", row.uid)
    of_another = happens("text.erased", "loop_suggestion", other.uid, basis="x")
    already_sealed = happens("text.erased", "loop_suggestion", row.uid, basis="x")
    seal_all()
    unsealed = happens("text.erased", "loop_suggestion", of_another.uid, basis="x")
    for event in (0, wrong_type.pk, of_another.pk, already_sealed.pk, unsealed.pk):
        with pytest.raises(DatabaseError, match="expected an unsealed text"):
            calls("suggestion", row.pk, event)
    with pytest.raises(DatabaseError, match="expected material, suggestion, decision or audit"):
        calls("dinner", row.pk, already_sealed.pk)
    with pytest.raises(ProgrammingError):
        erase_text(
            kind="decision", row=Decision(pk=10**9, uid=uuid7()), production_id=None, actor=SYSTEM, basis="x", at=AT
        )
    assert SuggestionText.objects.count() == texts


def test_pretending_to_erase_does_not_help(fresh_database: FreshDatabase) -> None:
    """The setting alone, which any role may set, opens nothing: only the function's owner may delete."""
    populated(fresh_database)
    app = fresh_database.connect("circled_app")
    app.execute("SELECT set_config('loop.erasing', '1', false)")
    with pytest.raises(Exception, match="permission denied"):
        app.execute("DELETE FROM loop_suggestion_text")
    superuser = fresh_database.connect("superuser")
    superuser.execute("SELECT set_config('loop.erasing', '1', false)")
    with pytest.raises(Exception, match="text is erased by loop_erase_text only"):
        superuser.execute("DELETE FROM loop_suggestion_text")
    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute("ALTER FUNCTION loop_erase_text(text, bigint, bigint) OWNER TO circled_app")

# ruff: noqa: S608  (the tables and columns are named here)
"""Verification: silent when all is well, and every kind of change is found and named."""

import random
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from loop.audit import keys
from loop.audit.models import AuditCheckpoint, AuditEvent, AuditLeaf
from loop.audit.report import MOST_PROBLEMS, Report
from loop.audit.seal import seal_all
from loop.audit.verify import verify
from loop.audit.vocabulary import VOUCHED
from loop.export.download import download
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.recall.withdraw import withdraw
from loop.sample.load import load
from tests.audit.worlds import Attacker, populated
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, decision, few_lines, stage, suggestion

SEED = 20261120


@pytest.fixture
def world(fresh_database: FreshDatabase) -> tuple[Stage, Attacker]:
    return populated(fresh_database)


@pytest.fixture
def attacker(world: tuple[Stage, Attacker]) -> Attacker:
    return world[1]


def problems() -> str:
    report = verify()
    assert not report.ok
    return "\n".join(map(str, report.problems))


def test_an_unchanged_log_verifies(world: tuple[Stage, Attacker]) -> None:
    report = verify()
    assert [str(problem) for problem in report.problems] == []
    assert report.ok
    newest = AuditCheckpoint.objects.order_by("-size")[0]
    assert (report.leaves, report.root, report.checkpoints) == (newest.size, bytes(newest.root), 3)
    assert report.texts > AuditEvent.objects.exclude(type__endswith=".recorded").count()
    assert report.rows > 30


def test_a_log_of_nothing_and_unsealed_events_verify(fresh_database: FreshDatabase) -> None:
    assert verify().ok
    populated(fresh_database)
    assert verify().ok
    Stage.brings_in(Stage(*_production_and_recipient()), [suggestion(30, decision("accept"))])
    report = verify()
    assert report.ok
    assert report.pending == 2


def _production_and_recipient() -> tuple[object, object]:
    from loop.consent.models import Recipient
    from loop.material.models import Production

    return Production.objects.get(), Recipient.objects.get()


def test_the_whole_loop_verifies_through_release_and_recall(fresh_database: FreshDatabase) -> None:
    show = stage()
    show.brings_in(few_lines())
    records = show.authorises()
    export, _ = show.releases()
    assert download(export=export, file="manifest.json", actor=SYSTEM)
    withdraw(authorisations=records[:1], actor=SYSTEM, reason="changed my mind")
    seal_all()
    report = verify()
    assert [str(problem) for problem in report.problems] == []
    events = set(AuditEvent.objects.values_list("type", flat=True))
    assert events >= {"export.published", "export.downloaded", "recall.issued", "authorisation.state"}


def test_the_sample_production_verifies(fresh_database: FreshDatabase) -> None:
    load(actor=SYSTEM, at=now())
    seal_all()
    assert [str(problem) for problem in verify().problems] == []


LOG_CHANGES = {
    "an entry": ("loop_audit_event", "entry", "log_index = %s", "does not hash to its leaf"),
    "a leaf": ("loop_audit_leaf", "leaf_hash", "log_index = %s", "does not hash to its leaf"),
    "an event's copy of its leaf": ("loop_audit_event", "leaf_hash", "log_index = %s", "copy of the leaf"),
}


@pytest.mark.parametrize("what", LOG_CHANGES)
def test_a_flipped_bit_is_found_and_named(what: str, attacker: Attacker) -> None:
    table, column, _, message = LOG_CHANGES[what]
    leaves = list(AuditLeaf.objects.order_by("log_index").select_related("event"))
    chance = random.Random(SEED)  # noqa: S311  (repeatable)
    for leaf in chance.sample(leaves, 3):
        row = leaf.event if table == "loop_audit_event" else leaf
        old = bytes(getattr(row, column))
        position = chance.randrange(len(old) * 8)
        new = bytearray(old)
        new[position // 8] ^= 1 << position % 8
        key = "id" if table == "loop_audit_event" else "log_index"
        attacker.runs(table, f"UPDATE {{table}} SET {column} = %s WHERE {key} = %s", bytes(new), row.pk)
        assert f"log index {leaf.log_index} " in problems()
        assert message in problems()
        attacker.runs(table, f"UPDATE {{table}} SET {column} = %s WHERE {key} = %s", old, row.pk)
    assert verify().ok


@pytest.mark.parametrize(("column", "value", "message"), [
    ("root", "sha256('x')", "expected the root"),
    ("note", "replace(note, 'log', 'lag')", "expected a signature"),
    ("note", "(SELECT note FROM loop_audit_checkpoint ORDER BY size DESC LIMIT 1)", "another size or root"),
    ("note", "'no note'", "expected a checkpoint|expected a text"),
    ("frontier", "frontier[1:1]", "its frontier does not follow"),
])  # fmt: skip
def test_a_changed_checkpoint_is_found_and_named(column: str, value: str, message: str, attacker: Attacker) -> None:
    size = attacker.value("SELECT min(size) FROM loop_audit_checkpoint")
    attacker.runs("loop_audit_checkpoint", f"UPDATE {{table}} SET {column} = {value} WHERE size = %s", size)
    found = problems()
    assert f"checkpoint of {size}" in found
    assert any(part in found for part in message.split("|"))


@pytest.mark.parametrize("column", ["type", "actor_pid", "object_table"])
def test_a_changed_column_of_an_event_is_found(column: str, attacker: Attacker) -> None:
    attacker.runs("loop_audit_event", f"UPDATE {{table}} SET {column} = 'x' WHERE id = (SELECT min(id) FROM {{table}})")
    names = {"type": "event", "object_table": "obj_table"}
    assert "log index 0 " in problems()
    assert f"what its entry says: {names.get(column, column)}" in problems()


def test_a_changed_moment_or_production_of_an_event_is_found(attacker: Attacker) -> None:
    attacker.runs("loop_audit_event", "UPDATE {table} SET at = at + interval '1 us', production_id = NULL WHERE id = 1")
    assert "what its entry says: at, production" in problems()


def test_a_deleted_event_is_found(attacker: Attacker) -> None:
    attacker.runs(
        "loop_audit_event", "DELETE FROM {table} WHERE id = (SELECT event_id FROM loop_audit_leaf WHERE log_index = 4)"
    )
    assert "log index 4: expected an event, found none" in problems()


def test_a_deleted_leaf_is_found(attacker: Attacker) -> None:
    uid = attacker.value(
        "SELECT e.uid FROM loop_audit_event e JOIN loop_audit_leaf l ON l.event_id = e.id WHERE log_index = 4"
    )
    attacker.runs("loop_audit_leaf", "DELETE FROM {table} WHERE log_index = 4")
    found = problems()
    assert "log index 4: expected the next leaf at index 4, found 5" in found
    assert f"{uid}: " in found
    assert "sealed or pending, found one that is neither" in found


def test_a_leaf_and_its_event_taken_out_and_the_gap_closed_is_found(attacker: Attacker) -> None:
    attacker.runs(
        "loop_audit_event", "DELETE FROM {table} WHERE id = (SELECT event_id FROM loop_audit_leaf WHERE log_index = 4)"
    )
    attacker.runs("loop_audit_leaf", "DELETE FROM {table} WHERE log_index = 4")
    attacker.runs("loop_audit_leaf", "UPDATE {table} SET log_index = -log_index WHERE log_index > 4")
    attacker.runs("loop_audit_leaf", "UPDATE {table} SET log_index = -log_index - 1 WHERE log_index < 0")
    found = problems()
    assert "expected the root" in found
    assert "between 0 and" in found
    assert "the end of the log is missing" in found


def test_an_inserted_leaf_is_found(attacker: Attacker) -> None:
    columns = "gen_random_uuid(), type, at, actor_pid, production_id, object_table, object_uid, entry, leaf_hash"
    attacker.runs("loop_audit_event", f"INSERT INTO {{table}} SELECT 1000000, {columns} FROM {{table}} WHERE id = 1")
    assert "found one that is neither" in problems()
    attacker.runs(
        "loop_audit_leaf",
        "INSERT INTO {table} (log_index, event_id, leaf_hash)"
        " SELECT max(log_index) + 1, 1000000, sha256('') FROM {table}",
    )
    assert "expected no leaf beyond the newest checkpoint" in problems()


def test_reordered_leaves_are_found(attacker: Attacker) -> None:
    attacker.runs("loop_audit_leaf", "UPDATE {table} SET log_index = -1 - log_index WHERE log_index IN (2, 3)")
    attacker.runs("loop_audit_leaf", "UPDATE {table} SET log_index = 6 + log_index WHERE log_index < 0")
    found = problems()
    assert "entries were changed, reordered, inserted or removed between 0 and" in found
    assert "2 more checkpoints" in found


def test_a_cut_off_tail_is_found(attacker: Attacker) -> None:
    attacker.runs("loop_audit_leaf", "DELETE FROM {table} WHERE log_index > 5")
    assert "the end of the log is missing" in problems()


def test_a_tail_cut_off_with_its_checkpoints_is_found_by_a_checkpoint_kept_outside(attacker: Attacker) -> None:
    kept = AuditCheckpoint.objects.order_by("-size")[0].note
    size = attacker.value("SELECT min(size) FROM loop_audit_checkpoint")
    events = f"(SELECT event_id FROM loop_audit_leaf WHERE log_index >= {size})"
    for table in (*VOUCHED, "loop_audit_payload"):
        linked = VOUCHED[table].linked if table in VOUCHED else True
        if linked and attacker.value(f"SELECT count(*) FROM {table} WHERE event_id IN {events}"):
            attacker.connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            attacker.connection.execute("SET session_replication_role = replica")
            attacker.connection.execute(f"DELETE FROM {table} WHERE event_id IN {events}")
    attacker.runs("loop_audit_event", f"DELETE FROM {{table}} WHERE id IN {events}")
    attacker.runs("loop_audit_leaf", "DELETE FROM {table} WHERE log_index >= %s", size)
    attacker.runs("loop_audit_checkpoint", "DELETE FROM {table} WHERE size > %s", size)
    log_problems = [problem for problem in verify().problems if not problem.table]
    assert log_problems == []
    report = verify(witnessed=[kept])
    assert any("the end of the log is missing" in str(problem) for problem in report.problems)


def test_a_rewritten_log_is_found_by_a_checkpoint_kept_outside(attacker: Attacker) -> None:
    """Who owns database and key takes one event out and seals everything anew: nothing inside can show it."""
    kept = AuditCheckpoint.objects.order_by("size")[0].note
    events = AuditEvent.objects.filter(type="recipient.added").values_list("pk", flat=True)
    victim = events[0]
    attacker.runs("loop_audit_checkpoint", "DELETE FROM {table}")
    attacker.runs("loop_audit_leaf", "DELETE FROM {table}")
    attacker.runs("loop_audit_payload", "DELETE FROM {table} WHERE event_id = %s", victim)
    attacker.runs("loop_audit_event", "DELETE FROM {table} WHERE id = %s", victim)
    attacker.connection.execute("INSERT INTO loop_audit_pending SELECT id FROM loop_audit_event")
    seal_all()
    assert verify().ok
    report = verify(witnessed=[kept])
    assert "checkpoint kept outside of" in str(report.problems[0])


def test_signatures_count_for_given_keys_only(world: tuple[Stage, Attacker]) -> None:
    assert verify(trusted=keys.trusted()).ok
    stranger = keys.load_or_create("release", name=keys.origin()).verifier
    report = verify(trusted=[stranger])
    assert {str(problem)[:13] for problem in report.problems} == {"log: checkpoi"}
    assert report.problem_count == 3
    assert verify(trusted=[stranger], witnessed=["nonsense"]).problem_count == 4


ROW_CHANGES = {
    "a verdict": ("loop_decision", "outcome = 'skip', negative_kind = ''", "outcome = 'reject'", "column was changed"),
    "a digest": ("loop_decision", "digest = sha256('x')", "outcome = 'reject'", "a digest other than the logged one"),
    "a decider": ("loop_decision", "decided_by_id = (SELECT max(id) FROM loop_contributor)",
                  "decided_by_id <> (SELECT max(id) FROM loop_contributor)", "a column was changed"),
    "a span": ("loop_decision_span", "rate_num = 24", "true", "a column was changed"),
    "a cost": ("loop_suggestion", "cost_usd = cost_usd + 0.000001", "cost_usd IS NOT NULL", "a column was changed"),
    "a model": ("loop_suggestion", "model_id = NULL", "model_id IS NOT NULL", "a column was changed"),
    "parameters": ("loop_suggestion", "parameters = '{}'", "parameters <> '{}'", "a column was changed"),
    "a suggestion": ("loop_suggestion", "digest = sha256('x')", "true", "a digest other than the logged one"),
    "the use of an authorisation": ("loop_authorisation", "uses = uses - 'ai_evaluation'", "true",
                                    "no longer has the uses"),
    "the party of an authorisation": ("loop_authorisation", "party_id = (SELECT max(id) FROM loop_contributor)",
                                      "party_id <> (SELECT max(id) FROM loop_contributor)", "no longer has the party"),
    "the end of an authorisation": ("loop_authorisation", "valid_until = valid_until + 1", "true", "the valid_until"),
    "a state": ("loop_authorisation_event", "state = 'ConsentRefused'", "true", "no longer has the state"),
    "a moment": ("loop_authorisation_event", "effective_at = effective_at + interval '1 us'", "true", "effective_at"),
    "an agreement": ("loop_recipient_agreement", "purposes = '{data_mining}'", "true", "no longer has the purposes"),
    "evidence": ("loop_evidence", "sha256 = md5('x')", "true", "no longer has the sha256"),
    "a version": ("loop_material_version", "sha256 = md5('x')", "true", "no longer has the sha256"),
    "a text": ("loop_suggestion_text", "content = content || ' '", "content IS NOT NULL", "text is not the one"),
    "meta": ("loop_suggestion_text", "meta = meta - 'big'", "meta IS NOT NULL", "text is not the one"),
    "a rationale": ("loop_decision_text", "rationale = 'x'", "rationale IS NOT NULL", "text is not the one"),
    "a span's words": ("loop_decision_text", "span_texts = '[]'", "span_texts IS NOT NULL", "text is not the one"),
    "a script": ("loop_material_text", "body = ''", "true", "text is not the one"),
    "a salt": ("loop_material_text", "salt = sha256('x')", "true", "text is not the one"),
    "facts": ("loop_audit_payload", "facts = '{}'", "true", "facts are not the ones"),
}  # fmt: skip


@pytest.mark.parametrize("what", ROW_CHANGES)
def test_a_changed_row_is_found_and_named(what: str, attacker: Attacker) -> None:
    table, change, where, message = ROW_CHANGES[what]
    attacker.runs(table, f"UPDATE {{table}} SET {change} WHERE {where}")
    assert message in problems()


DELETIONS = [
    "loop_authorisation_event",
    "loop_recipient_agreement",
    "loop_material_version",
    "loop_decision",
    "loop_suggestion",
]


@pytest.mark.parametrize("table", DELETIONS)
def test_a_deleted_row_is_found_and_named(table: str, attacker: Attacker) -> None:
    uid = attacker.value(f"SELECT uid FROM {table} ORDER BY id LIMIT 1")
    attacker.runs(table, "DELETE FROM {table} WHERE uid = %s", uid)
    found = problems()
    assert f"{table} {uid}: " in found
    assert "expected the row it vouches for, found none" in found


def test_a_smuggled_row_is_found_and_named(attacker: Attacker) -> None:
    columns = "gen_random_uuid(), state, effective_at - interval '1 day', recorded_at, authorisation_id, event_id"
    attacker.runs(
        "loop_authorisation_event",
        f"INSERT INTO {{table}} (uid, state, effective_at, recorded_at, authorisation_id, event_id)"
        f" SELECT {columns} FROM {{table}} LIMIT 1",
    )
    assert "found the event of another row" in problems()


@pytest.mark.parametrize(
    "table", ["loop_suggestion_text", "loop_decision_text", "loop_material_text", "loop_audit_payload"]
)
def test_a_text_that_is_gone_without_a_record_is_found(table: str, attacker: Attacker) -> None:
    attacker.runs(table, "DELETE FROM {table} WHERE ctid = (SELECT min(ctid) FROM {table})")
    assert "expected a text or an event of its erasure, found neither" in problems()


def test_the_report_keeps_a_bounded_number_of_problems() -> None:
    report = Report()
    for _ in range(MOST_PROBLEMS + 5):
        report.add("one more")
    assert len(report.problems) == MOST_PROBLEMS
    assert report.problem_count == MOST_PROBLEMS + 5
    assert str(report.problems[0]) == "log: one more"


def test_the_command_says_what_it_found(attacker: Attacker, tmp_path: Path) -> None:
    kept, key = tmp_path / "kept", tmp_path / "key"
    kept.write_text(AuditCheckpoint.objects.order_by("-size")[0].note)
    key.write_text(str(keys.trusted()[0]))
    out, err = StringIO(), StringIO()
    call_command("verify_audit", "--checkpoint", str(kept), "--key", str(key), stdout=out, stderr=err)
    assert "nothing was altered" in out.getvalue()
    assert str(keys.trusted()[0]) in out.getvalue()
    attacker.runs("loop_decision", "UPDATE {table} SET severity = 4 WHERE outcome = 'reject'")
    with pytest.raises(CommandError, match=r"\d+ problems found"):
        call_command("verify_audit", stdout=out, stderr=err)
    assert "loop_decision" in err.getvalue()
    for option, content, message in (("--key", "nonsense", "verifier key"), ("--checkpoint", None, "No such file")):
        path = tmp_path / option
        if content is not None:
            path.write_text(content)
        with pytest.raises(CommandError, match=message):
            call_command("verify_audit", option, str(path), stdout=out, stderr=err)

"""History is append-only in the database: raw SQL against every table, as every role.

`grants.txt` is the list of what the runtime role may do. A migration that changes it changes the file in the same
commit; the failing test says where it wrote what it found.
"""

# ruff: noqa: S608  (tables are listed by the database itself)

from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from tests.support.databases import FreshDatabase

GRANTS = Path(__file__).parent / "grants.txt"
TEXTS = {"loop_material_text", "loop_suggestion_text", "loop_decision_text", "loop_audit_payload"}
HISTORY = {
    "loop_material_version", "loop_material_contribution", "loop_brief", "loop_brief_contribution",
    "loop_brief_material", "loop_model_terms", "loop_suggestion", "loop_suggestion_material",
    "loop_suggestion_contribution", "loop_decision", "loop_decision_span", "loop_signal", "loop_evidence",
    "loop_notice", "loop_recipient_agreement", "loop_authorisation", "loop_authorisation_event", "loop_export_row",
    "loop_export_row_dropped", "loop_export_exclusion", "loop_download", "loop_recall_notice", "loop_recall_row",
    "loop_audit_event", "loop_audit_leaf", "loop_audit_checkpoint", "loop_guild_notice", "loop_compensation_entry",
    "loop_recipient_duty", "loop_recipient_duty_met", "loop_screen_verdict",
    "loop_consent_request", "loop_consent_answer", "loop_approval_request", "loop_approval_decision", "loop_recall_ack",
    "loop_erasure",
}  # fmt: skip
SUBJECT = {"loop_screen_verdict": "suggestion_id", "loop_recall_notice": "cause_id"}


def rows(connection: psycopg.Connection[Any], query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


@pytest.fixture
def protected(fresh_database: FreshDatabase) -> list[str]:
    """The append-only tables, as their triggers say, with one row in each so that row triggers fire."""
    superuser = fresh_database.connect("superuser")
    tables = [
        name
        for (name,) in rows(
            superuser, "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only_row'"
        )
    ]
    superuser.execute("SET session_replication_role = replica")  # rows without the rows they refer to
    for table in tables:
        _one_row(superuser, table)
    return sorted(tables)


def _one_row(connection: psycopg.Connection[Any], table: str) -> None:
    checks = rows(
        connection, f"SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = '{table}'::regclass"
    )
    assert all(
        "positive" in name
        or name.endswith(("_check", "_has_a_day", "_of_one_subject"))
        or "_dates_" in name
        or "decision_" in name
        for (name,) in checks
    )
    columns = connection.execute(
        """
        SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
        WHERE attrelid = %s::regclass AND attnum > 0 AND attnotnull AND NOT attisdropped
        """,
        [table],
    ).fetchall()
    if table in SUBJECT:  # its check wants a subject
        columns.append((SUBJECT[table], "bigint"))
    values = {
        "bigint": "1", "integer": "1", "smallint": "1", "uuid": "gen_random_uuid()", "bytea": "'x'", "jsonb": "'{}'",
        "boolean": "false", "timestamp with time zone": "now()", "date": "current_date",
    }  # fmt: skip
    chosen = [values.get(kind, "'{}'" if kind.endswith("[]") else "''") for _, kind in columns]
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), names, sql.SQL(", ".join(chosen)))
    )


def changes(table: str, column: str) -> list[str]:
    return [
        f'UPDATE {table} SET "{column}" = "{column}"',
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
    ]


def first_column(connection: psycopg.Connection[Any], table: str) -> str:
    query = f"SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped"
    return str(rows(connection, query + " ORDER BY attnum LIMIT 1")[0][0])


def test_every_table_of_history_is_protected(protected: list[str]) -> None:
    assert set(protected) >= HISTORY | TEXTS


def test_the_runtime_role_changes_no_history(protected: list[str], fresh_database: FreshDatabase) -> None:
    app = fresh_database.connect("circled_app")
    for table in protected:
        assert rows(app, f"SELECT count(*) FROM {table}")[0][0] == 1, table
        for statement in changes(table, first_column(app, table)):
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute(statement)
        for statement in (
            f"ALTER TABLE {table} DISABLE TRIGGER append_only_row",
            f"ALTER TABLE {table} DISABLE TRIGGER ALL",
            f"DROP TRIGGER append_only_row ON {table}",
            f"DROP TABLE {table} CASCADE",
            f"ALTER TABLE {table} RENAME TO x",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                app.execute(statement)


@pytest.mark.parametrize("statement", [
    "SET session_replication_role = replica",
    "SET ROLE circled_owner",
    "CREATE OR REPLACE FUNCTION loop_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "DROP FUNCTION loop_refuse_change() CASCADE",
    "CREATE TABLE loop_shadow (id bigint)",
    "UPDATE pg_trigger SET tgenabled = 'D'",
    "COPY loop_audit_event TO PROGRAM 'cat'",
])  # fmt: skip
def test_the_runtime_role_cannot_reach_around(statement: str, fresh_database: FreshDatabase) -> None:
    with psycopg.connect(fresh_database.server.runtime.uri(fresh_database.name), autocommit=True) as login:
        is_superuser = rows(login, "SELECT rolsuper FROM pg_roles WHERE rolname = session_user")[0][0]
        # A superuser's session could take any role back; as the runtime role's own session it cannot.
        login.execute("SET SESSION AUTHORIZATION circled_app" if is_superuser else "SET ROLE circled_app")
        with pytest.raises(errors.InsufficientPrivilege):
            login.execute(statement)


@pytest.mark.parametrize("role", ["circled_owner", "superuser"])
def test_triggers_refuse_the_owner_and_the_superuser_too(
    role: str, protected: list[str], fresh_database: FreshDatabase
) -> None:
    owner = fresh_database.connect(role)
    for table in protected:
        for statement in changes(table, first_column(owner, table)):
            with pytest.raises(errors.RestrictViolation, match="append_only"):
                owner.execute(statement)


def test_triggers_hold_whatever_session_replication_role_says(
    protected: list[str], fresh_database: FreshDatabase
) -> None:
    superuser = fresh_database.connect("superuser")
    superuser.execute("SET session_replication_role = replica")
    for table in protected:
        for statement in changes(table, first_column(superuser, table)):
            with pytest.raises(errors.RestrictViolation, match="append_only"):
                superuser.execute(statement)


def test_pending_marks_come_and_go_but_never_change(fresh_database: FreshDatabase) -> None:
    app = fresh_database.connect("circled_app")
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute("UPDATE loop_audit_pending SET event_id = event_id")
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute("TRUNCATE loop_audit_pending")
    app.execute("DELETE FROM loop_audit_pending")


def test_only_the_owners_function_erases_and_not_for_everybody(fresh_database: FreshDatabase) -> None:
    superuser = fresh_database.connect("superuser")
    found = rows(
        superuser,
        """
        SELECT pg_get_userbyid(proowner), prosecdef, proconfig, proacl::text
        FROM pg_proc WHERE proname = 'loop_erase_text'
        """,
    )
    owner, is_definer, path, acl = found[0]
    assert (owner, is_definer) == ("circled_owner", True)
    assert path == ["search_path=pg_catalog, public"]
    assert acl.count("=X/") == 2  # the owner and the runtime role, not everybody
    assert "circled_app=X/circled_owner" in acl


def test_the_runtime_role_may_do_exactly_what_is_written_down(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    superuser = fresh_database.connect("superuser")
    found = rows(
        superuser,
        """
        SELECT table_name || ': ' || string_agg(privilege_type, ' ' ORDER BY privilege_type)
        FROM information_schema.role_table_grants
        WHERE grantee IN ('circled_app', 'PUBLIC') AND table_schema = 'public'
        GROUP BY table_name ORDER BY table_name COLLATE "C"
        """,
    )
    text = "".join(f"{line}\n" for (line,) in found)
    (tmp_path / GRANTS.name).write_text(text, encoding="utf-8")
    assert text == GRANTS.read_text(encoding="utf-8"), f"if this is meant, copy {tmp_path / GRANTS.name} to {GRANTS}"

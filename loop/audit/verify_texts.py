"""The third part of verification: texts and facts open their commitments, or an event says that they were erased."""

import hmac
import json
from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from loop.audit.entry import NotAnEntryError, parse
from loop.audit.report import Report
from loop.audit.vocabulary import EVENTS, VOUCHED, TextCommit
from loop.kernel.canonical import NotCanonicalError, commitment
from loop.kernel.commit_form import commit_form

PAGE = 2000

_TEXTS = sql.SQL("""
SELECT t.id, t.uid, t.text_commit, x.salt, {fields}
FROM {table} t LEFT JOIN {texts} x ON x.{key} = t.id WHERE t.id > %s ORDER BY t.id LIMIT %s
""")
_FACTS = """
SELECT e.id, e.uid, e.entry, p.salt, p.facts, NOT e.type = ANY(%s)
FROM loop_audit_event e LEFT JOIN loop_audit_payload p ON p.event_id = e.id
WHERE e.id > %s AND (p.event_id IS NOT NULL OR NOT e.type = ANY(%s)) ORDER BY e.id LIMIT %s
"""
_ERASED = """
SELECT DISTINCT object_uid FROM loop_audit_event
WHERE object_uid = ANY(%s) AND type = 'text.erased' AND object_table = %s
"""


def check(report: Report, progress: Callable[[str], None]) -> None:
    """Every table with erasable text, then the facts of the events themselves, in pages."""
    for table, vouched in VOUCHED.items():
        if vouched.text is not None:
            progress(vouched.text.table)
            _texts(report, table, vouched.text)
    progress("loop_audit_payload")
    _facts(report)


def _texts(report: Report, table: str, text: TextCommit) -> None:
    query = _TEXTS.format(
        table=sql.Identifier(table),
        texts=sql.Identifier(text.table),
        key=sql.Identifier(text.key),
        fields=sql.SQL(", ").join(sql.Identifier("x", name) for name in text.fields),
    )
    after = 0
    while rows := _read(query, [after, PAGE]):
        after = rows[-1][0]
        missing = []
        for _, uid, commit, salt, *values in rows:
            if salt is None and commit is None:
                continue
            if salt is None:
                missing.append(uid)
            elif commit is None:
                report.add("expected no text, found one that nothing commits to", table=table, uid=uid)
            else:
                report.texts += 1
                said = {
                    name: json.loads(value) if name in text.json_fields and value is not None else value
                    for name, value in zip(text.fields, values, strict=True)
                }
                if not _opens(bytes(commit), bytes(salt), said):
                    report.add("the text is not the one that was committed to", table=table, uid=uid)
        _gone(report, table, missing)


def _facts(report: Report) -> None:
    by_digest = [name for name, event in EVENTS.items() if event.by_digest]
    after = 0
    while rows := _read(_FACTS, [by_digest, after, by_digest, PAGE]):
        after = rows[-1][0]
        missing = []
        for _, uid, entry, salt, facts, has_facts in rows:
            if salt is None:
                missing.append(uid)
                continue
            report.texts += 1
            try:
                commit = parse(bytes(entry)).commit
            except NotAnEntryError:
                continue  # reported with the log
            if not has_facts or not _opens(commit, bytes(salt), json.loads(facts)):
                report.add("the facts are not the ones that were committed to", table="loop_audit_payload", uid=uid)
        _gone(report, "loop_audit_event", missing)


def _gone(report: Report, table: str, missing: Collection[UUID]) -> None:
    if not missing:
        return
    erased = {row[0] for row in _read(_ERASED, [list(missing), table])}
    report.erased += len(erased)
    for uid in missing:
        if uid not in erased:
            report.add("expected a text or an event of its erasure, found neither", table=table, uid=uid)


def _opens(commit: bytes, salt: bytes, said: object) -> bool:
    try:
        return hmac.compare_digest(commitment(salt, commit_form(said)), commit)
    except (NotCanonicalError, ValueError):
        return False


def _read(query: str | sql.Composed, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

"""The second part of verification: the business tables against the events that vouch for them, by table names alone."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models
from django.utils.module_loading import import_string
from psycopg import sql

from loop.audit.models import AuditEvent
from loop.audit.report import MOST_PROBLEMS, Report
from loop.audit.vocabulary import EVENTS, VOUCHED, Vouched

PAGE = 2000

# Entries hold no text but a type, a table and an actor's id; within JSON text a quote is escaped, so this finds the
# commit and nothing else, and unlike a cast to jsonb it raises nothing for a damaged entry.
_COMMIT = sql.SQL("""substring(encode(e.entry, 'escape') from '"commit":"([0-9a-f]{64})"')""")
_UNVOUCHED_LINKED = sql.SQL("""
SELECT o.uid, CASE WHEN e.id IS NULL THEN 'no event'
                   WHEN e.object_table <> {name} OR e.object_uid <> o.uid THEN 'the event of another row'
                   WHEN NOT e.type = ANY({events}) THEN 'an event of the type ' || e.type
                   ELSE 'a digest other than the logged one' END
FROM {table} t JOIN {object} o ON {joined} LEFT JOIN loop_audit_event e ON e.id = t.event_id
WHERE e.id IS NULL OR e.object_table <> {name} OR e.object_uid <> o.uid OR NOT e.type = ANY({events}) {or_digest}
LIMIT {most}
""")
_OR_DIGEST = sql.SQL("OR encode(t.digest, 'hex') IS DISTINCT FROM {commit}")
_UNVOUCHED = sql.SQL("""
SELECT o.uid, 'no event' FROM {table} t JOIN {object} o ON {joined}
WHERE NOT EXISTS (SELECT FROM loop_audit_event e
                  WHERE e.object_uid = o.uid AND e.object_table = {name} AND e.type = ANY({events}))
LIMIT {most}
""")
_AND_LINKED = sql.SQL("AND t.event_id = e.id")
_ROWLESS = sql.SQL("""
SELECT e.uid, e.type, e.object_uid, l.log_index FROM loop_audit_event e LEFT JOIN loop_audit_leaf l ON l.event_id = e.id
WHERE e.object_table = {name} AND e.type = ANY({events})
  AND NOT EXISTS (SELECT FROM {table} t JOIN {object} o ON {joined} WHERE o.uid = e.object_uid {and_linked})
LIMIT {most}
""")


def check(report: Report, progress: Callable[[str], None]) -> None:
    """Every table of the vocabulary, one after the other; each statement sees one moment."""
    for table, vouched in VOUCHED.items():
        progress(table)
        _orphans(report, table, vouched)
        if vouched.recompute:
            _digests(report, table, vouched.recompute)
        if vouched.frozen:
            _facts(report, table, vouched)


def _orphans(report: Report, table: str, vouched: Vouched) -> None:
    by_digest = any(EVENTS[event].by_digest for event in vouched.events)
    parent = vouched.parent
    parts = {
        "table": sql.Identifier(table),
        "object": sql.Identifier(parent.table if parent else table),
        "joined": sql.SQL("o.id = t.{}").format(sql.Identifier(parent.column if parent else "id")),
        "name": sql.Literal(parent.table if parent else table),
        "events": sql.Literal(list(vouched.events)),
        "most": sql.Literal(MOST_PROBLEMS),
        "or_digest": _OR_DIGEST.format(commit=_COMMIT) if by_digest else sql.SQL(""),
        "and_linked": _AND_LINKED if vouched.linked else sql.SQL(""),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT count(*) FROM {table}").format(**parts))
        report.rows += cursor.fetchone()[0]
        if vouched.needs_event:
            cursor.execute((_UNVOUCHED_LINKED if vouched.linked else _UNVOUCHED).format(**parts))
            for uid, found in cursor.fetchall():
                report.add(f"expected a row that an event vouches for, found {found}", table=table, uid=uid)
        cursor.execute(_ROWLESS.format(**parts))
        for uid, event, row, log_index in cursor.fetchall():
            report.add(
                f"{event} {uid}: expected the row it vouches for, found none", log_index=log_index, table=table, uid=row
            )


def _digests(report: Report, table: str, function: str) -> None:
    recomputed: Callable[[int, int], list[tuple[int, UUID, bytes, bytes]]] = import_string(function)
    after = 0
    while page := recomputed(after, PAGE):
        for number, uid, stored, found in page:
            after = number
            if stored != found:
                report.add("the row does not follow from its digest: a column was changed", table=table, uid=uid)


def _facts(report: Report, table: str, vouched: Vouched) -> None:
    model = next(found for found in apps.get_models() if found._meta.db_table == table)  # noqa: SLF001
    columns, relations = _readable(model)
    object_table = vouched.parent.table if vouched.parent else table
    events = AuditEvent.objects.filter(type__in=vouched.events, object_table=object_table, payload__isnull=False)
    after = 0
    while page := list(events.filter(id__gt=after).select_related("payload", "leaf").order_by("id")[:PAGE]):
        after = page[-1].pk
        names = [*columns, *(path for paths in relations.values() for path in paths)]
        key, of = ("event_id", "pk") if vouched.linked else ("uid", "object_uid")
        keys = [getattr(event, of) for event in page]
        found = model._default_manager.filter(**{f"{key}__in": keys}).values(key, *names)  # noqa: SLF001
        rows: dict[object, Mapping[str, Any]] = {row[key]: row for row in found}
        for event in page:
            row = rows.get(getattr(event, of))
            if row is None:
                continue  # reported as an orphan
            for name, fact in event.payload.facts.items():
                if name in columns:
                    holds = means(row[name], fact)
                elif name in relations:
                    holds = any(means(row[path], fact) for path in relations[name])
                else:
                    continue
                if not holds:
                    leaf = getattr(event, "leaf", None)
                    report.add(
                        f"{event.type}: the row no longer has the {name} that was logged",
                        log_index=leaf.log_index if leaf else None, table=table, uid=event.object_uid,
                    )  # fmt: skip


def _readable(model: type[models.Model]) -> tuple[list[str], dict[str, list[str]]]:
    """Names of plain columns, and of relations with the paths to what may identify the related row."""
    columns, relations = [], {}
    for field in model._meta.concrete_fields:  # noqa: SLF001
        if field.related_model is None:
            columns.append(field.name)
        elif field.name != "event" and not isinstance(field.related_model, str):
            names = {other.name for other in field.related_model._meta.concrete_fields}  # noqa: SLF001
            relations[field.name] = [f"{field.name}__{key}" for key in ("uid", "code", "external_id") if key in names]
    return columns, relations


def means(value: object, fact: object) -> bool:
    """Whether a fact, which is JSON, says the same as a column's value."""
    if value is None or fact is None or isinstance(value, bool) or isinstance(fact, bool):
        return value is fact
    try:
        if isinstance(value, datetime):
            return datetime.fromisoformat(str(fact)) == value
        if isinstance(value, Decimal):
            return Decimal(str(fact)) == value
    except (ValueError, InvalidOperation, TypeError):
        return False
    if isinstance(value, date):
        return value.isoformat() == fact
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex() == fact
    if isinstance(value, UUID):
        return str(value) == fact
    return value == fact

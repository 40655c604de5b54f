"""The line of releases that replace one another: who came before, and which version comes next."""

from django.db import connection

from loop.export.models import Export
from loop.export.rules import CANCELLED, FAILED

FIRST = "1.0.0"

_EARLIER = """
WITH RECURSIVE line AS (
    SELECT id, replaces_id, 0 AS step FROM loop_export WHERE id = %s
    UNION ALL
    SELECT e.id, e.replaces_id, line.step + 1 FROM loop_export e JOIN line ON e.id = line.replaces_id
)
SELECT id FROM line ORDER BY step
"""
_WHOLE = """
WITH RECURSIVE line AS (
    SELECT id, version, state FROM loop_export WHERE id = %s
    UNION ALL
    SELECT e.id, e.version, e.state FROM loop_export e JOIN line ON e.replaces_id = line.id
)
SELECT version FROM line WHERE NOT (state = ANY(%s))
"""


def earlier(export: Export) -> list[int]:
    """The keys of the release and of those it replaces, one after another, the newest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_EARLIER, [export.pk])
        return [int(pk) for (pk,) in cursor.fetchall()]


def next_version(replaced: Export) -> str:
    """The version of a release that replaces `replaced`: a MAJOR step beyond every one of the line. Two queries.

    Those that failed or were cancelled never left, so they take no number. Hold the production's row: the next order
    would find the same.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WHOLE, [earlier(replaced)[-1], [FAILED, CANCELLED]])
        majors = [int(str(version).partition(".")[0]) for (version,) in cursor.fetchall()]
    return f"{max(majors, default=1) + 1}.0.0"

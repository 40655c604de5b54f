"""The line of releases that replace or follow one another: who came before, and which version comes next.

Versions are Croissant's: MAJOR where data that was there is changed or gone, MINOR where data was added, PATCH where
it is the same, however it is packed. A version is given once in a line.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from loop.export.difference import counted, is_edited
from loop.export.models import Export
from loop.export.rules import CANCELLED, FAILED, PUBLISHED
from loop.kernel.errors import ConflictError
from loop.material.models import Production

FIRST = "1.0.0"

_EARLIER = """
WITH RECURSIVE line AS (
    SELECT id, replaces_id, 0 AS step FROM loop_export WHERE id = %s
    UNION ALL
    SELECT e.id, e.replaces_id, line.step + 1 FROM loop_export e JOIN line ON e.id = line.replaces_id
)
SELECT id FROM line ORDER BY step
"""
# Up to the first of the line, by either way of coming after another, and down to all that came after it.
_WHOLE = """
WITH RECURSIVE up AS (
    SELECT id, coalesce(replaces_id, next_of_id) AS before FROM loop_export WHERE id = %s
    UNION ALL
    SELECT e.id, coalesce(e.replaces_id, e.next_of_id) FROM loop_export e JOIN up ON e.id = up.before
), line AS (
    SELECT e.id, e.number, e.version, e.state FROM loop_export e JOIN up ON up.id = e.id WHERE up.before IS NULL
    UNION ALL
    SELECT e.id, e.number, e.version, e.state FROM loop_export e JOIN line ON line.id IN (e.replaces_id, e.next_of_id)
)
SELECT id, number, version, state FROM line WHERE NOT (state = ANY(%s)) ORDER BY number
"""


@dataclass(frozen=True, slots=True)
class Member:
    """A release of a line. `version` is empty while it is not worked out."""

    key: int
    number: int
    version: str
    state: str

    @property
    def steps(self) -> tuple[int, int, int]:
        """The version as numbers; zeros while there is none."""
        major, minor, patch = map(int, (self.version or "0.0.0").split("."))
        return major, minor, patch


def earlier(export: Export) -> list[int]:
    """The keys of the release and of those it replaces, one after another, the newest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_EARLIER, [export.pk])
        return [int(pk) for (pk,) in cursor.fetchall()]


def members(export: Export) -> list[Member]:
    """Every release of its line but those that failed or were cancelled: they never left. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_WHOLE, [export.pk, [FAILED, CANCELLED]])
        return [Member(*row) for row in cursor.fetchall()]


def next_version(replaced: Export) -> str:
    """The version of a release that replaces `replaced`: a MAJOR step beyond every one of the line. One query.

    Hold the production's row: the next order would find the same.
    """
    return f"{max((each.steps[0] for each in members(replaced)), default=1) + 1}.0.0"


def check_newest(followed: Export) -> None:
    """Raises ConflictError unless `followed` is out and nothing came after it, nor is on its way. One query.

    Hold the production's row.
    """
    if followed.state != PUBLISHED:
        raise ConflictError(
            f"next_of: expected a published release, found E-{followed.number}, which is {followed.state}",
            field="next_of",
        )
    line = members(followed)
    making = next((each for each in line if each.state != PUBLISHED), None)
    if making is not None:
        raise ConflictError(
            f"next_of: expected a line that is at rest, found E-{making.number} in the making:"
            " wait for it, or cancel it",
            field="next_of",
        )
    newest = max(line, key=lambda each: each.steps)
    if newest.key != followed.pk:
        raise ConflictError(
            f"next_of: expected the newest of its line, found E-{followed.number}: name E-{newest.number}"
            f" {newest.version}",
            field="next_of",
        )


def settle_version(export: Export, token: UUID) -> None:
    """Works out the version of a release that follows another, and records it while the lease is held.

    By its rows as they are to leave: what the last check dropped does not count, so it is done before each manifest.
    Durable: call it outside any transaction.
    """
    if export.next_of is None:
        return
    with transaction.atomic(durable=True):
        Production.objects.select_for_update(no_key=True).get(pk=export.production_id)
        others = [each.steps for each in members(export) if each.key != export.pk]
        export.version = version_after(export.next_of, export, others)
        Export.objects.filter(pk=export.pk, lease_token=token).update(version=export.version)


def version_after(old: Export, new: Export, taken: list[tuple[int, int, int]]) -> str:
    """The version of `new`, which follows `old` in a line where `taken` are given. One query."""
    added, removed, changed = counted(old, new)
    major, minor, patch = map(int, old.version.split("."))
    if removed or changed or is_edited(old, new):
        return f"{max([major, *(each[0] for each in taken)]) + 1}.0.0"
    if added:
        return f"{major}.{max([minor, *(each[1] for each in taken if each[0] == major)]) + 1}.0"
    same = [each[2] for each in taken if each[:2] == (major, minor)]
    return f"{major}.{minor}.{max([patch, *same]) + 1}"

"""The first part of verification: events, leaves and checkpoints."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from loop.audit.entry import Entry, NotAnEntryError, parse
from loop.audit.merkle import EMPTY_ROOT, append, frontier_root, leaf_hash
from loop.audit.models import AuditCheckpoint
from loop.audit.note import NoteError, VerifierKey, open_checkpoint
from loop.audit.report import Report

PAGE = 5000

_LEAVES = """
SELECT l.log_index, l.leaf_hash,
       e.uid, e.type, e.at, e.actor_pid, p.uid, e.production_id, e.object_table, e.object_uid, e.entry, e.leaf_hash
FROM loop_audit_leaf l
LEFT JOIN loop_audit_event e ON e.id = l.event_id
LEFT JOIN loop_production p ON p.id = e.production_id
WHERE l.log_index > %s ORDER BY l.log_index LIMIT %s
"""
_PENDING = """
SELECT w.event_id, e.leaf_hash,
       e.uid, e.type, e.at, e.actor_pid, p.uid, e.production_id, e.object_table, e.object_uid, e.entry, e.leaf_hash
FROM loop_audit_pending w
JOIN loop_audit_event e ON e.id = w.event_id
LEFT JOIN loop_production p ON p.id = e.production_id
WHERE w.event_id > %s ORDER BY w.event_id LIMIT %s
"""
_STRAYS = """
SELECT e.uid, e.type, l.event_id IS NOT NULL
FROM loop_audit_event e
LEFT JOIN loop_audit_leaf l ON l.event_id = e.id
LEFT JOIN loop_audit_pending w ON w.event_id = e.id
WHERE (l.event_id IS NULL) = (w.event_id IS NULL) ORDER BY e.id LIMIT 1001
"""
_BEYOND = """
SELECT log_index FROM loop_audit_leaf WHERE log_index >= (SELECT coalesce(max(size), 0) FROM loop_audit_checkpoint)
ORDER BY log_index LIMIT 1001
"""


class Line(NamedTuple):
    """A leaf with its event, or a pending event; the event's fields are None if it is missing."""

    number: int
    leaf: bytes
    uid: UUID | None
    event: str
    at: datetime
    actor_pid: str
    production: UUID | None
    production_id: int | None
    obj_table: str
    obj_uid: UUID
    entry: bytes
    copied_leaf: bytes


class Point(NamedTuple):
    """A statement about the tree of `size`: one of our checkpoints, or one kept outside (then `own` is None)."""

    size: int
    root: bytes
    own: AuditCheckpoint | None


def check(report: Report, keys: Sequence[VerifierKey], witnessed: Sequence[str]) -> None:
    """Streams leaves and checkpoints side by side up to the newest checkpoint, then looks at what stands outside.

    What is sealed meanwhile belongs to the next verification.
    """
    newest = AuditCheckpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
    points = _Points(report, heapq.merge(_own(newest, report, keys), _kept_outside(report, keys, witnessed), key=_size))
    frontier: list[bytes] = []
    size = 0
    points.reach(size, frontier)
    for line in _pages(_LEAVES, -1):
        if line.number >= newest:
            break
        if line.number != size:
            report.add(f"expected the next leaf at index {size}, found {line.number}", log_index=size)
            frontier[:] = [EMPTY_ROOT] * line.number.bit_count()  # a tree of the right shape and of no known content
        size = append(frontier, line.number, _checked(report, line, line.number))
        points.reach(size, frontier)
    points.end(size)
    report.leaves, report.root = size, frontier_root(frontier)
    for line in _pages(_PENDING, 0):
        report.pending += 1
        _checked(report, line, None)
    _outside(report)


class _Points:
    """Walks along the statements as the tree grows."""

    def __init__(self, report: Report, points: Iterator[Point]) -> None:
        self._report = report
        self._points = points
        self._next = next(points, None)
        self._followers = 0
        self._good = 0
        self._is_broken = False

    def reach(self, size: int, frontier: Sequence[bytes]) -> None:
        """Compares every statement about the tree of `size`, which has this frontier."""
        while self._next is not None and self._next.size <= size:
            point, self._next = self._next, next(self._points, None)
            if point.size < size:
                continue  # within a gap, which is reported
            if frontier_root(frontier) == point.root:
                self._good = size
                if point.own is not None and [bytes(node) for node in point.own.frontier] != list(frontier):
                    self._report.add(f"checkpoint of {size}: its frontier does not follow from the leaves")
            elif self._is_broken:
                self._followers += 1
            else:
                self._is_broken = True
                whose = "checkpoint" if point.own is not None else "checkpoint kept outside"
                self._report.add(
                    f"{whose} of {size}: expected the root {point.root.hex()}, found {frontier_root(frontier).hex()}: "
                    f"entries were changed, reordered, inserted or removed between {self._good} and {size}"
                )

    def end(self, size: int) -> None:
        """Reports statements about more leaves than there are."""
        if self._next is not None:
            last = max(self._next.size, *(point.size for point in self._points), 0)
            self._report.add(f"expected {last} leaves, found {size}: the end of the log is missing", log_index=size)
        if self._followers:
            self._report.add(f"{self._followers} more checkpoints after that one do not follow from the leaves either")


def _size(point: Point) -> int:
    return point.size


def _own(newest: int, report: Report, keys: Sequence[VerifierKey]) -> Iterator[Point]:
    size = -1
    while page := list(AuditCheckpoint.objects.filter(size__gt=size, size__lte=newest).order_by("size")[:PAGE]):
        for row in page:
            size = row.size
            report.checkpoints += 1
            try:
                signed = open_checkpoint(row.note, keys)
            except NoteError as error:
                report.add(f"checkpoint of {size}: {error}")
            else:
                if (signed.size, signed.root) != (size, bytes(row.root)):
                    report.add(f"checkpoint of {size}: its note signs another size or root")
            yield Point(size, bytes(row.root), row)


def _kept_outside(report: Report, keys: Sequence[VerifierKey], notes: Sequence[str]) -> Iterator[Point]:
    found = []
    for note in notes:
        try:
            signed = open_checkpoint(note, keys)
        except NoteError as error:
            report.add(f"checkpoint kept outside: {error}")
        else:
            found.append(Point(signed.size, signed.root, None))
    return iter(sorted(found, key=_size))


def _pages(query: str, after: int) -> Iterator[Line]:
    while True:
        with connection.cursor() as cursor:
            cursor.execute(query, [after, PAGE])
            rows = cursor.fetchall()
        for row in rows:
            yield Line(*row)
        if not rows:
            return
        after = rows[-1][0]


def _checked(report: Report, line: Line, log_index: int | None) -> bytes:
    """The leaf hash that the entry really has; whatever contradicts it is reported."""
    if line.uid is None:
        report.add("expected an event, found none", log_index=log_index)
        return bytes(line.leaf)
    entry = bytes(line.entry)
    leaf = leaf_hash(entry)
    if leaf != bytes(line.leaf):
        report.add("the entry does not hash to its leaf", log_index=log_index, uid=line.uid)
    if leaf != bytes(line.copied_leaf):
        report.add("the entry does not hash to the event's copy of the leaf", log_index=log_index, uid=line.uid)
    try:
        found = parse(entry)
    except NotAnEntryError as error:
        report.add(str(error), log_index=log_index, uid=line.uid)
        return leaf
    copied = Entry(
        line.uid, line.event, line.at, line.actor_pid, line.production, line.obj_table, line.obj_uid, found.commit
    )
    if found != copied:
        names = [field.name for field in fields(Entry) if getattr(found, field.name) != getattr(copied, field.name)]
        report.add(
            f"the event's columns do not say what its entry says: {', '.join(names)}", log_index=log_index, uid=line.uid
        )
    if line.production_id is not None and line.production is None:
        report.add(f"expected the production {line.production_id}, found none", log_index=log_index, uid=line.uid)
    return leaf


def _outside(report: Report) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_BEYOND)
        for (log_index,) in cursor.fetchall():
            report.add("expected no leaf beyond the newest checkpoint, found one", log_index=log_index)
        cursor.execute(_STRAYS)
        for uid, event, is_sealed in cursor.fetchall():
            found = "one that is both sealed and pending" if is_sealed else "one that is neither"
            report.add(
                f"{event}: expected an event that is sealed or pending, found {found}",
                table="loop_audit_event",
                uid=uid,
            )

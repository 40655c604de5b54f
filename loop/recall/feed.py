"""The recall feed of a release: one signed document that names every row which may no longer be used, and why.

Recipients fetch it before every training run. "Nothing recalled as of" is a feed too, signed like any other, so that an
answer held back cannot pass for one. Rows stay named for ever. It holds ids and codes, no text and no name.

    {"format": "circled/recall-feed@1", "export": uid, "version": "1.0.0", "manifest_sha256": hex,
     "issued_at": ..., "next_update": ..., "notices": [{"id": uid, "issued_at": ..., "effective_at": ...,
     "rows": [fb_row_id, ...], "basis": ..., "actions": [...], "unlearning_requested": bool, "ack_by": ...,
     "replaced_by": "uid@2.0.0" or null, "log_index": "10432"}],
     "log": {"notice": uid, "entry": text, "proof": text} or null}

`log` proves that the newest notice stands in the house's log: the entry's bytes and a C2SP tlog-proof.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Max

from loop.audit.keys import load_or_create
from loop.audit.proof import inclusion
from loop.audit.seal import seal_all
from loop.consent.lock import database_moment
from loop.export.files import NotPublishedError
from loop.export.models import Export
from loop.export.sign import sign
from loop.kernel.canonical import Json, canonical
from loop.kernel.clock import rfc3339
from loop.recall.models import RecallNotice, RecallRow

FORMAT = "circled/recall-feed@1"
PAYLOAD_TYPE = "application/vnd.circled.recall-feed+json"
NEXT_UPDATE = timedelta(hours=24)
REQUEST_UNLEARNING = "request_unlearning"

# The releases that replace one, directly or one after another, and are out.
_LATER = """
WITH RECURSIVE later AS (
    SELECT id, uid, version, state, published_at FROM loop_export WHERE replaces_id = %s
    UNION ALL
    SELECT e.id, e.uid, e.version, e.state, e.published_at FROM loop_export e JOIN later ON e.replaces_id = later.id
)
SELECT id, uid::text || '@' || version, published_at FROM later WHERE state = 'published' ORDER BY id
"""
# A row of another release is the same row if it rests on the same decisions and shows the same side.
_CARRIED = """
SELECT DISTINCT rr.notice_id, c.export_id
FROM loop_recall_row rr
JOIN loop_export_row o ON o.id = rr.row_id
JOIN loop_export_row c ON c.decision_id = o.decision_id AND c.export_id = ANY(%s)
    AND c.other_decision_id IS NOT DISTINCT FROM o.other_decision_id AND c.side = o.side
WHERE rr.notice_id = ANY(%s) AND NOT EXISTS (SELECT FROM loop_export_row_dropped x WHERE x.row_id = c.id)
"""


@dataclass(frozen=True, slots=True)
class Later:
    """A published release that replaces one, directly or not. `name` is "uid@version"."""

    key: int
    name: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Edition:
    """Which feed is due: equal editions have equal bytes, whoever makes them."""

    export: Export
    issued_at: datetime
    last_notice: int
    later: tuple[Later, ...]

    @property
    def tag(self) -> str:
        """Changes with the feed's bytes, and is known without making them."""
        parts = (
            self.export.uid, rfc3339(self.issued_at), self.last_notice, *(each.name for each in self.later),
            load_or_create().verifier,
        )  # fmt: skip
        return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:32]


def edition(export: Export) -> Edition:
    """The edition that is due now. Three queries.

    A feed is issued by the hour, and anew with each notice and each replacement: so the same bytes serve everybody who
    asks within it. Raises NotPublishedError for a release that is not out.
    """
    if export.state != Export.State.PUBLISHED:
        raise NotPublishedError(f"expected a published release, found one that is {export.state}", state=export.state)
    moment = database_moment()
    notices = RecallNotice.objects.filter(export=export).aggregate(last=Max("id"), at=Max("issued_at"))
    later = replacements(export)
    times = [moment.replace(minute=0, second=0, microsecond=0), *(each.published_at for each in later)]
    return Edition(
        export=export,
        issued_at=max([*times, notices["at"]] if notices["at"] else times),
        last_notice=notices["last"] or 0,
        later=later,
    )


def signed_feed(due: Edition) -> bytes:
    """The signed feed: a DSSE envelope (export/sign.py) around the canonical document, by the house's key.

    A withdrawal that commits meanwhile is in it whole or not at all: a notice is visible only with its rows. The log is
    sealed first if a notice has no place in it yet. Durable then: call it outside any transaction.
    """
    return sign(canonical(document(due)), load_or_create(), kind=PAYLOAD_TYPE)


def document(due: Edition) -> dict[str, Json]:
    """The feed before it is signed. Four queries, and as many rows as are recalled."""
    export = due.export
    found = RecallNotice.objects.filter(export=export, pk__lte=due.last_notice).order_by("id")
    notices = list(found.select_related("cause", "erasure", "event__leaf"))
    if any(getattr(notice.event, "leaf", None) is None for notice in notices):
        seal_all()
        notices = list(found.select_related("cause", "erasure", "event__leaf"))
    rows: dict[int, list[Json]] = defaultdict(list)
    named = RecallRow.objects.filter(notice__in=notices).order_by("notice_id", "row__position")
    for notice_id, row_id in named.values_list("notice_id", "row__row_id").iterator(chunk_size=10_000):
        rows[notice_id].append(row_id)
    replaced = replaced_by(due.later, notices)
    return {
        "format": FORMAT,
        "export": str(export.uid),
        "version": export.version,
        "manifest_sha256": export.manifest_sha256,
        "issued_at": rfc3339(due.issued_at),
        "next_update": rfc3339(due.issued_at + NEXT_UPDATE),
        "notices": [_stated(notice, rows[notice.pk], replaced.get(notice.pk)) for notice in notices],
        "log": _proof(notices[-1]) if notices else None,
    }


def replacements(export: Export) -> tuple[Later, ...]:
    """The published releases that replace it, one after another, oldest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_LATER, [export.pk])
        return tuple(Later(*row) for row in cursor.fetchall())


def replaced_by(later: Sequence[Later], notices: Sequence[RecallNotice]) -> dict[int, str]:
    """{notice: "uid@version" of the newest replacement that carries none of its rows}, for those that have one.

    One query; it reads the recalled rows and their like in the replacements, through the index of decisions.
    """
    if not later or not notices:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_CARRIED, [[each.key for each in later], [notice.pk for notice in notices]])
        carried: set[tuple[int, int]] = set(cursor.fetchall())
    found = {}
    for notice in notices:
        free = [each.name for each in later if (notice.pk, each.key) not in carried]
        if free:
            found[notice.pk] = free[-1]
    return found


def _stated(notice: RecallNotice, rows: list[Json], replaced: str | None) -> dict[str, Json]:
    effective = notice.cause.effective_at if notice.cause else notice.erasure.erased_at if notice.erasure else None
    return {
        "id": str(notice.uid),
        "issued_at": rfc3339(notice.issued_at),
        "effective_at": rfc3339(effective or notice.issued_at),
        "rows": rows,
        "basis": notice.basis,
        "actions": list(notice.actions),
        "unlearning_requested": REQUEST_UNLEARNING in notice.actions,
        "ack_by": rfc3339(notice.deadline),
        "replaced_by": replaced,
        "log_index": str(notice.event.leaf.log_index),
    }


def _proof(notice: RecallNotice) -> dict[str, Json]:
    found = inclusion(notice.event.uid)
    return {"notice": str(notice.uid), "entry": found.entry.decode(), "proof": found.proof.text()}

"""Works out the digests of decisions again from their rows, so that a changed column shows in the verified log."""

import json
from typing import Any
from uuid import UUID

from django.db import connection

from loop.decision.rules import Draft, Span, decision_digest
from loop.kernel.clock import rfc3339

_DECISIONS = """
SELECT d.id, d.uid, d.digest, d.external_id, s.external_id, d.outcome, d.reasons, d.negative_kind, d.beats, d.severity,
       d.confidence::text, d.active_ms, d.revision_by_ai, who.external_id, whose.external_id, d.decided_at,
       before.external_id, d.text_commit, d.context,
       EXISTS (SELECT FROM loop_erasure gone WHERE gone.production_id = d.production_id
               AND gone.party_id IN (d.decided_by_id, d.on_behalf_of_id))
FROM loop_decision d
JOIN loop_suggestion s ON s.id = d.suggestion_id
JOIN loop_contributor who ON who.id = d.decided_by_id
LEFT JOIN loop_contributor whose ON whose.id = d.on_behalf_of_id
LEFT JOIN loop_decision before ON before.id = d.supersedes_id
WHERE d.id > %s ORDER BY d.id LIMIT %s
"""
_SPANS = """
SELECT decision_id, target, unit, start, "end", rate_num, rate_den, drop_frame, media_sha256, region, reason
FROM loop_decision_span WHERE decision_id BETWEEN %s AND %s ORDER BY decision_id, position
"""


def recomputed(after: int, limit: int) -> list[tuple[int, UUID, bytes, bytes]]:
    """Decisions with id > `after`, ascending: id, uid, stored digest, digest worked out. Two queries.

    Of a party that was erased the columns no longer say what they said: such a row's digest is taken as it stands. The
    log still vouches for it, as its event's entry holds it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DECISIONS, [after, limit])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        if not rows:
            return []
        cursor.execute(_SPANS, [rows[0][0], rows[-1][0]])
        spans: dict[int, list[Span]] = {}
        for decision, *columns in cursor.fetchall():
            spans.setdefault(decision, []).append(_span(columns))
    return [
        (row[0], row[1], bytes(row[2]), bytes(row[2]) if row[-1] else _digest(row, tuple(spans.get(row[0], ()))))
        for row in rows
    ]


def _digest(row: tuple[Any, ...], spans: tuple[Span, ...]) -> bytes:
    (
        _, _, _, external_id, suggestion, outcome, reasons, negative_kind, beats, severity, confidence, active_ms,
        revision_by_ai, decided_by, on_behalf_of, decided_at, supersedes, text_commit, context, _,
    ) = row  # fmt: skip
    draft = Draft(
        outcome=outcome, reasons=tuple(reasons), negative_kind=negative_kind, revision_by_ai=revision_by_ai,
        spans=spans, beats=tuple(beats), severity=severity, confidence=confidence, active_ms=active_ms,
    )  # fmt: skip
    return decision_digest(
        external_id=external_id,
        suggestion=suggestion,
        draft=draft,
        decided_by=decided_by,
        on_behalf_of=on_behalf_of,
        decided_at=rfc3339(decided_at) if decided_at else None,
        supersedes=supersedes,
        text_commit=None if text_commit is None else bytes(text_commit),
        context=json.loads(context),
    )


def _span(columns: list[Any]) -> Span:
    target, unit, start, end, rate_num, rate_den, drop_frame, media_sha256, region, reason = columns
    return Span(
        target=target, unit=unit, start=start, end=end, rate_num=rate_num, rate_den=rate_den, drop_frame=drop_frame,
        media_sha256=media_sha256, region=None if region is None else json.loads(region), reason=reason,
    )  # fmt: skip

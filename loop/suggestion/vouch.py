"""Works out the digests of suggestions again from their rows, so that a changed column shows in the verified log."""

import json
from typing import Any
from uuid import UUID

from django.db import connection

from loop.kernel.clock import rfc3339
from loop.suggestion.rules import suggestion_digest

_SUGGESTIONS = """
SELECT s.id, s.uid, s.digest, s.external_id, CASE WHEN b.grouped THEN b.external_id END, s.origin, s.stage, s.kind,
       m.label, s.parameters, s.seed, parent.external_id, s.latency_ms, s.cost_usd::text, s.tokens_in, s.tokens_out,
       media.uri, media.sha256, media.mime, s.suggested_at, b.constraints_asked, s.text_commit,
       EXISTS (SELECT FROM loop_erasure gone WHERE gone.production_id = s.production_id AND gone.party_id IN (
           SELECT contributor_id FROM loop_suggestion_contribution WHERE suggestion_id = s.id
           UNION ALL SELECT contributor_id FROM loop_brief_contribution WHERE brief_id = s.brief_id))
FROM loop_suggestion s
JOIN loop_brief b ON b.id = s.brief_id
LEFT JOIN loop_model_version m ON m.id = s.model_id
LEFT JOIN loop_suggestion parent ON parent.id = s.parent_id
LEFT JOIN loop_media media ON media.id = s.media_id
WHERE s.id > %s ORDER BY s.id LIMIT %s
"""
_MATERIALS = """
SELECT link.suggestion_id, m.external_id, m.kind
FROM loop_suggestion_material link JOIN loop_material m ON m.id = link.material_id
WHERE link.suggestion_id BETWEEN %s AND %s
"""
_CONTRIBUTORS = """
SELECT link.suggestion_id, c.external_id, link.capacity
FROM loop_suggestion_contribution link JOIN loop_contributor c ON c.id = link.contributor_id
WHERE link.suggestion_id BETWEEN %s AND %s
"""

Links = dict[int, list[tuple[str, str]]]


def recomputed(after: int, limit: int) -> list[tuple[int, UUID, bytes, bytes]]:
    """Suggestions with id > `after`, ascending: id, uid, stored digest, digest worked out. Three queries.

    Of a party that was erased the columns no longer say what they said: such a row's digest is taken as it stands. The
    log still vouches for it, as its event's entry holds it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SUGGESTIONS, [after, limit])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        if not rows:
            return []
        links: list[Links] = []
        for query in (_MATERIALS, _CONTRIBUTORS):
            cursor.execute(query, [rows[0][0], rows[-1][0]])
            found: Links = {}
            for number, name, what in cursor.fetchall():
                found.setdefault(number, []).append((name, what))
            links.append(found)
    return [(row[0], row[1], bytes(row[2]), bytes(row[2]) if row[-1] else _digest(row, *links)) for row in rows]


def _digest(row: tuple[Any, ...], materials: Links, contributors: Links) -> bytes:
    (
        number, _, _, external_id, group_id, origin, stage, kind, model, parameters, seed, parent, latency_ms, cost_usd,
        tokens_in, tokens_out, uri, sha256, mime, created_at, constraints, text_commit, _,
    ) = row  # fmt: skip
    return suggestion_digest(
        external_id=external_id,
        group_id=group_id,
        origin=origin,
        stage=stage,
        kind=kind,
        model=model,
        parameters=json.loads(parameters),
        seed=seed,
        parent=parent,
        latency_ms=latency_ms,
        cost_usd=cost_usd,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        media=None if uri is None else (uri, sha256, mime),
        created_at=rfc3339(created_at) if created_at else None,
        constraints=json.loads(constraints),
        materials=materials.get(number, ()),
        contributors=contributors.get(number, ()),
        text_commit=bytes(text_commit),
    )

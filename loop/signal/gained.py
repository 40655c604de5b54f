"""How many preference pairs exist because of some decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import connection

# The pairs of `pairs.py` as things stand now, apart from the order of an export: both texts are there, and they differ.
_GAINED: Final = """
WITH standing AS (
    SELECT d.id, d.suggestion_id, d.outcome, s.brief_id, coalesce(d.on_behalf_of_id, d.decided_by_id) AS person
    FROM loop_decision d JOIN loop_suggestion s ON s.id = d.suggestion_id
    WHERE s.brief_id IN (
        SELECT g.brief_id FROM loop_suggestion g JOIN loop_decision mine ON mine.suggestion_id = g.id
        WHERE mine.id = ANY(%(decisions)s)
    ) AND d.outcome IN ('accept', 'reject', 'revise')
      AND NOT EXISTS (SELECT 1 FROM loop_decision later WHERE later.supersedes_id = d.id)
)
SELECT (
    SELECT count(*) FROM standing y JOIN standing x ON x.brief_id = y.brief_id AND x.person = y.person
    JOIN loop_suggestion_text yt ON yt.suggestion_id = y.suggestion_id
    JOIN loop_suggestion_text xt ON xt.suggestion_id = x.suggestion_id
    WHERE y.outcome = 'accept' AND x.outcome = 'reject' AND yt.content <> xt.content
      AND (y.id = ANY(%(decisions)s) OR x.id = ANY(%(decisions)s))
) + (
    SELECT count(*) FROM standing r
    JOIN loop_decision_text revised ON revised.decision_id = r.id
    JOIN loop_suggestion_text t ON t.suggestion_id = r.suggestion_id
    WHERE r.outcome = 'revise' AND r.id = ANY(%(decisions)s) AND revised.revised_content <> t.content
)
"""


def pairs_gained(decisions: Sequence[int]) -> int:
    """Pairs of texts that at least one of these decisions makes: revised over suggested, accepted over rejected of one
    brief and person. Whether any of them may leave is the gate's to say. One query.
    """
    if not decisions:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_GAINED, {"decisions": list(decisions)})
        [(count,)] = cursor.fetchall()
    return int(count)

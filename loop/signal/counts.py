"""Counts of a production's suggestions and decisions, by the keys of a set's `neutral.counts.json`."""

from __future__ import annotations

from typing import Final

from django.db import connection

# A key that a set does not have is left out, so that equal sets have equal counts; the zero of these is said.
ALWAYS: Final = (
    "suggestions",
    "decisions",
    "groups",
    "models",
    "deciders",
    "spans",
    "with_reasons",
    "with_rationale",
    "with_revised_content",
)

_OF_SUGGESTIONS: Final = """
SELECT count(*), count(DISTINCT s.model_id), count(DISTINCT s.brief_id) FILTER (WHERE b.grouped)
FROM loop_suggestion s JOIN loop_brief b ON b.id = s.brief_id
WHERE s.production_id = %(production)s AND (%(source)s = '' OR s.source = %(source)s)
"""
_OF_DECISIONS: Final = """
SELECT outcome, count(*), sum(span_count), count(*) FILTER (WHERE reasons <> '{}' AND reasons <> '{unstated}'),
       count(*) FILTER (WHERE has_rationale), count(*) FILTER (WHERE has_revision)
FROM loop_decision d
WHERE d.production_id = %(production)s AND (%(source)s = '' OR d.source = %(source)s)
GROUP BY outcome
"""
_DECIDERS: Final = """
SELECT count(DISTINCT decided_by_id) FROM loop_decision d
WHERE d.production_id = %(production)s AND (%(source)s = '' OR d.source = %(source)s)
"""
_FINAL: Final = """
SELECT outcome, count(*) FROM (
    SELECT DISTINCT ON (suggestion_id) outcome FROM loop_decision d
    WHERE d.production_id = %(production)s AND (%(source)s = '' OR d.source = %(source)s)
    ORDER BY suggestion_id, decided_at DESC NULLS LAST, position DESC, id DESC
) last GROUP BY outcome
"""
_PER_SUGGESTION: Final = """
SELECT CASE WHEN n < 3 THEN n::text ELSE '3+' END, count(*) FROM (
    SELECT s.id, count(d.id) AS n FROM loop_suggestion s LEFT JOIN loop_decision d ON d.suggestion_id = s.id
        AND (%(source)s = '' OR d.source = %(source)s)
    WHERE s.production_id = %(production)s AND (%(source)s = '' OR s.source = %(source)s)
    GROUP BY s.id
) counted GROUP BY 1
"""


def counts(production_id: int, *, source: str = "") -> dict[str, int]:
    """The counts of a production, or of what one source brought to it. Five queries, one pass each.

    `final_*` is the outcome of the last decision on each suggestion, whoever made it: by `decided_at` (unknown first),
    then position, then arrival. `groups` counts briefs that came with a group id. A missing reason is none.
    """
    values: dict[str, int | str] = {"production": production_id, "source": source}
    found: dict[str, int] = dict.fromkeys(ALWAYS, 0)
    with connection.cursor() as cursor:
        cursor.execute(_OF_SUGGESTIONS, values)
        [(found["suggestions"], found["models"], found["groups"])] = cursor.fetchall()
        cursor.execute(_OF_DECISIONS, values)
        for outcome, decisions, spans, reasons, rationales, revisions in cursor.fetchall():
            found[f"decision_{outcome}"] = decisions
            found["decisions"] += decisions
            found["spans"] += int(spans)
            found["with_reasons"] += reasons
            found["with_rationale"] += rationales
            found["with_revised_content"] += revisions
        cursor.execute(_DECIDERS, values)
        [(found["deciders"],)] = cursor.fetchall()
        cursor.execute(_FINAL, values)
        found |= {f"final_{outcome}": n for outcome, n in cursor.fetchall()}
        cursor.execute(_PER_SUGGESTION, values)
        found |= {f"suggestions_with_{n}_decisions": many for n, many in cursor.fetchall()}
    return dict(sorted(found.items()))

"""The rows an order asks for and the gate's word on each, as temp tables of the running transaction."""

from datetime import datetime

from django.db import connection

from loop.export import recipe as recipes
from loop.export.filters import KEEP, kept_values
from loop.export.line import earlier
from loop.export.models import Export
from loop.export.questions import at_freeze
from loop.export.rules import OF_SUGGESTIONS
from loop.gate.sieve import sieve
from loop.signal.made import PROMPT_ONLY
from loop.signal.pairs import Filters, make_candidates
from loop.signal.rules import REPEATED

TEXT_ERASED = "text_erased"
RECALLED = "recalled"

# A suggestion always has a text row until it is erased; a decision has one if and only if it committed to a text.
_ERASED = """
DELETE FROM candidates c WHERE EXISTS (
    SELECT FROM loop_decision d JOIN loop_suggestion s ON s.id = d.suggestion_id
    WHERE d.id IN (c.decision_id, c.other_decision_id)
      AND (NOT EXISTS (SELECT FROM loop_suggestion_text t WHERE t.suggestion_id = s.id)
           OR (d.text_commit IS NOT NULL AND NOT EXISTS (SELECT FROM loop_decision_text t WHERE t.decision_id = d.id))))
"""
# A row that may leave again, and was recalled from a release that this one replaces: the same decisions, the same side.
_RECALLED = """
DELETE FROM candidates c USING sieved v, loop_export_row o
WHERE v.n = c.n AND v.code IS NULL AND o.export_id = ANY(%s) AND o.decision_id = c.decision_id
    AND o.other_decision_id IS NOT DISTINCT FROM
        CASE WHEN c.pair_kind = 'revise' THEN c.decision_id ELSE c.other_decision_id END
    AND o.side = coalesce(c.side, '')
    AND EXISTS (SELECT FROM loop_recall_row rr WHERE rr.row_id = o.id)
"""
# Of the answers to one prompt of a brief the first that may leave; if none may, the first, so that it is refused once.
_ONE_A_PROMPT = """
WITH placed AS (
    SELECT c.n, row_number() OVER (PARTITION BY s.brief_id, t.prompt ORDER BY v.code IS NOT NULL, c.n) AS place
    FROM candidates c
    JOIN sieved v ON v.n = c.n
    JOIN loop_decision d ON d.id = c.decision_id
    JOIN loop_suggestion s ON s.id = d.suggestion_id
    JOIN loop_suggestion_text t ON t.suggestion_id = s.id
), gone AS (
    DELETE FROM sieved v USING placed p WHERE p.n = v.n AND p.place > 1 RETURNING v.n
)
DELETE FROM candidates c USING gone WHERE gone.n = c.n
"""


def sift(export: Export, moment: datetime) -> dict[str, int]:
    """Makes `candidates` (signal/pairs.py) and `sieved` (gate/sieve.py) for the order; returns what no rule makes.

    Rows whose texts were erased, and rows that were recalled from what it replaces, are not made, and counted. Both
    tables end with the transaction.
    """
    recipe = recipes.read(export.recipe)
    filters = Filters(**{name: values for name, values in recipe.filters.items() if name in OF_SUGGESTIONS})
    with connection.cursor() as cursor:
        not_made = make_candidates(
            cursor,
            profile=export.profile,
            production_id=export.production_id,
            cutoff_size=export.checkpoint_size,
            labels=recipe.labels,
            filters=filters,
        )
        kept = kept_values(recipe)
        if kept is not None:
            cursor.execute(KEEP, kept)
        cursor.execute(_ERASED)
        if cursor.rowcount:
            not_made[TEXT_ERASED] = cursor.rowcount
        sieve(cursor, candidates="candidates", question=at_freeze(export, moment))
        if export.replaces is not None:
            cursor.execute(_RECALLED, [earlier(export.replaces)])
            not_made[RECALLED] = cursor.rowcount
        if export.profile == PROMPT_ONLY:
            cursor.execute(_ONE_A_PROMPT)
            not_made[REPEATED] = cursor.rowcount
    return {reason: count for reason, count in not_made.items() if count}

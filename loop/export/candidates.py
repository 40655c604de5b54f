"""The rows an order asks for and the gate's word on each, as temp tables of the running transaction."""

from datetime import datetime

from django.db import connection

from loop.export import recipe as recipes
from loop.export.models import Export
from loop.export.questions import at_freeze
from loop.gate.sieve import sieve
from loop.signal.pairs import Filters, make_candidates

TEXT_ERASED = "text_erased"

# A suggestion always has a text row until it is erased; a decision has one if and only if it committed to a text.
_ERASED = """
DELETE FROM candidates c WHERE EXISTS (
    SELECT FROM loop_decision d JOIN loop_suggestion s ON s.id = d.suggestion_id
    WHERE d.id IN (c.decision_id, c.other_decision_id)
      AND (NOT EXISTS (SELECT FROM loop_suggestion_text t WHERE t.suggestion_id = s.id)
           OR (d.text_commit IS NOT NULL AND NOT EXISTS (SELECT FROM loop_decision_text t WHERE t.decision_id = d.id))))
"""
_OUTCOMES = """
DELETE FROM candidates c USING loop_decision d WHERE d.id = c.decision_id AND d.outcome <> ALL (%s)
"""


def sift(export: Export, moment: datetime) -> dict[str, int]:
    """Makes `candidates` (signal/pairs.py) and `sieved` (gate/sieve.py) for the order; returns what no rule makes.

    Rows whose texts were erased are not made, and counted. Both tables end with the transaction.
    """
    recipe = recipes.read(export.recipe)
    filters = Filters(**{name: values for name, values in recipe.filters.items() if name != "outcomes"})
    with connection.cursor() as cursor:
        not_made = make_candidates(
            cursor,
            profile=export.profile,
            production_id=export.production_id,
            cutoff_size=export.checkpoint_size,
            labels=recipe.labels,
            filters=filters,
        )
        if recipe.outcomes:
            cursor.execute(_OUTCOMES, [list(recipe.outcomes)])
        cursor.execute(_ERASED)
        if cursor.rowcount:
            not_made[TEXT_ERASED] = cursor.rowcount
        sieve(cursor, candidates="candidates", question=at_freeze(export, moment))
    return {reason: count for reason, count in not_made.items() if count}

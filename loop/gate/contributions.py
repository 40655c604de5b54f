"""Who is involved in which row: the one definition of a row's contributions, as a set-wise statement.

Rule source: decision 6 of product.md. For each decision of the row (a pair has two):

- the decider and the person decided for: capacity `decider`, kind of material "decision";
- for a revise, both again as `author_of_revision` of a "revision";
- the listed contributors of the suggestion ("suggestion") and of its brief ("brief");
- the listed contributors of the materials of the suggestion and of its brief (the material's own kind).

A listed `model_supplier` is asked like everybody listed; a supplier that nobody lists is no contributor.
"""

from django.db.backends.utils import CursorWrapper
from django.db.transaction import TransactionManagementError

_SIDES = """
CREATE TEMP TABLE sieve_side ON COMMIT DROP AS
SELECT c.n, d.id AS decision_id, d.decided_by_id, d.on_behalf_of_id, d.outcome = 'revise' AS revised,
    d.suggestion_id, s.brief_id
FROM (
    SELECT n, decision_id FROM {candidates}
    UNION ALL
    SELECT n, other_decision_id FROM {candidates} WHERE other_decision_id <> decision_id
) c
JOIN loop_decision d ON d.id = c.decision_id
JOIN loop_suggestion s ON s.id = d.suggestion_id
"""

_PARTS = """
CREATE TEMP TABLE sieve_part ON COMMIT DROP AS
SELECT n, party, capacity::text AS capacity, material_kind::text AS material_kind
FROM (
    SELECT n, decided_by_id AS party, 'decider' AS capacity, 'decision' AS material_kind FROM sieve_side
    UNION ALL
    SELECT n, on_behalf_of_id, 'decider', 'decision' FROM sieve_side WHERE on_behalf_of_id IS NOT NULL
    UNION ALL
    SELECT n, decided_by_id, 'author_of_revision', 'revision' FROM sieve_side WHERE revised
    UNION ALL
    SELECT n, on_behalf_of_id, 'author_of_revision', 'revision' FROM sieve_side
    WHERE revised AND on_behalf_of_id IS NOT NULL
    UNION ALL
    SELECT n, c.contributor_id, c.capacity, 'suggestion'
    FROM sieve_side JOIN loop_suggestion_contribution c USING (suggestion_id)
    UNION ALL
    SELECT n, c.contributor_id, c.capacity, 'brief' FROM sieve_side JOIN loop_brief_contribution c USING (brief_id)
    UNION ALL
    SELECT n, c.contributor_id, c.capacity, m.kind
    FROM sieve_side JOIN loop_suggestion_material l USING (suggestion_id)
    JOIN loop_material m ON m.id = l.material_id JOIN loop_material_contribution c ON c.material_id = m.id
    UNION ALL
    SELECT n, c.contributor_id, c.capacity, m.kind
    FROM sieve_side JOIN loop_brief_material l USING (brief_id)
    JOIN loop_material m ON m.id = l.material_id JOIN loop_material_contribution c ON c.material_id = m.id
) every
WHERE %(party)s::bigint IS NULL OR party = %(party)s
"""


def gather(cursor: CursorWrapper, *, candidates: str, party: int | None = None) -> None:
    """Fills `sieve_part(n, party, capacity, material_kind)` and `sieve_side`, for the rows of `candidates`.

    `candidates` names a temporary table with `n`, `decision_id` and `other_decision_id` (null: one decision only).
    `party` keeps the contributions of that contributor only. A part may be listed twice. The table is analysed and
    goes with the transaction; one left by an earlier call in it is replaced.
    Raises TransactionManagementError outside a transaction.
    """
    if not cursor.db.in_atomic_block:
        raise TransactionManagementError("expected a transaction: the gate's tables live as long as it does")
    quoted = cursor.db.ops.quote_name(candidates)
    cursor.execute("DROP TABLE IF EXISTS sieve_side, sieve_part")
    cursor.execute(_SIDES.format(candidates=quoted))
    cursor.execute("ANALYZE sieve_side (n, suggestion_id, brief_id)")
    cursor.execute(_PARTS, {"party": party})
    cursor.execute("ANALYZE sieve_part (n, party)")

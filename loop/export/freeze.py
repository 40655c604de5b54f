"""Membership is frozen once: which decisions, under which authorisations, in which order."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from loop.audit.record import record
from loop.consent import lock
from loop.export import recipe as recipes
from loop.export.candidates import sift
from loop.export.keys import ROW_ID_SQL, Pseudonyms
from loop.export.models import Export, ExportShard
from loop.export.rules import FROZEN, ORDERED, split_slices
from loop.export.splits import PLACE_SQL, TRAIN, thresholds
from loop.export.splits import names as split_names
from loop.kernel.actor import SYSTEM

# A revise pair has one decision for both sides, so the worker's join needs no second form.
_ROWS = f"""
INSERT INTO loop_export_row (export_id, position, row_id, decision_id, other_decision_id, side, pair_kind,
                             negative_kind, effective, authorisation_ids, contributor_ids, expires_on, territory, uses)
SELECT %s, row_number() OVER (ORDER BY {{place}}c.n) - 1,
       {ROW_ID_SQL.format(message="d.uid::text || '|' || coalesce(o.uid::text, '') || '|' || coalesce(c.side, '')")},
       c.decision_id, CASE WHEN c.pair_kind = 'revise' THEN c.decision_id ELSE c.other_decision_id END,
       coalesce(c.side, ''), coalesce(c.pair_kind, ''), coalesce(c.negative_kind, ''), c.effective,
       v.authorisation_ids, v.contributor_ids, v.expires_on, v.territory, v.uses
FROM candidates c
JOIN sieved v ON v.n = c.n AND v.code IS NULL
JOIN loop_decision d ON d.id = c.decision_id
LEFT JOIN loop_decision o ON o.id = c.other_decision_id
{{joins}}
ORDER BY c.n
"""  # noqa: S608  (a constant of this house)
_BRIEF = "JOIN loop_suggestion s ON s.id = d.suggestion_id JOIN loop_brief b ON b.id = s.brief_id"
_PLACES = f"""
SELECT {PLACE_SQL}, count(*) FROM candidates c
JOIN sieved v ON v.n = c.n AND v.code IS NULL
JOIN loop_decision d ON d.id = c.decision_id
{_BRIEF}
GROUP BY 1
"""  # noqa: S608  (a constant of this house)
_EXCLUSIONS = """
INSERT INTO loop_export_exclusion (export_id, decision_id, other_decision_id, suggestion_id, code, codes,
                                   contributor_ids)
SELECT %s, c.decision_id, c.other_decision_id, d.suggestion_id, v.code, v.codes, v.contributor_ids
FROM candidates c
JOIN sieved v ON v.n = c.n AND v.code IS NOT NULL
JOIN loop_decision d ON d.id = c.decision_id
ORDER BY c.n
"""


def freeze(export_id: int, token: UUID) -> Export | None:
    """Freezes the membership of an ordered release, in one transaction. None: somebody else did, or took the lease.

    1. Takes the lock of consent first and in its own statement, so that no withdrawal lies between what is read.
    2. Rows as of the order's checkpoint, judged by the gate for the order's date; refused ones with all their codes.
    3. Positions without gaps from 0, split by split, row names keyed by recipient and order, shards, counts, the
       audit event.
    """
    production_id = Export.objects.values_list("production_id", flat=True).get(pk=export_id)
    with transaction.atomic(durable=True):
        at = lock.hold([production_id])
        export = (
            Export.objects.select_for_update(of=("self",))
            .select_related("production", "recipient")
            .filter(pk=export_id, state=ORDERED, lease_token=token)
            .first()
        )
        if export is None:
            return None
        not_made = sift(export, at)
        _settle(export, _insert(export), not_made, at)
        record(
            event="export.frozen",
            actor=SYSTEM,
            obj_table="loop_export",
            obj_uid=export.uid,
            production_id=export.production_id,
            at=at,
            facts={
                "rows": export.rows_included,
                "considered": export.rows_considered,
                "excluded": export.excluded_by_code,
                "not_made": export.not_made,
            },
        )
    return export


def _insert(export: Export) -> list[tuple[str, int]]:
    """The rows, split by split, and what stays; the number of rows of each split."""
    recipe = recipes.read(export.recipe)
    drawn: list[Any] = [recipe.split_seed, thresholds(recipe.splits)] if recipe.splits else []
    rows = _ROWS.format(place=f"{PLACE_SQL}, " if drawn else "", joins=_BRIEF if drawn else "")
    names = Pseudonyms(recipient=export.recipient.code, order_digest=bytes(export.order_digest))
    outer, inner = names.row_pads
    with connection.cursor() as cursor:
        cursor.execute(rows, [export.pk, *drawn, outer, inner])
        export.rows_included = cursor.rowcount
        cursor.execute(_EXCLUSIONS, [export.pk])
        export.rows_considered = export.rows_included + cursor.rowcount
        cursor.execute("SELECT code, count(*) FROM sieved WHERE code IS NOT NULL GROUP BY code ORDER BY code")
        export.excluded_by_code = dict(cursor.fetchall())
        if not drawn:
            return [(TRAIN, export.rows_included)]
        cursor.execute(_PLACES, drawn)
        counted: dict[int, int] = dict(cursor.fetchall())
    return [(name, counted.get(place, 0)) for place, name in enumerate(split_names(recipe.splits))]


def _settle(export: Export, rows: list[tuple[str, int]], not_made: dict[str, int], at: datetime) -> None:
    recipe = recipes.read(export.recipe)
    ExportShard.objects.bulk_create(
        ExportShard(
            export=export, number=part.number, first_position=part.first, end_position=part.end, split=part.split
        )
        for part in split_slices(rows, recipe.rows_per_shard)
    )
    export.not_made = not_made
    export.state = FROZEN
    export.frozen_at = at
    export.attempts = 0
    export.lease_token = export.lease_until = None
    export.save(update_fields=[
        "rows_included", "rows_considered", "excluded_by_code", "not_made", "state", "frozen_at", "attempts",
        "lease_token", "lease_until",
    ])  # fmt: skip

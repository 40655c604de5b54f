"""Everything the documents of a release state, gathered once from the database and the finished files."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from loop.audit.querysets import checkpoint_at
from loop.decision import taxonomy
from loop.export import recipe as recipes
from loop.export.columns import Shape
from loop.export.models import Export, ExportRow, ExportRowDropped, ExportShard
from loop.export.profiles.registry import SHAPES
from loop.export.recipe import Recipe
from loop.export.rules import suppressed
from loop.export.tally import Tally
from loop.signal import rules as signal_rules

_PARTIES = """
SELECT c.kind, count(*) FROM loop_contributor c WHERE c.id IN (
    SELECT unnest(r.contributor_ids) FROM loop_export_row r
    WHERE r.export_id = %s AND NOT EXISTS (SELECT FROM loop_export_row_dropped gone WHERE gone.row_id = r.id))
GROUP BY c.kind ORDER BY c.kind
"""


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """Facts of one release. Equal orders give equal records, times and ids apart (they stand in `export`)."""

    export: Export
    shape: Shape
    recipe: Recipe
    shards: tuple[ExportShard, ...]
    tally: Tally
    parties: Mapping[str, int]  # {kind of contributor: distinct ones}
    excluded: Mapping[str, int | str]  # by primary code, small numbers suppressed
    dropped: Mapping[str, int | str]  # after the freeze, the same way
    checkpoint_note: str
    versions: Mapping[str, str]
    absent: tuple[str, ...] = ()  # rows of the release it replaces that were recalled before this one was frozen


def gather(export: Export, shards: list[ExportShard], tally: Tally) -> ReleaseRecord:
    """Four queries, five for a release that replaces another."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTIES, [export.pk])
        parties: dict[str, int] = dict(cursor.fetchall())
    dropped: dict[str, int] = {}
    for code in ExportRowDropped.objects.filter(row__export=export).values_list("code", flat=True):
        dropped[code] = dropped.get(code, 0) + 1
    return ReleaseRecord(
        export=export,
        shape=SHAPES[export.profile],
        recipe=recipes.read(export.recipe),
        shards=tuple(shards),
        tally=tally,
        parties=parties,
        excluded=suppressed(export.excluded_by_code),
        dropped=suppressed(dropped),
        checkpoint_note=checkpoint_at(export.checkpoint_size).note,
        versions={
            "gate": export.policy_version,
            "signal_rules": signal_rules.VERSION,
            "taxonomy": taxonomy.VERSION,
        },
        absent=_absent(export),
    )


def _absent(export: Export) -> tuple[str, ...]:
    if export.replaces_id is None:
        return ()
    recalled = ExportRow.objects.filter(
        export=export.replaces_id, recalls__notice__issued_at__lte=export.frozen_at
    ).order_by("position")
    return tuple(dict.fromkeys(recalled.values_list("row_id", flat=True)))

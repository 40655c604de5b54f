"""Everything the documents of a release state, gathered once from the database and the finished files."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import connection

from loop.audit.querysets import checkpoint_at
from loop.consent.models import RecipientAgreement
from loop.decision import taxonomy
from loop.export import recipe as recipes
from loop.export.annotators import Annotators, annotators
from loop.export.columns import Shape
from loop.export.models import Export, ExportRow, ExportRowDropped, ExportShard
from loop.export.profiles.registry import shape_of
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
_USED = """
SELECT DISTINCT unnest(r.authorisation_ids) FROM loop_export_row r
WHERE r.export_id = %s AND NOT EXISTS (SELECT FROM loop_export_row_dropped gone WHERE gone.row_id = r.id)
"""
_BASES = """
SELECT a.basis, count(*), count(*) FILTER (WHERE coalesce(a.compensation ->> 'term', '') NOT IN ('', 'none'))
FROM loop_authorisation a WHERE a.id = ANY(%s) GROUP BY a.basis ORDER BY a.basis
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
    annotators: Annotators
    authorisations: tuple[int, ...]  # those that rows leave under
    bases: Mapping[str, int]  # {legal basis: authorisations in use}
    paid: int  # authorisations in use with a term of compensation
    agreement: RecipientAgreement | None  # the recipient's, in force on the order's date for its purpose
    media: Mapping[str, int] = field(default_factory=dict)  # named by rows, included, missing; empty: not asked for
    absent: tuple[str, ...] = ()  # rows of the release it replaces that were recalled before this one was frozen


def gather(export: Export, shards: list[ExportShard], tally: Tally) -> ReleaseRecord:
    """Eight queries, nine for a release that replaces another."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTIES, [export.pk])
        parties: dict[str, int] = dict(cursor.fetchall())
        cursor.execute(_USED, [export.pk])
        used = [row[0] for row in cursor.fetchall()]
        cursor.execute(_BASES, [used])
        bases = cursor.fetchall()
    dropped: dict[str, int] = {}
    recipe = recipes.read(export.recipe)
    for code in ExportRowDropped.objects.filter(row__export=export).values_list("code", flat=True):
        dropped[code] = dropped.get(code, 0) + 1
    return ReleaseRecord(
        export=export,
        shape=shape_of(export.profile, recipe.form),
        recipe=recipe,
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
        annotators=annotators(export.pk),
        authorisations=tuple(used),
        bases={basis: number for basis, number, _ in bases},
        paid=sum(paid for _, _, paid in bases),
        agreement=_agreement(export),
        absent=_absent(export),
    )


def _agreement(export: Export) -> RecipientAgreement | None:
    in_force = RecipientAgreement.objects.filter(
        recipient=export.recipient,
        purposes__contains=[export.purpose],
        valid_from__lte=export.gate_date,
        valid_until__gte=export.gate_date,
        signed_on__lte=export.gate_date,
    )
    return in_force.order_by("id").last()


def _absent(export: Export) -> tuple[str, ...]:
    if export.replaces_id is None:
        return ()
    recalled = ExportRow.objects.filter(
        export=export.replaces_id, recalls__notice__issued_at__lte=export.frozen_at
    ).order_by("position")
    return tuple(dict.fromkeys(recalled.values_list("row_id", flat=True)))

"""What has left with a party's work: the releases, and what came of recalls of its rows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from loop.export.models import Export, ExportRow
from loop.material.models import Production
from loop.people.models import Contributor
from loop.recall.models import RecallNotice, RecallRow


@dataclass(frozen=True, slots=True)
class Left:
    """A published release with `rows` rows of the party, `recalled` of them named by notices since.

    `answered_at`: when the recipient said that every copy is deleted, for each notice that it said so of; `waits`: how
    many notices it has not answered so. `actions`: what it did about models that were trained on the release.
    """

    export: Export
    rows: int
    recalled: int
    asked: tuple[str, ...]
    answered_at: tuple[datetime, ...]
    waits: int
    actions: tuple[str, ...]


def releases_with(party: Contributor, production: Production) -> list[Left]:
    """The published releases of `production` with rows of `party`, newest first. Five queries.

    It says nothing of anybody else: no other party, nobody's name on the recipient's side, no name of a model.
    """
    rows = ExportRow.objects.filter(
        contributor_ids__contains=[party.pk],
        export__production=production,
        export__state=Export.State.PUBLISHED,
        dropped__isnull=True,
    )
    counts: dict[int, int] = dict(rows.order_by().values_list("export").annotate(Count("pk")))
    named = RecallRow.objects.filter(row__in=rows).order_by()
    recalled: dict[int, int] = dict(named.values_list("notice__export").annotate(Count("row", distinct=True)))
    notices = RecallNotice.objects.filter(export__in=recalled, notice_rows__row__in=rows).distinct()
    by_export: dict[int, list[RecallNotice]] = defaultdict(list)
    for notice in notices.prefetch_related("acks").order_by("id"):
        by_export[notice.export_id].append(notice)
    exports = Export.objects.filter(pk__in=counts).select_related("recipient").order_by("-published_at", "-id")
    return [_left(each, counts[each.pk], recalled.get(each.pk, 0), by_export[each.pk]) for each in exports]


def _left(export: Export, rows: int, recalled: int, notices: list[RecallNotice]) -> Left:
    acks = {notice.pk: sorted(notice.acks.all(), key=lambda ack: ack.pk) for notice in notices}
    done = [next((ack.received_at for ack in acks[each.pk] if ack.copies_deleted), None) for each in notices]
    return Left(
        export=export,
        rows=rows,
        recalled=recalled,
        asked=tuple(sorted({action for each in notices for action in each.actions})),
        answered_at=tuple(each for each in done if each is not None),
        waits=done.count(None),
        actions=tuple(
            sorted({str(model["action"]) for found in acks.values() for ack in found for model in ack.models_affected})
        ),
    )

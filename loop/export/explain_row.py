"""Why a released row was allowed out, and whether it still would be: the gate asked of both moments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from loop.export.models import Export, ExportRow
from loop.gate.explain import Explanation, explain
from loop.kernel.clock import utc_date
from loop.kernel.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class RowExplanation:
    """`at_publishing` None: the release is not published. `dropped`: the code the last check took it out by, or ""."""

    row: ExportRow
    at_publishing: Explanation | None
    now: Explanation
    dropped: str


def explain_row(*, export: Export, row_id: str) -> RowExplanation:
    """The gate's answer for the row named `row_id` (`fb_row_id`) of a frozen release, its own purpose and recipient.

    Judged at the moment of publishing and now. What is dated counts as of then: authorisations and their events, the
    ledger, terms of models, screening. Agreements of the recipient and blocks of the production are read as they are
    recorded now, for either date. Raises NotFoundError if the release has no such row.
    """
    rows = ExportRow.objects.filter(export=export, row_id=row_id)
    row = rows.select_related("decision__suggestion__production", "other_decision__suggestion", "dropped").first()
    if row is None:
        raise NotFoundError(f"row: expected a row of E-{export.number}, found {row_id[:80]!r}", field="row")
    dropped = getattr(row, "dropped", None)
    return RowExplanation(
        row=row,
        at_publishing=_asked(export, row, export.published_at) if export.published_at else None,
        now=_asked(export, row, None),
        dropped=dropped.code if dropped else "",
    )


def _asked(export: Export, row: ExportRow, published_at: datetime | None) -> Explanation:
    # Just before: what fell due by the release itself was not owed yet when it was judged.
    moment = published_at - timedelta(microseconds=1) if published_at else None
    return explain(
        suggestion=row.decision.suggestion,
        purpose=export.purpose,
        profile=export.profile,
        recipient=export.recipient,
        decision=row.decision,
        other=row.other_decision,
        on=utc_date(published_at) if published_at else None,
        moment=moment,
    )

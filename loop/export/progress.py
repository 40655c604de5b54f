"""How far a release is, for the page, the API and `--wait`."""

from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from loop.export.models import Export, ExportShard
from loop.export.rules import AWAITING, BUILDING, CANCELLED, FAILED, FROZEN, ORDERED, PUBLISHED, VERIFYING

# What of the whole work is behind when a state begins: building is nearly all of it.
BEGINS = {
    ORDERED: 0.0, FROZEN: 0.1, BUILDING: 0.1, VERIFYING: 0.9, AWAITING: 0.95,
    PUBLISHED: 1.0, FAILED: 1.0, CANCELLED: 1.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Progress:
    """`share` of the work done, 0 to 1, and a sentence."""

    state: str
    share: float
    shards: int
    shards_done: int
    rows: int
    rows_done: int
    sentence: str


def progress_of(export: Export) -> Progress:
    """The progress of a release. One query."""
    counts = ExportShard.objects.filter(export=export).aggregate(
        shards=Count("id"),
        done=Count("id", filter=Q(state=ExportShard.State.DONE)),
        rows=Sum("rows", filter=Q(state=ExportShard.State.DONE)),
    )
    shards, done, rows_done = counts["shards"], counts["done"], counts["rows"] or 0
    rows = export.rows_included or 0
    share = BEGINS[export.state]
    if export.state == BUILDING and shards:
        share += (BEGINS[VERIFYING] - share) * done / shards
    sentences = {
        ORDERED: "ordered, waiting for a worker",
        FROZEN: f"{rows} rows frozen",
        BUILDING: f"{rows_done} of {rows} rows written, shard {done} of {shards}",
        VERIFYING: f"{rows_done} rows written, verifying",
        AWAITING: f"{rows_done} rows written and verified, awaiting approval",
        PUBLISHED: f"published, {rows_done} rows",
        FAILED: f"failed: {export.failure}",
        CANCELLED: "cancelled",
    }
    return Progress(export.state, share, shards, done, rows, rows_done, sentences[export.state])

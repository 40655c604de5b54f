"""What an erasure does to releases: rows that left are traced, rows of unfinished ones are taken out and unwritten."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime

from django.db.backends.utils import CursorWrapper

from loop.export import places
from loop.export.models import Export
from loop.recall.remains import Remains
from loop.recall.trace import Reach

# Every row that rests on an erased text, by state; a row that a notice about the party names is not named again.
_ROWS = """
CREATE TEMP TABLE recalled_row ON COMMIT DROP AS
SELECT DISTINCT r.export_id, r.id AS row_id, r.authorisation_ids, e.state
FROM loop_export_row r JOIN loop_export e ON e.id = r.export_id
LEFT JOIN loop_export_row_dropped x ON x.row_id = r.id
WHERE x.row_id IS NULL AND (r.decision_id = ANY(%(decisions)s) OR r.other_decision_id = ANY(%(decisions)s))
    AND (e.state <> 'published' OR NOT EXISTS (
        SELECT FROM loop_recall_row rr
        JOIN loop_recall_notice rn ON rn.id = rr.notice_id
        LEFT JOIN loop_authorisation_event ae ON ae.id = rn.cause_id
        LEFT JOIN loop_authorisation a ON a.id = ae.authorisation_id
        LEFT JOIN loop_erasure er ON er.id = rn.erasure_id
        WHERE rr.row_id = r.id AND (a.party_id = %(party)s OR er.party_id = %(party)s)))
"""
# A decision's row carries the text of its suggestion too.
_DECISIONS = "SELECT id FROM loop_decision WHERE id = ANY(%s) OR suggestion_id = ANY(%s)"
_DROP = """
INSERT INTO loop_export_row_dropped (row_id, code, dropped_at)
SELECT row_id, 'TEXT_ERASED', %s FROM recalled_row
WHERE state IN ('frozen', 'building', 'verifying', 'awaiting', 'failed')
"""
_SHARDS = """
UPDATE loop_export_shard SET state = 'pending', attempts = 0, lease_token = NULL, lease_until = NULL, sha256 = '',
       path = '', rows = NULL, size_bytes = NULL
WHERE export_id = ANY(%s)
"""
_BACK = """
UPDATE loop_export SET state = 'building', attempts = 0, lease_token = NULL, lease_until = NULL
WHERE id = ANY(%s) AND state IN ('verifying', 'awaiting')
"""


def reach_of(cursor: CursorWrapper, found: Remains) -> tuple[list[Reach], list[Reach]]:
    """(published releases, others that have files or will have them) with rows that rest on what is erased.

    Leaves the rows in the temporary table `recalled_row`. Works alike before and after the texts went.
    """
    suggestions, decisions = found.texts
    cursor.execute("DROP TABLE IF EXISTS recalled_row")
    cursor.execute(_DECISIONS, [decisions, suggestions])
    touched = [number for (number,) in cursor.fetchall()]
    cursor.execute(_ROWS, {"decisions": touched, "party": found.party.pk})
    cursor.execute("SELECT export_id, count(*) FROM recalled_row GROUP BY 1 ORDER BY 1")
    counts: dict[int, int] = dict(cursor.fetchall())
    exports = Export.objects.select_related("production", "recipient").in_bulk(counts)
    every = [Reach(exports[number], rows) for number, rows in counts.items()]
    published = [each for each in every if each.export.state == Export.State.PUBLISHED]
    return published, [each for each in every if each.export.state != Export.State.PUBLISHED]


def take_out(cursor: CursorWrapper, unfinished: Sequence[Reach], *, at: datetime) -> None:
    """Drops the rows from releases that are not out, and has all their files written again without them."""
    ids = [each.export.pk for each in unfinished]
    cursor.execute(_DROP, [at])
    cursor.execute(_SHARDS, [ids])
    cursor.execute(_BACK, [ids])
    cursor.execute("DELETE FROM recalled_row WHERE state <> 'published'")


def remove_files(unfinished: Sequence[Reach]) -> None:
    """Removes everything that was written for them, the litter of dead workers included. After the commit.

    A worker that writes at this moment finds that its lease is gone, and leaves nothing that has a name.
    """
    for each in unfinished:
        shutil.rmtree(places.root() / str(each.export.uid), ignore_errors=True)

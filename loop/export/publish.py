"""The last look at consent, and the moment a release is out."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from loop.audit.record import record
from loop.consent import lock
from loop.export.approval import may_be_published
from loop.export.lifecycle import fail
from loop.export.models import Export
from loop.export.owed import fall_due
from loop.export.questions import at_publish
from loop.export.rules import AWAITING, BUILDING, PUBLISHED, VERIFYING
from loop.gate.reasons import REASONS
from loop.gate.rules import question_codes
from loop.gate.sieve import sieve
from loop.kernel.actor import SYSTEM
from loop.kernel.errors import LoopError


class PublishRefusedError(LoopError):
    """The order itself fails a rule by now (the agreement ended, the production is blocked); the release has failed."""

    code = "publish_refused"


_CANDIDATES = """
CREATE TEMP TABLE candidates ON COMMIT DROP AS
SELECT r.id AS n, r.decision_id, r.other_decision_id FROM loop_export_row r
WHERE r.export_id = %s AND NOT EXISTS (SELECT FROM loop_export_row_dropped gone WHERE gone.row_id = r.id)
"""
_RANK = "CASE {value} WHEN 'allowed' THEN 0 WHEN 'constrained' THEN 1 ELSE 2 END"
# A row stays only if it may leave now, under every authorisation it was frozen under, with no flag stricter than the
# one that its file states; and if its texts still exist.
_DROP = f"""
INSERT INTO loop_export_row_dropped (row_id, code, dropped_at)
SELECT x.id, x.code, %s FROM (
    SELECT r.id, CASE
        WHEN v.code IS NOT NULL THEN v.code
        WHEN NOT v.authorisation_ids @> r.authorisation_ids OR v.expires_on < r.expires_on OR EXISTS (
            SELECT FROM jsonb_each_text(v.uses) now_ (purpose, value)
            WHERE {_RANK.format(value="now_.value")} > {_RANK.format(value="(r.uses ->> now_.purpose)")}
        ) THEN 'CONSENT_CHANGED'
        WHEN EXISTS (
            SELECT FROM loop_decision d WHERE d.id IN (r.decision_id, r.other_decision_id)
            AND (NOT EXISTS (SELECT FROM loop_suggestion_text t WHERE t.suggestion_id = d.suggestion_id)
                 OR (d.text_commit IS NOT NULL
                     AND NOT EXISTS (SELECT FROM loop_decision_text t WHERE t.decision_id = d.id)))
        ) THEN 'TEXT_ERASED'
    END AS code
    FROM candidates c JOIN loop_export_row r ON r.id = c.n JOIN sieved v ON v.n = c.n
) x WHERE x.code IS NOT NULL
"""  # noqa: S608  (constants of this house)
_REWRITE = """
UPDATE loop_export_shard h SET state = 'pending', attempts = 0, lease_token = NULL, lease_until = NULL,
       sha256 = '', path = '', rows = NULL, size_bytes = NULL
WHERE h.export_id = %(export)s AND EXISTS (
    SELECT FROM loop_export_row r JOIN loop_export_row_dropped gone ON gone.row_id = r.id
    WHERE r.export_id = %(export)s AND r.position >= h.first_position AND r.position < h.end_position
      AND gone.dropped_at = %(at)s)
"""


def publish(export_id: int, token: UUID, *, folder: str) -> str | None:
    """Publishes a verified release, or takes out the rows that may not leave any more. Returns the new state.

    1. The lock of consent first, in its own statement: a withdrawal is either before this transaction, and its rows are
       dropped here, or after it, and recall names them. For every row exactly one holds.
    2. The order's own rules, then the gate for every frozen row, at the database's present moment.
    3. Rows that fail are recorded as dropped and their shards wait to be written again (state `building`); the lock is
       let go meanwhile. With none, the state is `published`, in one transaction with the audit event and with the
       fees that fall due by it (owed.py).

    None: the lease is another's by now. Raises PublishRefusedError after recording the failure.
    """
    production_id = Export.objects.values_list("production_id", flat=True).get(pk=export_id)
    with transaction.atomic(durable=True):
        at = lock.hold([production_id])
        export = (
            Export.objects.select_for_update(of=("self",))
            .select_related("production", "recipient", "replaces")
            .filter(pk=export_id, state=VERIFYING, lease_token=token)
            .first()
        )
        if export is None:
            return None
        refused = question_codes(at_publish(export, at))
        if refused:
            reason = next(each for each in REASONS if each.code == refused[0])
            failure = f"rule {reason.rule} ({reason.code}): {reason.sentence}"
            fail(export_id, failure, at)
        else:
            return _settle(export, folder, at)
    raise PublishRefusedError(failure, codes=list(refused))


def _settle(export: Export, folder: str, at: datetime) -> str:
    dropped = _drop(export, at)
    export.lease_token = export.lease_until = None
    export.attempts = 0
    if dropped:
        export.state = BUILDING
        export.save(update_fields=["state", "lease_token", "lease_until", "attempts"])
        return BUILDING
    if not may_be_published(export, at):
        export.state = AWAITING
        export.save(update_fields=["state", "lease_token", "lease_until", "attempts"])
        return AWAITING
    export.state = PUBLISHED
    export.published_at = at
    export.folder = folder
    export.save(update_fields=["state", "published_at", "folder", "lease_token", "lease_until", "attempts"])
    record(
        event="export.published",
        actor=SYSTEM,
        obj_table="loop_export",
        obj_uid=export.uid,
        production_id=export.production_id,
        at=at,
        facts={"manifest_sha256": export.manifest_sha256},
    )
    fall_due(export, at)
    return PUBLISHED


def _drop(export: Export, at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, [export.pk])
        cursor.execute("ALTER TABLE candidates ADD PRIMARY KEY (n)")
        cursor.execute("ANALYZE candidates")
        sieve(cursor, candidates="candidates", question=at_publish(export, at))
        cursor.execute(_DROP, [at])
        dropped: int = cursor.rowcount
        if dropped:
            cursor.execute(_REWRITE, {"export": export.pk, "at": at})
    return dropped

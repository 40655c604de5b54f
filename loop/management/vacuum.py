"""Rewriting the tables after an erasure, so that no byte of what was erased is left in their files."""

from __future__ import annotations

from typing import Final

from django.db import DatabaseError, connections
from psycopg import sql

from loop.kernel.errors import LoopError

OWNER: Final = "owner"

# Where words of people stand. A plain VACUUM gives the space back and leaves old bytes in it; FULL writes new files,
# indexes and long values included. Statistics keep the commonest values of a column, so they are counted anew first.
TABLES: Final = (
    "loop_suggestion_text", "loop_suggestion", "loop_decision_text", "loop_decision", "loop_decision_draft",
    "loop_material_text", "loop_material", "loop_brief", "loop_media", "loop_media_rendition", "loop_evidence",
    "loop_audit_payload", "loop_contributor", "loop_credit", "loop_saved_view", "loop_claim", "loop_assignment",
    "loop_opinion_request", "loop_user", "account_emailaddress", "account_emailconfirmation", "mfa_authenticator",
    "django_session", "django_admin_log", "loop_cache", "loop_token",
)  # fmt: skip
STATISTICS: Final = ("pg_catalog.pg_statistic",)


class VacuumRefusedError(LoopError):
    """The connection may not rewrite the tables."""

    code = "vacuum_refused"


def vacuum() -> int:
    """Rewrites every table of `TABLES` and the planner's statistics, one after another; how many tables.

    As the owner of the tables: the runtime role may not, and VACUUM runs in no function. Each table is locked while it
    is rewritten. Raises VacuumRefusedError where DATABASE_OWNER_URL leads to nobody who may, with what to run instead.
    """
    connection = connections[OWNER]
    try:
        with connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(sql.SQL("VACUUM (FULL, ANALYZE) {}").format(sql.Identifier(table)))
            for table in STATISTICS:
                cursor.execute(f"VACUUM (FULL) {table}")
            cursor.execute("CHECKPOINT" if _may_checkpoint(cursor) else "SELECT 1")
    except DatabaseError as error:
        raise VacuumRefusedError(
            "The tables could not be rewritten by the login of DATABASE_OWNER_URL; run VACUUM (FULL, ANALYZE) as the "
            f"owner of {', '.join(TABLES[:3])} and the others ({error.__class__.__name__})."
        ) from error
    return len(TABLES)


def _may_checkpoint(cursor: object) -> bool:
    cursor.execute(  # type: ignore[attr-defined]
        "SELECT rolsuper OR (current_setting('server_version_num')::int >= 150000"
        " AND pg_has_role(current_user, 'pg_checkpoint', 'USAGE')) FROM pg_roles WHERE rolname = current_user"
    )
    return bool(cursor.fetchone()[0])  # type: ignore[attr-defined]

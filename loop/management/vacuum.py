"""Rewriting the tables after an erasure, so that no byte of what was erased is left in their files."""

from __future__ import annotations

import re
import time
from typing import Final

from django.db import DatabaseError, connections
from django.db.backends.utils import CursorWrapper
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
STATISTICS: Final = ("pg_statistic",)
PATIENCE_S: Final = 120.0
PAUSE_S: Final = 0.5
_KEPT: Final = re.compile(r"([0-9]+) dead row versions cannot be removed yet", re.ASCII)


class VacuumRefusedError(LoopError):
    """The connection may not rewrite the tables."""

    code = "vacuum_refused"


def vacuum() -> int:
    """Rewrites every table of `TABLES` and the planner's statistics, one after another; how many tables.

    As the owner of the tables: the runtime role may not, and VACUUM runs in no function. Each table is locked while it
    is rewritten. A transaction that began before the erasure may still see what was erased, so the server copies it
    along; a table is rewritten again until nothing dead is left in it, for up to `PATIENCE_S`.
    Raises VacuumRefusedError where DATABASE_OWNER_URL leads to nobody who may, and where somebody reads for longer.
    """
    connection = connections[OWNER]
    connection.ensure_connection()
    said: list[str] = []
    connection.connection.add_notice_handler(lambda notice: said.append(notice.message_detail or ""))
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '60s'")  # a page that reads a table does not wait behind us for longer
            until = time.monotonic() + PATIENCE_S
            for statement in (
                *(sql.SQL("VACUUM (FULL, ANALYZE, VERBOSE) {}").format(sql.Identifier(table)) for table in TABLES),
                *(sql.SQL("VACUUM (FULL, VERBOSE) pg_catalog.{}").format(sql.Identifier(name)) for name in STATISTICS),
            ):
                _rewrite(cursor, statement, said, until=until)
            if _may_checkpoint(cursor):
                cursor.execute("CHECKPOINT")
    except DatabaseError as error:
        raise VacuumRefusedError(
            "The tables could not be rewritten by the login of DATABASE_OWNER_URL; run VACUUM (FULL, ANALYZE) as the "
            f"owner of {', '.join(TABLES[:3])} and the others ({error.__class__.__name__})."
        ) from error
    return len(TABLES)


def _rewrite(cursor: CursorWrapper, statement: sql.Composable, said: list[str], *, until: float) -> None:
    while True:
        said.clear()
        cursor.execute(statement)
        if not any(int(kept) for line in said for kept in _KEPT.findall(line)):
            return
        if time.monotonic() > until:
            raise VacuumRefusedError(
                "Somebody has been reading since before the erasure, so the server keeps the old rows for them; run "
                "VACUUM (FULL, ANALYZE) on the tables when they are done."
            )
        time.sleep(PAUSE_S)


def _may_checkpoint(cursor: CursorWrapper) -> bool:
    cursor.execute(
        "SELECT rolsuper OR (current_setting('server_version_num')::int >= 150000"
        " AND pg_has_role(current_user, 'pg_checkpoint', 'USAGE')) FROM pg_roles WHERE rolname = current_user"
    )
    return bool(cursor.fetchone()[0])

"""The bulk verb: suggestions with their decisions, in one transaction a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from django.db import connection, transaction

from loop.intake.attempt import Attempt
from loop.intake.report import IngestReport
from loop.intake.spool import rereadable
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import NotValidError
from loop.kernel.problem import Problem
from loop.material.models import Production
from loop.people.querysets import is_permitted, require
from loop.people.roles import Permission

MAX_SOURCE: Final = 100
BULK: Final = 1_000  # new rows from which on the planner should look at the tables again


def ingest(
    *,
    lines: Path | Iterable[bytes],
    production: Production,
    actor: Actor,
    source: str,
    keep_good: bool = False,
    register_reasons: bool = False,
    reason_map: Mapping[str, str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> IngestReport:
    """Reads JSON lines (product.md, "Bulk interchange") and records what is new of them.

    1. Takes the production's ingest lock: two ingests of one file do not race, the second finds everything known.
    2. Reads line by line, checks, compares with what is recorded, writes by COPY in batches: suggestions, decisions,
       signals, one audit event for each suggestion and decision. Whoever is named becomes a contributor with a credit.
    3. Any bad line: nothing is kept (`report.kept` is False), or with `keep_good` every good line is kept whole. All
       bad lines are counted, and listed with all their problems (up to report.MAX_LISTED). A line whose parent is bad
       or missing is bad too.

    The same line again changes nothing. The same suggestion or decision with other content is an error. Decisions that
    come later for a known suggestion are recorded. A parent may come later in the file. Codes outside the taxonomy are
    errors unless `reason_map` gives a code or a kind of negative for them, or `register_reasons` is set.
    `source` (at most 100 characters) says where it came from; `progress` is called with the number of lines read, and
    starts again from the beginning if a second pass is needed.
    Memory: bounded by a batch, plus about 200 bytes a suggestion. Durable. Raises NotValidError for a bad `source` or
    `reason_map`, NotAllowedError or NotFoundError without `bring_in` (a tool that brings decisions needs `decide` too).
    """
    require(actor, production, Permission.BRING_IN)
    if len(source) > MAX_SOURCE:
        raise NotValidError(f"source: expected at most {MAX_SOURCE} characters, found {len(source)}", field="source")
    may_decide = not actor.is_tool or is_permitted(actor, production, Permission.DECIDE)
    orphans: dict[str, Problem] = {}
    with rereadable(lines) as again:
        while True:  # a further pass only leaves out more lines whose parent never comes
            with transaction.atomic(durable=True), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"ingest {production.pk}"])
                attempt = Attempt(
                    cursor,
                    production=production,
                    actor=actor,
                    source=source,
                    at=now(),
                    mapping=dict(reason_map or {}),
                    register=register_reasons,
                    may_decide=may_decide,
                    known_bad=orphans,
                )
                report = attempt.run(again(), progress)
                late = attempt.late_problems()
                report.kept = not late and (report.ok or keep_good)
                transaction.set_rollback(not report.kept)
            if not late:
                _refresh_statistics(report)
                return report
            orphans |= late


def _refresh_statistics(report: IngestReport) -> None:
    """After a bulk load, tells the planner what the tables hold now: pages and releases right after it need to know."""
    if report.kept and report.suggestions_new + report.decisions_new >= BULK:
        with connection.cursor() as cursor:
            cursor.execute("SELECT loop_refresh_statistics()")

"""Acceptance of suggestions, and what an accepted one cost, by model version, stage or reason."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from django.db import connection

from loop.report.rules import ENOUGH, Interval, wilson

By = Literal["model", "stage", "reason"]

_JUDGED = """
    SELECT DISTINCT ON (d.suggestion_id) d.suggestion_id, d.outcome, d.reasons
    FROM loop_decision d
    WHERE d.production_id = %(production)s AND d.outcome IN ('accept', 'reject', 'revise')
      AND NOT EXISTS (SELECT FROM loop_decision later WHERE later.supersedes_id = d.id)
    ORDER BY d.suggestion_id, d.decided_at DESC NULLS LAST, d.position DESC, d.id DESC
"""

_SUMS = """
    count(*) AS suggestions,
    count(j.outcome) AS judged,
    count(*) FILTER (WHERE j.outcome = 'accept') AS accepted,
    count(*) FILTER (WHERE j.outcome = 'revise') AS revised,
    count(*) FILTER (WHERE j.outcome = 'reject') AS rejected,
    sum(s.cost_usd) AS cost_usd,
    count(s.cost_usd) AS priced,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY s.latency_ms) FILTER (WHERE j.outcome = 'accept') AS latency_p50,
    percentile_disc(0.9) WITHIN GROUP (ORDER BY s.latency_ms) FILTER (WHERE j.outcome = 'accept') AS latency_p90
"""

# Put together from the constants above only; the production is a parameter.
_QUERIES: dict[By, str] = {
    "model": f"""
        WITH judged AS MATERIALIZED ({_JUDGED})
        SELECT coalesce(m.label, s.origin), {_SUMS}
        FROM loop_suggestion s LEFT JOIN judged j ON j.suggestion_id = s.id
        LEFT JOIN loop_model_version m ON m.id = s.model_id
        WHERE s.production_id = %(production)s GROUP BY 1 ORDER BY 1""",  # noqa: S608
    "stage": f"""
        WITH judged AS MATERIALIZED ({_JUDGED})
        SELECT CASE s.stage WHEN '' THEN 'not stated' ELSE s.stage END, {_SUMS}
        FROM loop_suggestion s LEFT JOIN judged j ON j.suggestion_id = s.id
        WHERE s.production_id = %(production)s GROUP BY 1 ORDER BY 1""",  # noqa: S608
    "reason": f"""
        WITH judged AS MATERIALIZED ({_JUDGED})
        SELECT reason.code, {_SUMS}
        FROM judged j JOIN loop_suggestion s ON s.id = j.suggestion_id
        CROSS JOIN LATERAL unnest(j.reasons) AS reason (code)
        GROUP BY 1 ORDER BY count(*) DESC, 1""",  # noqa: S608
}


@dataclass(frozen=True, slots=True)
class AcceptanceRow:
    """One group. `judged` suggestions have a live verdict; the newest one counts, whoever gave it.

    `cost_usd` is what all suggestions of the group cost, judged or not, so `cost_per_accepted_usd` carries the price
    of the failures; both are None where no cost was recorded. Latencies are of accepted suggestions, in milliseconds.
    """

    group: str
    suggestions: int
    judged: int
    accepted: int
    revised: int
    rejected: int
    interval: Interval | None
    cost_usd: Decimal | None
    priced: int
    cost_per_accepted_usd: Decimal | None
    latency_p50_ms: int | None
    latency_p90_ms: int | None

    @property
    def is_enough(self) -> bool:
        """There are enough judged suggestions for the share to mean something."""
        return self.judged >= ENOUGH


def acceptance(*, production_id: int, by: By) -> list[AcceptanceRow]:
    """Acceptance within one production, one row a model version, stage or reason. One query.

    Grouped by reason a suggestion counts once for each reason of its newest live verdict.
    """
    with connection.cursor() as cursor:
        cursor.execute(_QUERIES[by], {"production": production_id})
        return [_row(*record) for record in cursor.fetchall()]


def _row(
    group: str,
    suggestions: int,
    judged: int,
    accepted: int,
    revised: int,
    rejected: int,
    cost: Decimal | None,
    priced: int,
    p50: int | None,
    p90: int | None,
) -> AcceptanceRow:
    per_accepted = (cost / accepted).quantize(Decimal("0.000001")) if cost is not None and accepted else None
    return AcceptanceRow(
        group=group,
        suggestions=suggestions,
        judged=judged,
        accepted=accepted,
        revised=revised,
        rejected=rejected,
        interval=wilson(accepted, judged),
        cost_usd=cost,
        priced=priced,
        cost_per_accepted_usd=per_accepted,
        latency_p50_ms=p50,
        latency_p90_ms=p90,
    )

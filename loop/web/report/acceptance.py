"""Acceptance by model version, stage and reason: three tables on one page, and each as CSV."""

from __future__ import annotations

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from loop.report.acceptance import AcceptanceRow, By, acceptance
from loop.report.rules import ENOUGH
from loop.web.csv import csv_response
from loop.web.desk import open_production, page

GROUPS: dict[By, tuple[str, str]] = {
    "model": ("By model version", "Model version"),
    "stage": ("By stage", "Stage"),
    "reason": ("By reason given", "Reason"),
}
COLUMNS = (
    "suggestions", "judged", "accepted", "revised", "rejected", "acceptance", "acceptance_low_95", "acceptance_high_95",
    "cost_usd", "suggestions_with_cost", "cost_per_accepted_usd", "latency_ms_p50_accepted", "latency_ms_p90_accepted",
)  # fmt: skip


@page
@require_safe
def report(request: HttpRequest, code: str) -> HttpResponseBase:
    """What a newer model is measured against. Three queries beside the desk's."""
    _, production = open_production(request, code)
    tables = [
        {"by": by, "title": title, "head": head, "rows": acceptance(production_id=production.pk, by=by)}
        for by, (title, head) in GROUPS.items()
    ]
    is_judged = any(row.judged for row in cast("list[AcceptanceRow]", tables[0]["rows"]))
    return render(
        request,
        "report/acceptance.html",
        {"tables": tables, "enough": ENOUGH, "is_judged": is_judged},
    )


@page
@require_safe
def download(request: HttpRequest, code: str, by: str) -> HttpResponse:
    """One of the tables as CSV, with the same numbers unrounded."""
    _, production = open_production(request, code)
    if by not in GROUPS:
        raise Http404("No such table.")
    rows = acceptance(production_id=production.pk, by=by)
    return csv_response(f"{production.code}-acceptance-by-{by}.csv", (by, *COLUMNS), (_values(row) for row in rows))


def _values(row: AcceptanceRow) -> tuple[object, ...]:
    interval = row.interval
    return (
        row.group, row.suggestions, row.judged, row.accepted, row.revised, row.rejected,
        interval and f"{interval.share:.6f}", interval and f"{interval.low:.6f}", interval and f"{interval.high:.6f}",
        row.cost_usd, row.priced, row.cost_per_accepted_usd, row.latency_p50_ms, row.latency_p90_ms,
    )  # fmt: skip

"""The rows that stayed in the house, and every rule that kept them there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from loop.export.models import Export, ExportExclusion
from loop.gate.reasons import BY_CODE, Reason
from loop.people.models import Contributor
from loop.people.roles import Permission
from loop.web.csv import csv_response
from loop.web.datateam.releases import refusals, release_at
from loop.web.desk import Desk, page

PAGE = 50
BIGINT = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kept:
    """One row that stayed: what it is about, why, and, for whoever may read the registry, because of whom."""

    exclusion: ExportExclusion
    reasons: list[Reason]
    parties: list[str]


@page
@require_safe
def excluded(request: HttpRequest, code: str, number: int) -> HttpResponseBase:
    """One page of them, by code if asked. `?after=` goes on from a row."""
    desk, _, export = release_at(request, code, number)
    wanted = request.GET.get("code", "")
    found = _found(export, wanted)
    after = request.GET.get("after", "")
    if BIGINT.fullmatch(after):
        found = found.filter(id__gt=int(after))
    rows = list(found[: PAGE + 1])
    has_more, rows = len(rows) > PAGE, rows[:PAGE]
    asked = request.GET.copy()
    if has_more:
        asked["after"] = str(rows[-1].pk)
    return render(
        request,
        "datateam/excluded.html",
        {
            "export": export,
            "rows": _kept(rows, desk),
            "refusals": refusals(export),
            "wanted": wanted,
            "older": f"?{asked.urlencode()}" if has_more else "",
            "shows_parties": desk.may(Permission.SEE_REGISTRY),
            "may_explain": desk.may(Permission.SEE_REGISTRY) or desk.may(Permission.ORDER_EXPORT),
        },
    )


@page
@require_safe
def download(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The same as CSV, all rows, without parties."""
    _, production, export = release_at(request, code, number)
    rows = _found(export, request.GET.get("code", "")).iterator(chunk_size=2000)
    head = ("suggestion", "decision_uid", "other_decision_uid", "code", "all_codes")
    return csv_response(f"{production.code}-E-{export.number}-excluded.csv", head, _cells(rows))


def _found(export: Export, code: str) -> QuerySet[ExportExclusion]:
    found = ExportExclusion.objects.filter(export=export).select_related("suggestion", "decision", "other_decision")
    if code:
        found = found.filter(code=code)
    return found.order_by("id")


def _kept(rows: list[ExportExclusion], desk: Desk) -> list[Kept]:
    names: dict[int, str] = {}
    if desk.may(Permission.SEE_REGISTRY):
        ids = {each for row in rows for each in row.contributor_ids}
        names = {each.pk: str(each) for each in Contributor.objects.filter(id__in=ids)}
    return [
        Kept(
            row,
            [BY_CODE[code] for code in row.codes if code in BY_CODE],
            [names[each] for each in row.contributor_ids if each in names],
        )
        for row in rows
    ]


def _cells(rows: Iterator[ExportExclusion]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        other = row.other_decision.uid if row.other_decision else ""
        yield row.suggestion.external_id, row.decision.uid, other, row.code, " ".join(row.codes)

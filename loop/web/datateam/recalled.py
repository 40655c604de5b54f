"""What was recalled from a release: its notices, every row they name, the signed feed, and the order for a replacement.

A recalled row is named here for ever, by its id alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from loop.export.addresses import FEED, path_to
from loop.export.files import NotPublishedError
from loop.kernel.clock import now, rfc3339
from loop.kernel.errors import ConflictError, NotValidError
from loop.people.roles import Permission
from loop.recall.feed import edition, replaced_by, replacements, signed_feed
from loop.recall.models import RecallRow
from loop.recall.querysets import notices, recall_of
from loop.recall.reissue import reissue
from loop.tasks import nudge
from loop.web.csv import csv_response
from loop.web.datateam.releases import release_at
from loop.web.desk import page

PAGE = 100
BIGINT = re.compile(r"[0-9]{1,18}", re.ASCII)


@page
@require_safe
def recalled(request: HttpRequest, code: str, number: int) -> HttpResponseBase:
    """The notices of a release, and one page of the rows they name. `?after=` goes on from a row."""
    desk, _, export = release_at(request, code, number)
    found, moment = list(notices().filter(export=export).order_by("id")), now()
    gone = replaced_by(replacements(export), found)
    rows = _rows(export.pk)
    after = request.GET.get("after", "")
    if BIGINT.fullmatch(after):
        rows = rows.filter(id__gt=int(after))
    shown = list(rows[: PAGE + 1])
    return render(
        request,
        "datateam/recalled.html",
        {
            "export": export,
            "recalls": [(recall_of(notice, moment), gone.get(notice.pk, "").partition("@")[2]) for notice in found],
            "rows": shown[:PAGE],
            "older": f"?after={shown[PAGE - 1].pk}" if len(shown) > PAGE else "",
            "feed": request.build_absolute_uri(path_to(FEED, export.uid)),
            "may_replace": desk.may(Permission.ORDER_EXPORT) and len(gone) < len(found),
        },
    )


@page
@require_safe
def download(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Every recalled row of the release with its notice, as CSV."""
    _, production, export = release_at(request, code, number)
    head = ("fb_row_id", "notice", "basis", "issued_at", "deadline")
    return csv_response(
        f"{production.code}-E-{export.number}-recalled.csv", head, _cells(_rows(export.pk).iterator(chunk_size=2000))
    )


@page
@require_safe
def feed(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The signed feed, as the recipient fetches it."""
    _, production, export = release_at(request, code, number)
    try:
        body = signed_feed(edition(export))
    except NotPublishedError as error:
        raise Http404(str(error)) from error
    response = HttpResponse(body, content_type="application/vnd.dsse.envelope+json")
    name = f"{production.code}-E-{export.number}-recalls.json"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return response


@page
@require_POST
def replace(request: HttpRequest, code: str, number: int) -> HttpResponseBase:
    """Orders the release that takes its place."""
    desk, _, export = release_at(request, code, number)
    try:
        ordered = reissue(export=export, actor=desk.actor)
    except (ConflictError, NotValidError) as error:
        messages.error(request, f"Nothing was ordered: {error}.")
        return redirect("export-recalled", code, number)
    nudge(ordered)
    messages.success(request, f"Ordered E-{ordered.number}, version {ordered.version}, in place of E-{export.number}.")
    return redirect("export", code, ordered.number)


def _rows(export_id: int) -> QuerySet[RecallRow]:
    return RecallRow.objects.filter(notice__export=export_id).select_related("notice", "row").order_by("id")


def _cells(rows: Iterator[RecallRow]) -> Iterator[tuple[object, ...]]:
    for each in rows:
        notice = each.notice
        yield each.row.row_id, notice.uid, notice.basis, rfc3339(notice.issued_at), rfc3339(notice.deadline)

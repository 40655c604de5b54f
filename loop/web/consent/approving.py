"""Approvals: what waits for a second person, what came of it, the same as CSV, and one request with all it would do.

Whoever reads the registry reads them; a consent officer who did not ask approves or refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from loop.export.models import Export
from loop.kernel.clock import now, utc_date
from loop.kernel.errors import ConflictError, NotValidError
from loop.people.roles import Permission
from loop.recall.approvals import Approval, Standing, approvals, obstacle, reason_of, requests_about, word_on
from loop.recall.approve import Approved, approve
from loop.recall.preview import preview
from loop.recall.refuse import LONGEST_REASON, refuse
from loop.tasks import nudge
from loop.web.auditor.reading import names_of
from loop.web.csv import csv_response
from loop.web.datateam.releases import refusals
from loop.web.desk import Desk, open_production, page

PAGE = 100
BIGINT = re.compile(r"[0-9]{1,18}", re.ASCII)
COLUMNS = ("request", "kind", "about", "state", "asked_by", "asked_at", "decided_by", "decided_at")


class WordForm(forms.Form):
    """The second person's word."""

    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed to refuse; kept with the log, where it can be erased.",
    )


@page
@require_safe
def index(request: HttpRequest, code: str) -> HttpResponseBase:
    """What waits, oldest first, then what was decided, newest first, at most `PAGE` a page."""
    desk, production = open_production(request, code, Permission.SEE_REGISTRY)
    about = requests_about(production)
    decided = about.exclude(decision=None)
    before = request.GET.get("before", "")
    if BIGINT.fullmatch(before):
        decided = decided.filter(id__lt=int(before))
    rows = list(decided[: PAGE + 1])
    found = approvals([*about.filter(decision=None).order_by("id"), *rows[:PAGE]])
    return render(
        request,
        "consent/approvals.html",
        {
            "waiting": [each for each in found if each.standing is Standing.WAITING],
            "past": [each for each in found if each.standing is not Standing.WAITING],
            "names": _names(found),
            "older": f"?before={rows[PAGE - 1].pk}" if len(rows) > PAGE else "",
            "may_decide": desk.may(Permission.APPROVE),
            "me": desk.actor.pid,
        },
    )


@page
@require_safe
def download(request: HttpRequest, code: str) -> HttpResponse:
    """Every request of the production as CSV."""
    _, production = open_production(request, code, Permission.SEE_REGISTRY)
    found = approvals(requests_about(production))
    names = _names(found)
    return csv_response(f"{production.code}-approvals.csv", COLUMNS, (_cells(each, names) for each in found))


@page
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, code: str, uid: UUID) -> HttpResponseBase:
    """One request with what will be done in full; POST with `act` approve or refuse decides it."""
    desk, production = open_production(request, code, Permission.SEE_REGISTRY)
    (found,) = approvals([get_object_or_404(requests_about(production), uid=uid)])
    form = WordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _decide(request, found, desk, code, form.cleaned_data["reason"])
        except NotValidError as error:
            form.add_error("reason", str(error))
    asks = found.standing is Standing.WAITING
    context: dict[str, Any] = {
        "approval": found,
        "names": _names([found]),
        "reason": reason_of(found.request),
        "word": word_on(found.request),
        "obstacle": obstacle(found.request, desk.actor) if asks else "",
        "form": form if asks else None,
    }
    context |= _of_release(found.export) if found.export else _of_withdrawal(found, desk)
    return render(request, "consent/approval.html", context, status=422 if request.method == "POST" else 200)


def _decide(request: HttpRequest, found: Approval, desk: Desk, code: str, reason: str) -> HttpResponseBase:
    try:
        if request.POST.get("act") == "refuse":
            refuse(request=found.request, reason=reason, actor=desk.actor)
            messages.success(request, "Refused.")
        else:
            done = approve(request=found.request, actor=desk.actor, reason=reason)
            if done.export is not None:
                nudge(done.export)
            messages.success(request, _done(done))
    except ConflictError as error:
        messages.error(request, f"Nothing was decided: {error}")
    return redirect("approval", code, found.request.uid)


def _done(done: Approved) -> str:
    if done.report is None:
        return "Approved. It is checked once more and published."
    recalled = ", ".join(f"E-{each.export.number}" for each in done.report.published) or "no published release"
    return f"Approved and withdrawn. Recalled: {recalled}."


def _of_release(export: Export) -> dict[str, Any]:
    today = utc_date(now())
    agreements = export.recipient.agreements.filter(valid_from__lte=today, valid_until__gte=today).order_by("-id")
    return {
        "export": export,
        "refusals": refusals(export),
        "agreements": [each for each in agreements if export.purpose in each.purposes],
    }


def _of_withdrawal(found: Approval, desk: Desk) -> dict[str, Any]:
    """What it would reach now, for whoever may withdraw there; else, and once it is decided, what was asked."""
    asks = found.standing is Standing.WAITING and desk.may(Permission.WITHDRAW)
    if not asks or any(each.production_id is None for each in found.records):
        return {"releases": found.request.asked["releases"]}
    report = preview(authorisations=found.records, actor=desk.actor)
    return {
        "releases": [
            {"release": f"E-{each.export.number}", "recipient": each.export.recipient.code, "rows": each.rows}
            for each in report.published
        ],
        "in_progress": report.in_progress,
        "is_now": True,
    }


def _names(found: Iterable[Approval]) -> dict[str, str]:
    pids = {each.request.asked_by for each in found}
    return names_of(pids | {each.request.decision.decided_by for each in found if each.is_decided})


def _cells(found: Approval, names: dict[str, str]) -> tuple[object, ...]:
    request = found.request
    by, at = (request.decision.decided_by, request.decision.decided_at) if found.is_decided else ("", None)
    return (
        request.uid, request.kind, found.subject, found.standing.value, names.get(request.asked_by),
        f"{request.asked_at:%Y-%m-%dT%H:%M:%SZ}", names.get(by, ""), f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else "",
    )  # fmt: skip

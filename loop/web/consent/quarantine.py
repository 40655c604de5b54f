"""What is held in quarantine: the list, its CSV, and a person's word that lets a text go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from loop.kernel.errors import ConflictError, NotValidError
from loop.material.models import Production
from loop.people.roles import Permission
from loop.screening import codes
from loop.screening.models import ScreenVerdict
from loop.screening.querysets import held_alone_by, held_back
from loop.screening.release import MAX_REASON, release
from loop.screening.release_code import MOST, release_code
from loop.web.consent.governing import open_governance
from loop.web.csv import csv_response
from loop.web.desk import page
from loop.web.editor.provenance import places_of
from loop.web.editor.rows import short_name
from loop.web.editor.wanted import kind_words

PAGE = 200


@page
@require_safe
def index(request: HttpRequest, code: str) -> HttpResponseBase:
    """What is held back, newest first, at most `PAGE`; the CSV has all of it."""
    desk, production = open_governance(request, code)
    code_asked = request.GET.get("code", "")
    held = _held(production)
    listed = held.filter(findings__has_key=code_asked) if code_asked else held
    found = list(listed[: PAGE + 1])
    counts: Counter[str] = Counter(
        each for findings in held_back(production).values_list("findings", flat=True) for each in findings
    )
    context = {
        "codes": [(each, codes.words_of(each), count) for each, count in sorted(counts.items())],
        "asked": code_asked,
        "asked_words": codes.words_of(code_asked) if code_asked else "",
        "alone": len(held_alone_by(production, code_asked)) if code_asked else 0,
        "rows": [_row(production, verdict) for verdict in found[:PAGE]],
        "has_more": len(found) > PAGE,
        "may_release": desk.may(Permission.MANAGE_PEOPLE),
    }
    return render(request, "consent/quarantine.html", context)


@page
@require_safe
def download(request: HttpRequest, code: str) -> HttpResponse:
    """What is held back as CSV: codes and counts, no text."""
    _, production = open_governance(request, code)
    return csv_response(
        f"{production.code}-quarantine.csv",
        ("suggestion", "decision", "stage", "kind", "model", "findings", "screening", "since"),
        _lines(production),
    )


@page
@require_http_methods(["GET", "HEAD", "POST"])
def let_go(request: HttpRequest, code: str, uid: UUID) -> HttpResponseBase:
    """GET says what is held and why; POST releases it with a reason."""
    desk, production = open_governance(request, code)
    if not desk.may(Permission.MANAGE_PEOPLE):
        raise PermissionDenied
    verdict = _held(production).filter(uid=uid).first()
    if verdict is None:
        raise Http404("Nothing is held back under this name.")
    wrong = ""
    if request.method == "POST":
        try:
            release(verdict=verdict, production=production, reason=request.POST.get("reason", ""), actor=desk.actor)
        except NotValidError as error:
            wrong = str(error)
        except ConflictError as error:
            messages.error(request, str(error))
            return redirect("quarantine", code)
        else:
            messages.success(request, "Released. Whether it may leave is for the other rules to say.")
            return redirect("quarantine", code)
    context = {
        "row": _row(production, verdict),
        "wrong": wrong,
        "reason": request.POST.get("reason", ""),
        "most": MAX_REASON,
    }
    return render(request, "consent/quarantine_release.html", context, status=422 if wrong else 200)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def let_go_code(request: HttpRequest, code: str, finding: str) -> HttpResponseBase:
    """GET says how many texts one finding alone holds back; POST releases them with a reason."""
    desk, production = open_governance(request, code)
    if not desk.may(Permission.MANAGE_PEOPLE):
        raise PermissionDenied
    alone = len(held_alone_by(production, finding))
    if not alone:
        raise Http404("This finding holds nothing back alone.")
    wrong = ""
    if request.method == "POST":
        reason = request.POST.get("reason", "")
        try:
            count = release_code(production=production, code=finding, reason=reason, actor=desk.actor)
        except NotValidError as error:
            wrong = str(error)
        except ConflictError as error:
            messages.error(request, str(error))
            return redirect("quarantine", code)
        else:
            messages.success(request, f"{count} released. Whether they may leave is for the other rules to say.")
            return redirect("quarantine", code)
    context = {
        "finding": finding,
        "words": codes.words_of(finding),
        "alone": alone,
        "others": held_back(production).filter(findings__has_key=finding).count() - alone,
        "wrong": wrong,
        "reason": request.POST.get("reason", ""),
        "most": MAX_REASON,
        "at_a_time": MOST,
    }
    return render(request, "consent/quarantine_release_code.html", context, status=422 if wrong else 200)


def _held(production: Production) -> Any:
    related = ("suggestion__model", "decision__suggestion__model")
    return held_back(production).select_related(*related).order_by("-id")


def _row(production: Production, verdict: ScreenVerdict) -> dict[str, Any]:
    suggestion = verdict.suggestion or verdict.decision.suggestion  # type: ignore[union-attr]  # one of them is set
    return {
        "uid": verdict.uid,
        "name": short_name(suggestion.external_id),
        "url": reverse("dossier", args=[production.code, suggestion.uid]),
        "of": "suggestion" if verdict.suggestion else "decision",
        "stage": suggestion.get_stage_display() if suggestion.stage else "",
        "kind": kind_words(suggestion.kind),
        "model": suggestion.model.label if suggestion.model else "",
        "findings": ", ".join(verdict.findings),
        "found": [(each, codes.words_of(each), count) for each, count in verdict.findings.items()],
        "places": places_of(verdict.places),
        "since": verdict.recorded_at,
    }


def _lines(production: Production) -> Iterator[tuple[object, ...]]:
    for verdict in _held(production):
        suggestion = verdict.suggestion or verdict.decision.suggestion
        yield (
            suggestion.external_id, verdict.decision.uid if verdict.decision else "", suggestion.stage, suggestion.kind,
            suggestion.model.label if suggestion.model else "",
            "; ".join(f"{code} {count}" for code, count in verdict.findings.items()), verdict.version,
            verdict.recorded_at,
        )  # fmt: skip

"""The compensation ledger: what is promised, due and met; the form that meets it; and the same for payroll as CSV."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from loop.consent.compensation import MOST
from loop.consent.evidence import document_of
from loop.consent.models import CompensationEntry
from loop.consent.settle import settle
from loop.kernel.clock import now, utc_date
from loop.kernel.errors import LoopError
from loop.material.models import Production
from loop.people.roles import Permission
from loop.report.compensation import STANDINGS, Owed, compensation
from loop.web.csv import csv_response
from loop.web.desk import Desk, open_production, page

PAGE = 200
Kind = CompensationEntry.Kind
COLUMNS = (
    "authorisation", "party", "party_name", "line", "term", "state", "amount", "currency", "due_on", "release", "rows",
    "met_on", "met_amount", "met_currency", "evidence", "evidence_sha256",
)  # fmt: skip


class FilterForm(forms.Form):
    """The filters; all optional, all in the address."""

    party = forms.CharField(label="Party", required=False, max_length=200)
    state = forms.ChoiceField(
        label="State", required=False, choices=[("", "any"), *[(each, each) for each in STANDINGS]]
    )


class MeetForm(forms.Form):
    """How it is met."""

    kind = forms.ChoiceField(label="How", choices=[(Kind.SETTLED.value, "settled"), (Kind.WAIVED.value, "waived")])
    amount = forms.DecimalField(label="Amount", required=False, min_value=0, max_value=MOST, decimal_places=2)
    currency = forms.CharField(label="Currency", required=False, max_length=3, help_text="Three capitals: USD, EUR.")
    evidence = forms.FileField(
        label="Evidence",
        required=False,
        help_text="Proof of payment; for a waiver the party's own word, which it needs.",
    )


@page
@require_safe
def index(request: HttpRequest, code: str) -> HttpResponseBase:
    """The ledger, what is overdue first, at most `PAGE` lines; the CSV has all of them."""
    desk, production = _open(request, code)
    form = FilterForm(request.GET or None)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    every = compensation(production=production, on=utc_date(now()))
    found = [line for line in every if _is_wanted(line, wanted.get("party", ""), wanted.get("state", ""))]
    return render(
        request,
        "consent/compensation.html",
        {
            "form": form,
            "lines": found[:PAGE],
            "total": len(found),
            "owed": sum(1 for line in every if line.is_owed),
            "filtered": any(wanted.values()),
            "may_settle": desk.may(Permission.SETTLE),
            "reads_registry": desk.may(Permission.SEE_REGISTRY),
        },
    )


@page
@require_safe
def download(request: HttpRequest, code: str) -> HttpResponse:
    """The whole ledger for payroll."""
    _, production = _open(request, code)
    lines = compensation(production=production, on=utc_date(now()))
    return csv_response(f"{production.code}-compensation.csv", COLUMNS, (_cells(line) for line in lines))


@page
@require_http_methods(["GET", "HEAD", "POST"])
def meet(request: HttpRequest, code: str, uid: UUID) -> HttpResponseBase:
    """One line: `uid` is that of a due line, or of an authorisation for what that promised. POST settles or waives."""
    desk, production = open_production(request, code, Permission.SETTLE)
    line = next((each for each in compensation(production=production, on=utc_date(now())) if _uid(each) == uid), None)
    if line is None:
        raise Http404("No such line.")
    form = MeetForm(request.POST or None, request.FILES or None, initial={"currency": line.currency})
    if request.method == "POST" and form.is_valid():
        data, upload = form.cleaned_data, form.cleaned_data["evidence"]
        kind = data["kind"]
        try:
            settle(
                authorisation=line.authorisation, entry=line.entry, kind=kind, amount=data["amount"],
                # The field is filled in for whoever types an amount; alone it says nothing.
                currency=data["currency"] if data["amount"] is not None else "",
                evidence=document_of(upload.name, upload.read(), kind=f"compensation_{kind}") if upload else None,
                actor=desk.actor,
            )  # fmt: skip
        except LoopError as error:
            field = str(error.facts.get("field") or "")
            form.add_error(field if field in form.fields else None, str(error))
        else:
            messages.success(request, f"Recorded as {kind}.")
            return redirect("compensation", code)
    context = {"form": form, "line": line, "reads_registry": desk.may(Permission.SEE_REGISTRY)}
    return render(request, "consent/meet.html", context, status=422 if request.method == "POST" else 200)


def _open(request: HttpRequest, code: str) -> tuple[Desk, Production]:
    """The production, for whoever keeps the ledger or reads the registry."""
    desk, production = open_production(request, code)
    if not desk.may(Permission.SETTLE) and not desk.may(Permission.SEE_REGISTRY):
        raise PermissionDenied
    return desk, production


def _uid(line: Owed) -> UUID:
    return line.entry.uid if line.entry else line.authorisation.uid


def _is_wanted(line: Owed, party: str, state: str) -> bool:
    whose, words = line.authorisation.party, party.strip().casefold()
    named = not words or words in whose.name.casefold() or words in whose.external_id.casefold()
    return named and state in {"", line.standing}


def _cells(line: Owed) -> tuple[object, ...]:
    record, met, evidence = line.authorisation, line.met_by, line.evidence
    return (
        record.uid, record.party.external_id, record.party.name, line.entry and line.entry.uid,
        record.compensation.get("term"), line.standing, line.amount, line.currency, line.due_on, line.release,
        line.rows, met and met.recorded_at.date(), met and met.amount, met and met.currency,
        evidence and evidence.file_name, evidence and evidence.sha256,
    )  # fmt: skip

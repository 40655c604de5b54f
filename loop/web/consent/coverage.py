"""Who allows what today, who was never asked, and what ends within 60 days: on the page and as CSV."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from loop.kernel.clock import now
from loop.people.roles import Permission
from loop.report.coverage import PURPOSES, SAID, Covered, coverage
from loop.web.csv import csv_response
from loop.web.desk import open_production, page

PAGE = 200
ENDING = "ending"


class CoverageForm(forms.Form):
    """The filters; all optional, all in the address. The production is in the path."""

    party = forms.CharField(label="Party", required=False, max_length=200)
    purpose = forms.ChoiceField(
        label="Purpose", required=False, choices=[("", "any"), *[(name, name.replace("_", " ")) for name in PURPOSES]]
    )
    state = forms.ChoiceField(
        label="State",
        required=False,
        choices=[("", "any"), *[(each, each) for each in SAID], (ENDING, "ends within 60 days")],
    )


@page
@require_safe
def index(request: HttpRequest, code: str) -> HttpResponseBase:
    """A line a party, a column a purpose; at most `PAGE` parties, the CSV has all of them."""
    _, production = open_production(request, code, Permission.SEE_REGISTRY)
    form = CoverageForm(request.GET or None)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    every = coverage(production=production, moment=now())
    found = [row for row in every if _is_wanted(row, **wanted)] if wanted else every
    chosen = wanted.get("purpose")
    return render(
        request,
        "consent/coverage.html",
        {
            "form": form,
            "rows": found[:PAGE],
            "total": len(found),
            "purposes": [chosen] if chosen else PURPOSES,
            "chosen": chosen,
            "ending": sorted(
                (record for row in found for record in row.ending), key=lambda each: (each.valid_until, each.pk)
            )[:PAGE],
            "without": [row for row in every if not row.has_records],
            "filtered": any(wanted.values()),
        },
    )


@page
@require_safe
def download(request: HttpRequest, code: str) -> HttpResponse:
    """Every party as CSV, a column a purpose."""
    _, production = open_production(request, code, Permission.SEE_REGISTRY)
    rows = coverage(production=production, moment=now())
    head = ("party", "name", "kind", *PURPOSES, "first_ends_on", "ends_within_60_days")
    return csv_response(
        f"{production.code}-coverage.csv",
        head,
        (
            (row.party.external_id, row.party.name, row.party.kind, *row.said, row.ends_on, len(row.ending))
            for row in rows
        ),
    )


def _is_wanted(row: Covered, *, party: str, purpose: str, state: str) -> bool:
    words = party.strip().casefold()
    if words and words not in row.party.name.casefold() and words not in row.party.external_id.casefold():
        return False
    if state == ENDING:
        return bool(row.ending)
    said = dict(row.by_purpose)
    return not state or state in ({said[purpose]} if purpose else set(row.said))

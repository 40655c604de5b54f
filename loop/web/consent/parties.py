"""Whose work, judgement or likeness is involved in a production: the list, and what is known of one party."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from loop.gate.parties import known_parties
from loop.kernel.errors import LoopError
from loop.material.models import Production
from loop.people.models import Contributor
from loop.people.party import register_party
from loop.people.roles import Permission
from loop.web.csv import csv_response
from loop.web.desk import Desk, at, open_production, page

PAGE = 200


class FilterForm(forms.Form):
    """The filters; all optional, all in the address."""

    party = forms.CharField(label="Party", required=False, max_length=200)
    kind = forms.ChoiceField(label="Kind", required=False, choices=[("", "any"), *Contributor.Kind.choices])


class PartyForm(forms.Form):
    """What is known of a party."""

    name = forms.CharField(label="Name", required=False, max_length=200)
    kind = forms.ChoiceField(label="Kind", choices=Contributor.Kind.choices)
    function = forms.CharField(
        label="Credit", required=False, max_length=64, help_text="A function on the production to add: author, actor."
    )
    minor_until = forms.DateField(
        label="A minor until", required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The day the person comes of age. Until then nothing leaves without a rider signed for them.",
    )  # fmt: skip


class NewPartyForm(PartyForm):
    """A party that nothing has named yet."""

    party = forms.CharField(label="Id", max_length=200, help_text="How other systems call it; it never changes.")
    field_order = ("party",)


@page
@require_safe
def index(request: HttpRequest, code: str) -> HttpResponseBase:
    """Every party known to the production, at most `PAGE`; the CSV has all of them."""
    desk, production = open_production(request, code, Permission.SEE_REGISTRY)
    form = FilterForm(request.GET or None)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    found = _parties(production)
    if words := wanted.get("party", "").strip():
        found = found.filter(Q(external_id__icontains=words) | Q(name__icontains=words))
    if kind := wanted.get("kind"):
        found = found.filter(kind=kind)
    rows = list(found[: PAGE + 1])
    context = {
        "form": form, "rows": rows[:PAGE], "has_more": len(rows) > PAGE, "filtered": any(wanted.values()),
        "may_change": _may_change(desk),
    }  # fmt: skip
    return render(request, "consent/parties.html", context)


@page
@require_safe
def download(request: HttpRequest, code: str) -> HttpResponse:
    """Every party as CSV."""
    _, production = open_production(request, code, Permission.SEE_REGISTRY)
    head = ("party", "name", "kind", "minor_until", "authorisations")
    rows = _parties(production).values_list("external_id", "name", "kind", "minor_until", "records")
    return csv_response(f"{production.code}-parties.csv", head, rows)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, code: str) -> HttpResponseBase:
    """The form of a new party; one that is known already is refused, so that nobody is changed by mistake."""
    desk, production = _open(request, code)
    form = NewPartyForm(request.POST or None, initial={"kind": Contributor.Kind.PERSON})
    if request.method == "POST" and form.is_valid():
        external_id = form.cleaned_data["party"]
        if Contributor.objects.filter(namespace=production.code, external_id=external_id).exists():
            form.add_error("party", f"expected a new id, found {external_id}, which is known already")
        elif party := _register(form, desk, production, external_id):
            messages.success(request, f"{party} is registered.")
            return redirect("parties", code)
    return _form_page(request, form, None)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, code: str, uid: UUID) -> HttpResponseBase:
    """What is known of a party, to be changed."""
    desk, production = _open(request, code)
    party = get_object_or_404(known_parties(production), uid=uid, namespace=production.code)
    initial = {"name": party.name, "kind": party.kind, "minor_until": party.minor_until}
    form = PartyForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid() and _register(form, desk, production, party.external_id):
        messages.success(request, "Recorded.")
        return redirect("parties", code)
    return _form_page(request, form, party)


def _open(request: HttpRequest, code: str) -> tuple[Desk, Production]:
    desk, production = open_production(request, code)
    if not _may_change(desk):
        raise PermissionDenied
    return desk, production


def _may_change(desk: Desk) -> bool:
    return desk.may(Permission.AUTHORISE) or desk.may(Permission.MANAGE_PEOPLE)


def _register(form: PartyForm, desk: Desk, production: Production, external_id: str) -> Contributor | None:
    """The party as the form has it; None with the form's errors."""
    data: dict[str, Any] = form.cleaned_data
    try:
        return register_party(
            production=production, external_id=external_id, actor=desk.actor, kind=data["kind"], name=data["name"],
            functions=[data["function"]] if data["function"] else (), minor_until=data["minor_until"],
            of_age=data["minor_until"] is None,
        )  # fmt: skip
    except LoopError as error:
        field = str(error.facts.get("field") or "")
        form.add_error(field if field in form.fields else None, str(error))
        return None


def _form_page(request: HttpRequest, form: PartyForm, party: Contributor | None) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    may_erase = party is not None and at(request).may(Permission.AUTHORISE)
    return render(request, "consent/party.html", {"form": form, "party": party, "may_erase": may_erase}, status=status)


def _parties(production: Production) -> QuerySet[Any]:
    """With the number of their records about the production; in the order of their ids."""
    about = Q(authorisations__production=production) | Q(
        authorisations__isnull=False, authorisations__production__isnull=True
    )
    return (
        known_parties(production)
        .annotate(records=Count("authorisations", filter=about, distinct=True))
        .order_by("external_id")
    )

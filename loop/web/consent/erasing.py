"""Erasing what a party left: first what would go, what it reaches and what stays; then the act."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from loop.kernel.errors import ConflictError, NotValidError
from loop.people.models import Contributor
from loop.people.roles import Permission
from loop.recall.erase import erase
from loop.web.desk import open_production, page

ANY_BASIS = "preview"


class EraseForm(forms.Form):
    """Under which law, and how far."""

    basis = forms.CharField(
        label="Legal basis", max_length=64, help_text="As the law is cited, without a name in it: gdpr_art17_1_b."
    )
    with_evidence = forms.BooleanField(
        label="Also the documents it signed",
        required=False,
        help_text="Else they are kept as proof of what it allowed.",
    )
    with_derived = forms.BooleanField(label="Also revisions that others made of its texts", required=False)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def erasing(request: HttpRequest, code: str, uid: UUID) -> HttpResponseBase:
    """GET counts what would go and names what stays; POST erases and recalls what left."""
    desk, production = open_production(request, code, Permission.AUTHORISE)
    party = get_object_or_404(Contributor, uid=uid, namespace=production.code)
    form = EraseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            report = erase(party=party, production=production, actor=desk.actor, **form.cleaned_data)
        except NotValidError as error:
            form.add_error("basis", str(error))
        except ConflictError as error:
            messages.error(request, str(error))
            return redirect("party-erase", code, uid)
        else:
            recalled = ", ".join(f"E-{each.export.number}" for each in report.published) or "no published release"
            messages.success(request, f"Erased. Recalled: {recalled}.")
            return redirect("parties", code)
    refused, preview = "", None
    try:
        preview = erase(party=party, production=production, actor=desk.actor, basis=ANY_BASIS, is_preview=True)
    except ConflictError as error:
        refused = str(error)
    context = {"party": party, "form": form, "report": preview, "refused": refused}
    return render(request, "consent/erase.html", context, status=422 if form.errors else 200)

"""May this suggestion's rows leave, for that purpose, to that recipient? Every rule with its evidence."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from loop.consent.models import Recipient
from loop.consent.terms import PURPOSES
from loop.export.explain_row import explain_row
from loop.export.models import Export, Profile
from loop.gate.explain import explain
from loop.kernel.errors import NotFoundError
from loop.people.roles import Permission
from loop.suggestion.models import Suggestion
from loop.web.desk import open_production, page


class QuestionForm(forms.Form):
    """The question."""

    purpose = forms.ChoiceField(label="Purpose", choices=[(name, name) for name in PURPOSES])
    recipient = forms.ModelChoiceField(
        label="Recipient", queryset=Recipient.objects.order_by("code"), to_field_name="code", empty_label="choose"
    )
    profile = forms.ChoiceField(label="Profile", required=False, choices=[("", "any"), *Profile.choices])
    on = forms.DateField(label="Date", required=False, widget=forms.DateInput(attrs={"type": "date"}))


@page
@require_safe
def explained(request: HttpRequest, code: str, uid: UUID) -> HttpResponseBase:
    """The form, and the answer once it is filled in. For the data team without the names of those who refused."""
    desk, production = open_production(request, code)
    if not desk.may(Permission.SEE_REGISTRY) and not desk.may(Permission.ORDER_EXPORT):
        raise PermissionDenied
    suggestion = get_object_or_404(
        Suggestion.objects.select_related("production", "brief"), production=production, uid=uid
    )
    form = QuestionForm(request.GET or None, initial={"purpose": "ai_generative_training"})
    answer = None
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        answer = explain(
            suggestion=suggestion,
            purpose=data["purpose"],
            recipient=data["recipient"],
            profile=data["profile"] or None,
            on=data["on"],
        )
    return render(
        request,
        "consent/explain.html",
        {"form": form, "suggestion": suggestion, "answer": answer, "shows_parties": desk.may(Permission.SEE_REGISTRY)},
    )


@page
@require_safe
def released(request: HttpRequest, code: str, number: int) -> HttpResponseBase:
    """Why a row is in a release: as it was published, and as of now. Without ?row= it asks for one."""
    desk, production = open_production(request, code, Permission.SEE_EXPORT)
    if not desk.may(Permission.SEE_REGISTRY) and not desk.may(Permission.ORDER_EXPORT):
        raise PermissionDenied
    related = Export.objects.select_related("production", "recipient")
    export = get_object_or_404(related, production=production, number=number)
    row_id = request.GET.get("row", "").strip().replace("\x00", "")
    found, problem = None, ""
    if row_id:
        try:
            found = explain_row(export=export, row_id=row_id)
        except NotFoundError as error:
            problem = str(error)
    answers = []
    if found is not None:
        answers = [("As it was published", found.at_publishing), ("Now", found.now)]
    return render(
        request,
        "consent/explain_row.html",
        {
            "export": export,
            "row_id": row_id,
            "found": found,
            "problem": problem,
            "answers": [(words, answer) for words, answer in answers if answer is not None],
            "shows_parties": desk.may(Permission.SEE_REGISTRY),
        },
        status=404 if problem else 200,
    )

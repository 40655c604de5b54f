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
from loop.export.models import Profile
from loop.gate.explain import explain
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

"""A new order: the form, what it would give, and placing it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from loop.consent.models import Recipient
from loop.consent.terms import GRANTABLE_PURPOSES, PROFILE_PURPOSE, PURPOSES
from loop.export.approval import goes_outside
from loop.export.models import Profile
from loop.export.order import order
from loop.export.preview import Preview, preview
from loop.export.profiles.registry import SHAPES
from loop.export.recipe import FORM_WORDS, FORMS, STANDARD
from loop.export.rules import DAYS, LABEL_POLICIES
from loop.gate.reasons import BY_CODE
from loop.kernel.errors import LoopError
from loop.material.models import Production, Stage
from loop.people.models import Role
from loop.people.roles import Permission
from loop.suggestion.models import ModelVersion, Suggestion
from loop.tasks import nudge
from loop.web.datateam.releases import NOT_MADE, Refusal
from loop.web.desk import Desk, open_production, page

LABEL_WORDS = {
    "every_decision": "Every decision, nothing merged",
    "latest_per_person": "The latest of each person",
    "lead_wins": "The lead's, else none",
    "majority": "The majority's, ties give none",
}
FORMAT_WORDS = (
    ("jsonl", "JSON Lines"),
    ("csv", "CSV"),
    ("media", "Media files"),
    ("webdataset", "Media files in tar (WebDataset)"),
)
OUTCOMES = (("accept", "Accept"), ("reject", "Reject"), ("revise", "Revise"))


class OrderForm(forms.Form):
    """What is ordered. Empty filters take everything."""

    profile = forms.ChoiceField(label="Profile", choices=Profile.choices)
    purpose = forms.ChoiceField(label="Purpose")
    recipient = forms.ModelChoiceField(
        label="Recipient", queryset=Recipient.objects.order_by("code"), to_field_name="code", empty_label="choose"
    )
    form = forms.ChoiceField(
        label="Form",
        required=False,
        choices=[(name, FORM_WORDS[name]) for name in FORMS],
        help_text="Messages: for preference, unpaired preference, sft, prompt only and reward.",
    )
    labels = forms.ChoiceField(
        label="Labels",
        choices=[(name, LABEL_WORDS[name]) for name in LABEL_POLICIES],
        initial="latest_per_person",
        help_text="Which verdicts count where people, or one person at two times, disagree.",
    )
    stages = forms.MultipleChoiceField(
        label="Stages", required=False, choices=Stage.choices, widget=forms.CheckboxSelectMultiple
    )
    outcomes = forms.MultipleChoiceField(
        label="Outcomes", required=False, choices=OUTCOMES, widget=forms.CheckboxSelectMultiple
    )
    kinds = forms.MultipleChoiceField(label="Kinds", required=False, widget=forms.CheckboxSelectMultiple)
    models = forms.MultipleChoiceField(label="Model versions", required=False, widget=forms.CheckboxSelectMultiple)

    reasons = forms.CharField(label="Reasons", required=False, max_length=2000, help_text="Codes, with commas between.")
    roles = forms.MultipleChoiceField(
        label="Decided in the role", required=False, choices=Role.choices, widget=forms.CheckboxSelectMultiple
    )
    people = forms.CharField(
        label="Decided by", required=False, max_length=2000, help_text="Ids of people, with commas between."
    )
    decided_from = forms.DateField(label="Decided from", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    decided_until = forms.DateField(
        label="Decided until", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    formats = forms.MultipleChoiceField(
        label="Beside the Parquet",
        required=False,
        choices=FORMAT_WORDS,
        widget=forms.CheckboxSelectMultiple,
        help_text="The rows once more, or the media files that they name.",
    )

    splits = forms.CharField(
        label="Splits",
        required=False,
        max_length=1000,
        help_text="For example train=0.8,validation=0.1,test=0.1: whole briefs, drawn once. Empty: all rows are train.",
    )
    split_seed = forms.CharField(
        label="Seed of the splits", required=False, max_length=64, help_text="Another seed draws other briefs."
    )

    def __init__(self, *args: Any, production: Production, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        suggestions = Suggestion.objects.filter(production=production)
        kinds = suggestions.order_by("kind").values_list("kind", flat=True).distinct()
        models = ModelVersion.objects.filter(id__in=suggestions.values("model")).order_by("label")
        self._offer("kinds", [(kind, kind.replace("_", " ")) for kind in kinds])
        self._offer("models", [(model.label, model.label) for model in models])
        self._offer("purpose", [(name, name.replace("_", " ")) for name in PURPOSES if name in GRANTABLE_PURPOSES])
        self.fields["purpose"].initial = PROFILE_PURPOSE["preference"]

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if not isinstance(field, forms.ChoiceField):
            raise TypeError(f"{name}: expected a field with choices")
        field.choices = choices

    def order(self) -> dict[str, Any]:
        """The arguments of `order` and `preview`."""
        data = self.cleaned_data
        names = ("stages", "outcomes", "kinds", "models", "roles")
        filters = {name: data[name] for name in names if data[name]}
        filters |= {name: words for name in ("reasons", "people") if (words := _words(data[name]))}
        filters |= {name: [data[name].isoformat()] for name in DAYS if data[name]}
        return {
            "profile": data["profile"],
            "purpose": data["purpose"],
            "recipient": data["recipient"],
            "form": data["form"] or STANDARD,
            "labels": data["labels"],
            "filters": filters,
            "formats": data["formats"],
            "splits": data["splits"],
            "split_seed": data["split_seed"],
        }


def _words(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]


@page
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, code: str) -> HttpResponseBase:
    """GET shows the form, and with an order in the address also what it would give; POST places it.

    The key in the form makes a second click answer with the first order.
    """
    desk, production = open_production(request, code, Permission.ORDER_EXPORT)
    form = OrderForm(request.POST or request.GET or None, production=production)
    foreseen: Preview | None = None
    if form.is_bound and form.is_valid():
        try:
            if request.method == "POST":
                return _place(request, form, desk, production)
            foreseen = preview(production=production, actor=desk.actor, **form.order())
        except LoopError as error:
            field = error.facts.get("field")
            form.add_error(field if isinstance(field, str) and field in form.fields else None, _sentence(error))
    return render(
        request,
        "datateam/new.html",
        {
            "form": form,
            "foreseen": foreseen,
            "goes_outside": foreseen is not None and goes_outside(form.cleaned_data["recipient"]),
            "refusals": [Refusal(name, rows, BY_CODE.get(name)) for name, rows in foreseen.excluded.items()]
            if foreseen
            else [],
            "not_made": [(NOT_MADE.get(name, name), rows) for name, rows in foreseen.not_made.items() if rows]
            if foreseen
            else [],
            "key": request.POST.get("key") or uuid4(),
            "profiles": [
                (name, Profile(name).label, shape.about, PROFILE_PURPOSE[name]) for name, shape in SHAPES.items()
            ],
        },
        status=422 if request.method == "POST" else 200,
    )


def _place(request: HttpRequest, form: OrderForm, desk: Desk, production: Production) -> HttpResponseBase:
    key = request.POST.get("key") or None
    export = order(production=production, actor=desk.actor, idempotency_key=key, **form.order())
    nudge(export)
    messages.success(request, f"E-{export.number} is ordered.")
    return redirect("export", production.code, export.number)


def _sentence(error: LoopError) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]

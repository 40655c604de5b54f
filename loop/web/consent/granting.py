"""Adding authorisations: for one party, or one each for everybody known to the production."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from loop.consent.evidence import document_of
from loop.consent.grant import grant_many
from loop.consent.models import Authorisation, Recipient
from loop.consent.recording import GrantTerms
from loop.consent.terms import CAPACITIES, GRANTABLE_PURPOSES, PURPOSES
from loop.gate.parties import known_parties
from loop.kernel.errors import LoopError
from loop.material.models import Production
from loop.people.models import Contributor
from loop.people.roles import Permission
from loop.web.consent.records import open_registry
from loop.web.desk import Desk, page

EVERYBODY = "*"
USE_PREFIX = "use_"
ANSWERS = (("", "not mentioned"), ("allowed", "allowed"), ("notAllowed", "not allowed"))


class GrantForm(forms.Form):
    """What a party allows or forbids. Lists left empty mean all, except recipients: nobody is named by silence."""

    party = forms.ChoiceField(label="Party")
    basis = forms.ChoiceField(label="Basis", choices=Authorisation.Basis.choices)
    recipients = forms.MultipleChoiceField(
        label="Recipients", required=False, widget=forms.CheckboxSelectMultiple, help_text="Who may receive it."
    )
    valid_from = forms.DateField(label="Valid from", widget=forms.DateInput(attrs={"type": "date"}))
    valid_until = forms.DateField(label="Valid until", widget=forms.DateInput(attrs={"type": "date"}))
    capacities = forms.MultipleChoiceField(
        label="Capacities",
        required=False,
        choices=[(name, name.replace("_", " ")) for name in CAPACITIES],
        widget=forms.CheckboxSelectMultiple,
        help_text="In what capacity; none ticked means every one.",
    )
    material_kinds = forms.CharField(
        label="Kinds of material", required=False, help_text="Separated by commas; empty means every kind."
    )
    territory = forms.CharField(
        label="Territory", required=False, help_text="Country codes separated by commas; empty means everywhere."
    )
    evidence = forms.FileField(label="Evidence", help_text="The signed document. It is kept with its SHA-256.")

    def __init__(self, *args: Any, desk: Desk, production: Production, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parties = self._parties(desk, production)
        choices = [(str(each.uid), f"{each} ({each.external_id})") for each in self.parties]
        if desk.may(Permission.AUTHORISE):
            choices.insert(0, (EVERYBODY, f"everybody known to {production.code} now ({len(self.parties)})"))
        self._offer("party", choices)
        self._offer("recipients", [(each.code, str(each)) for each in Recipient.objects.order_by("code")])
        for purpose in PURPOSES:
            if purpose in GRANTABLE_PURPOSES:
                self.fields[f"{USE_PREFIX}{purpose}"] = forms.ChoiceField(
                    label=purpose.replace("_", " "), required=False, choices=ANSWERS
                )

    @staticmethod
    def _parties(desk: Desk, production: Production) -> list[Contributor]:
        if desk.may(Permission.AUTHORISE):
            return list(known_parties(production))
        own = desk.judges_as(production)
        return [own] if own else []

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if not isinstance(field, forms.ChoiceField):
            raise TypeError(f"{name}: expected a field with choices")
        field.choices = choices

    @property
    def uses(self) -> list[forms.BoundField]:
        """The fields of the uses, which the page shows as a table of their own."""
        return [self[name] for name in self.fields if name.startswith(USE_PREFIX)]

    @property
    def others(self) -> list[forms.BoundField]:
        """Every other field, in order."""
        return [self[name] for name in self.fields if not name.startswith(USE_PREFIX)]

    def chosen(self) -> list[Contributor]:
        """Whom it is about."""
        wanted = self.cleaned_data["party"]
        return self.parties if wanted == EVERYBODY else [each for each in self.parties if str(each.uid) == wanted]

    def terms(self, production: Production) -> GrantTerms:
        """What `grant_many` takes. Raises NotValidError for an empty document."""
        data = self.cleaned_data
        upload = data["evidence"]
        return GrantTerms(
            production=production,
            uses={
                name.removeprefix(USE_PREFIX): value
                for name, value in data.items()
                if name.startswith(USE_PREFIX) and value
            },
            basis=data["basis"],
            evidence=document_of(upload.name, upload.read()),
            valid_from=data["valid_from"],
            valid_until=data["valid_until"],
            recipients=data["recipients"],
            territory=_words(data["territory"]),
            capacities=data["capacities"],
            material_kinds=_words(data["material_kinds"]),
        )


@page
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, code: str) -> HttpResponseBase:
    """The form; POST records one authorisation for each chosen party, all or none."""
    desk, production = open_registry(request, code)
    if not desk.may(Permission.AUTHORISE) and not desk.may(Permission.AUTHORISE_OWN):
        return redirect("authorisations", code)
    form = GrantForm(request.POST or None, request.FILES or None, desk=desk, production=production)
    if request.method == "POST" and form.is_valid():
        try:
            recorded = grant_many(parties=form.chosen(), given=form.terms(production), actor=desk.actor)
        except LoopError as error:
            field = str(error.facts.get("field") or "").partition(".")[0]
            form.add_error(field if field in form.fields else None, str(error))
        else:
            count = len(recorded)
            messages.success(request, f"{count} authorisation{'s' if count != 1 else ''} recorded.")
            if count == 1:
                return redirect("authorisation", code, recorded[0].uid)
            return redirect("authorisations", code)
    return render(request, "consent/new.html", {"form": form}, status=422 if request.method == "POST" else 200)


def _words(text: str) -> list[str]:
    return [word for word in (part.strip() for part in text.split(",")) if word]

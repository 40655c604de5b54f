"""What a production permits: rules for the use of AI, embargo, legal hold; and the terms of its models' suppliers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from loop.consent.govern import govern
from loop.kernel.errors import NotValidError
from loop.material import ai_policy
from loop.material.ai_policy import KEYS, AiRule
from loop.material.models import Production, Stage
from loop.people.roles import Permission
from loop.screening import codes
from loop.screening.querysets import held_back
from loop.suggestion.querysets import models_with_terms
from loop.web.csv import csv_response
from loop.web.desk import Desk, open_production, page

SPARE: Final = 2  # empty rows below the rules
_PATH: Final = re.compile(r"ai_policy\.rules\[(\d+)\](?:\.(\w+))?", re.ASCII)


def words_of(code: str) -> str:
    """not_permitted -> not permitted."""
    return code.replace("_", " ")


def _choices(values: Sequence[str], empty: str) -> list[tuple[str, str]]:
    return [("", empty), *((value, words_of(value)) for value in values)]


class RuleForm(forms.Form):
    """One rule. What it leaves empty is any. A row without a name and a verdict is no rule."""

    name = forms.CharField(label="Rule", required=False, max_length=40)
    stage = forms.ChoiceField(label="Stage", required=False, choices=[("", "any"), *Stage.choices])
    kind = forms.CharField(label="Kind", required=False, max_length=64)
    tool = forms.CharField(label="Tool", required=False, max_length=200)
    verdict = forms.ChoiceField(label="Verdict", required=False, choices=_choices(ai_policy.VERDICTS, "–"))
    maturity = forms.ChoiceField(label="Maturity", required=False, choices=_choices(ai_policy.MATURITIES, "–"))
    on_breach = forms.ChoiceField(label="On a breach", required=False, choices=_choices(ai_policy.BREACHES, "–"))
    reference = forms.CharField(label="Clause or contract", required=False, max_length=200)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for name, size in (("name", 16), ("kind", 14), ("tool", 14), ("reference", 18)):
            self.fields[name].widget.attrs["size"] = size
        for name, field in self.fields.items():
            field.widget.attrs |= {"class": "input", "aria-label": f"{field.label}, rule {self.number()}"}
            if name in ("kind", "tool"):
                field.widget.attrs["placeholder"] = "any"

    def number(self) -> str:
        """Which row it is, from 1; "" for the pattern of a row."""
        number = str(self.prefix).rsplit("-", 1)[-1]
        return str(int(number) + 1) if number.isdigit() else ""


class SettingsForm(forms.Form):
    """Embargo and holds."""

    embargo_until = forms.DateField(
        label="Last day of the embargo",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Until the day has passed, nothing leaves (rule 5).",
    )
    legal_hold = forms.BooleanField(
        label="Legal hold", required=False, help_text="Nothing leaves and nobody's texts are erased while it stands."
    )
    exports_allowed = forms.BooleanField(label="Exports are allowed", required=False)


class ScreeningForm(forms.Form):
    """The level of each family of findings. What a form leaves out stays as it is."""

    prefix = "screening"

    def __init__(self, data: QueryDict | None, *, initial: dict[str, str]) -> None:
        stood = {f"{self.prefix}-{family}": level for family, level in initial.items()}
        super().__init__(None if data is None else stood | data.dict(), initial=initial)
        for family, label in codes.FAMILIES.items():
            holding = [each.words for each in codes.CODES if each.family == family and each.standard == codes.HOLD]
            self.fields[family] = forms.ChoiceField(
                label=label,
                choices=[(level, level) for level in codes.LEVELS],
                help_text=f"Standard holds back {', '.join(holding)}." if holding else "Standard only notes.",
            )


class RuleRows(forms.BaseFormSet):  # type: ignore[type-arg]  # generic for the checker alone
    """The rows with their order and a box to delete them, each named for who does not see the table."""

    def add_fields(self, form: RuleForm, index: int | None) -> None:
        super().add_fields(form, index)
        for name, label in (("ORDER", "Order"), ("DELETE", "Delete")):
            if name in form.fields:
                form.fields[name].widget.attrs["aria-label"] = f"{label}, rule {form.number()}"
        form.fields["ORDER"].widget.attrs |= {"class": "input", "min": 1, "max": 999}


Rules = forms.formset_factory(
    RuleForm,
    formset=RuleRows,
    extra=SPARE,
    max_num=ai_policy.MOST_RULES,
    validate_max=True,
    can_order=True,
    can_delete=True,
)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, code: str) -> HttpResponseBase:
    """The rules in their order, the holds, and the models' terms; a form for who manages people and policy."""
    desk, production = open_governance(request, code)
    may_set = desk.may(Permission.MANAGE_PEOPLE)
    if request.method == "POST" and not may_set:
        raise PermissionDenied
    rules = ai_policy.read(production.ai_policy)
    initial = {name: getattr(production, name) for name in SettingsForm.base_fields}
    data = request.POST or None
    form = SettingsForm(data, initial=initial)
    screening = ScreeningForm(data, initial=codes.read(production.screening))
    formset = Rules(data, initial=[{key: getattr(rule, key) for key in KEYS} for rule in rules], prefix="rules")
    if request.method == "POST" and form.is_valid() and formset.is_valid() and screening.is_valid():
        answer = _keep(request, desk, production, form, formset, screening)
        if answer is not None:
            return answer
    models = list(models_with_terms(production))
    context = {
        "form": form,
        "formset": formset,
        "screening": screening,
        "levels": [(codes.FAMILIES[family], level) for family, level in codes.read(production.screening).items()],
        "rules": rules,
        "may_set": may_set,
        "held": held_back(production).count(),
        "models": [(model, next(iter(model.terms.all()), None)) for model in models],
        "permitted": [words_of(value) for value in ai_policy.VERDICTS],
    }
    bad = data is not None and (form.errors or screening.errors or not formset.is_valid())
    return render(request, "consent/governance.html", context, status=422 if bad else 200)


def _keep(
    request: HttpRequest, desk: Desk, production: Production, form: SettingsForm, formset: Any, screening: ScreeningForm
) -> HttpResponse | None:
    """Sets what was filled in; None after putting what is wrong beside its field."""
    kept = [row for row in formset.ordered_forms if any(row.cleaned_data.get(key) for key in KEYS)]
    rules = [{key: value for key in KEYS if (value := row.cleaned_data.get(key))} for row in kept]
    try:
        changed = govern(
            production=production, actor=desk.actor, ai_policy={"rules": rules}, screening=screening.cleaned_data,
            **form.cleaned_data,
        )  # fmt: skip
    except NotValidError as error:
        found = _PATH.match(error.field)
        if found is not None:
            row = kept[int(found[1])]
            row.add_error(found[2] if found[2] in row.fields else None, str(error).split(": ", 1)[-1].capitalize())
        else:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        return None
    said = "Kept. The rules count for what arrives from now on." if changed else "Nothing was changed."
    messages.success(request, said)
    return redirect("ai-use", code=production.code)


@page
@require_safe
def download(request: HttpRequest, code: str) -> HttpResponse:
    """The rules in their order as CSV."""
    _, production = open_governance(request, code)
    rules: tuple[AiRule, ...] = ai_policy.read(production.ai_policy)
    return csv_response(
        f"{production.code}-ai-use.csv",
        ("order", *KEYS),
        ((number, *(getattr(rule, key) for key in KEYS)) for number, rule in enumerate(rules, start=1)),
    )


@page
@require_safe
def terms(request: HttpRequest, code: str) -> HttpResponse:
    """The models that suggested something, each with its supplier's newest terms, as CSV."""
    _, production = open_governance(request, code)
    rows = [(model, next(iter(model.terms.all()), None)) for model in models_with_terms(production)]
    return csv_response(
        f"{production.code}-model-terms.csv",
        ("model", "training_on_outputs", "output_owner", "recorded_at", "evidence", "evidence_sha256"),
        (
            (
                model.label,
                found.training_on_outputs if found else "",
                found.output_owner if found else "",
                found.recorded_at if found else "",
                found.evidence.file_name if found and found.evidence else "",
                found.evidence.sha256 if found and found.evidence else "",
            )
            for model, found in rows
        ),
    )


def open_governance(request: HttpRequest, code: str) -> tuple[Desk, Production]:
    """The production, for who sets what it permits and for who reads the registry. PermissionDenied for others."""
    desk, production = open_production(request, code)
    if not (desk.may(Permission.MANAGE_PEOPLE) or desk.may(Permission.SEE_REGISTRY)):
        raise PermissionDenied
    return desk, production

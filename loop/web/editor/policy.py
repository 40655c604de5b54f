"""How a production reviews, in plain words, for whoever sets it."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from loop.decision.taxonomy import is_praise
from loop.kernel.errors import NotValidError
from loop.material.models import Production
from loop.people.roles import Permission
from loop.queue.models import ReviewPolicy
from loop.queue.policy import MAX_CHIPS, MAX_LEASE_S, MAX_REVIEWERS, policy_of, set_policy
from loop.web.desk import open_production, page
from loop.web.editor.codes import codes_of

EVERYBODY: Final = 0
MINUTE_S: Final = 60


class PolicyForm(forms.Form):
    """The settings as people read them; the lease in minutes."""

    reviewers_per_item = forms.TypedChoiceField(
        label="Who judges an item",
        coerce=lambda text: int(text) or None,
        choices=[
            (EVERYBODY, "Everybody judges everything"),
            (1, "One person; then it is done"),
            *((count, f"{count} different people") for count in range(2, MAX_REVIEWERS + 1)),
        ],
        help_text="With a number, items are handed out: what one person has on the table is passed over for others, "
        "and an item that enough people have judged waits for nobody else.",
    )
    lease_minutes = forms.IntegerField(
        label="Minutes an item stays with one person",
        min_value=1,
        max_value=MAX_LEASE_S // MINUTE_S,
        help_text="Counted from the last sign of life. Then it is handed to others again. Nobody is locked out: an "
        "item opened on purpose can always be judged.",
    )
    blind_until_decided = forms.BooleanField(
        label="Others' verdicts stay closed until one has judged",
        required=False,
        help_text="Nobody is led by what somebody else said. They can be opened sooner; that is recorded.",
    )
    hide_model = forms.BooleanField(
        label="The model's name stays closed until one has judged",
        required=False,
        help_text="The work is judged, not the maker.",
    )
    shuffle_candidates = forms.BooleanField(
        label="Candidates of a brief come in another order for each person",
        required=False,
        help_text="The first one shown has no advantage. The order is recorded with the decision.",
    )
    skip = forms.ChoiceField(
        label="Skipping",
        choices=ReviewPolicy.Skip.choices,
        widget=forms.RadioSelect,
        help_text="A skip is no label. The item stays listed under “skipped by me”.",
    )
    reason_required = forms.BooleanField(
        label="A rejection or revision needs a reason",
        required=False,
        help_text="The verdict waits for the digit; “other” asks for words.",
    )
    accept_chips = forms.MultipleChoiceField(
        label="Praise to offer on an accept",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=f"At most {MAX_CHIPS}. Why take 9 won: one click, or its digit.",
    )
    beat_chips = forms.MultipleChoiceField(
        label="Beats to offer",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=f"At most {MAX_CHIPS}. What a moment makes one feel.",
    )

    def __init__(self, *args: Any, production: Production, **more: Any) -> None:
        super().__init__(*args, **more)
        codes = codes_of(production, "")
        praise = [(code, label) for code, label in codes.labels.items() if is_praise(code)]
        self.fields["accept_chips"].choices = praise  # type: ignore[attr-defined]
        self.fields["beat_chips"].choices = codes.beats  # type: ignore[attr-defined]


@page
@require_http_methods(["GET", "POST"])
def policy(request: HttpRequest, code: str) -> HttpResponse:
    """The form, for who manages people and policy. A refusal shows it again as it was filled in. Six queries."""
    desk, production = open_production(request, code, Permission.MANAGE_PEOPLE)
    known = policy_of(production)
    initial = {
        name: getattr(known, name)
        for name in PolicyForm.base_fields
        if name not in ("lease_minutes", "reason_required")
    } | {
        "reviewers_per_item": known.reviewers_per_item or EVERYBODY,
        "lease_minutes": max(1, known.lease_s // MINUTE_S),
        "reason_required": production.reason_required,
    }
    form = PolicyForm(request.POST or None, initial=initial, production=production)
    if request.method == "POST" and form.is_valid():
        wanted = dict(form.cleaned_data)
        minutes = wanted.pop("lease_minutes")
        if minutes != initial["lease_minutes"]:
            wanted["lease_s"] = minutes * MINUTE_S
        try:
            set_policy(production=production, actor=desk.actor, **wanted)
            messages.success(request, "Kept. It counts from the next item on; verdicts on record stay as they are.")
            return redirect("policy", code=production.code)
        except NotValidError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
    status = 422 if form.errors else 200
    return render(request, "editor/policy.html", {"form": form}, status=status)

"""Recalls: every notice with how far it is, the same as CSV, and one notice with its answers and the form for one more.

Whoever sees a production's releases reads them; a consent officer records answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from loop.consent.evidence import Document, document_of
from loop.export.addresses import ANSWERS, path_to
from loop.export.models import Export
from loop.kernel.clock import now
from loop.kernel.errors import LoopError, NotValidError
from loop.people.roles import Permission
from loop.recall.acknowledge import acknowledge
from loop.recall.answer import LONGEST, MODEL_ACTIONS
from loop.recall.models import RecallNotice
from loop.recall.querysets import (
    Recall,
    Standing,
    notices,
    overdue_first,
    recall_of,
    replacements_of,
    standing_at,
)
from loop.web.csv import csv_response
from loop.web.desk import open_production, page

PAGE = 100
PLACE = re.compile(r"([01])-([0-9]{1,18})", re.ASCII)
STATES = (("", "any"), *((each.value, each.value) for each in Standing))


class RecallsForm(forms.Form):
    """The filter of the list."""

    state = forms.ChoiceField(label="State", required=False, choices=STATES)


class AnswerForm(forms.Form):
    """What the recipient says it did."""

    by = forms.CharField(label="Said by", max_length=LONGEST, help_text="The person on the recipient's side.")
    copies_deleted = forms.BooleanField(
        label="Every copy of these rows is deleted",
        required=False,
        help_text="Without it the answer is kept and the recall stays open.",
    )
    models_affected = forms.CharField(
        label="Models affected",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"One a line, as MODEL = ACTION. Actions: {', '.join(MODEL_ACTIONS)}.",
    )
    evidence = forms.FileField(label="Evidence", required=False, help_text="Their letter or protocol.")

    def models(self, trained_on: str) -> list[dict[str, str]]:
        """The lines as the verb takes them. Raises NotValidError for one that is no pair."""
        found = []
        for number, line in enumerate(self.cleaned_data["models_affected"].splitlines(), 1):
            name, equals, action = line.rpartition("=")
            if not line.strip():
                continue
            if not equals:
                raise NotValidError(
                    f"line {number}: expected MODEL = ACTION, found {line.strip()!r}", field="models_affected"
                )
            found.append({"id": name.strip(), "trained_on": trained_on, "action": action.strip()})
        return found

    def document(self) -> Document | None:
        """The evidence, if any was handed in. Raises NotValidError for an empty one."""
        upload = self.cleaned_data["evidence"]
        return None if upload is None else document_of(upload.name, upload.read(), kind="recall_answer")


@page
@require_safe
def index(request: HttpRequest, code: str) -> HttpResponseBase:
    """The notices of the production, overdue ones first, then the newest, at most `PAGE` a page. Three queries."""
    desk, production = open_production(request, code, Permission.SEE_EXPORT)
    form, moment = RecallsForm(request.GET or None), now()
    state = form.cleaned_data["state"] if form.is_bound and form.is_valid() else ""
    found = overdue_first(notices().filter(standing_at(state, moment), export__production=production), moment)
    before = PLACE.fullmatch(request.GET.get("before", ""))
    if before:
        late, last = int(before[1]), int(before[2])
        found = found.filter(Q(late__lt=late) | Q(late=late, id__lt=last))
    rows = list(found[: PAGE + 1])
    asked = request.GET.copy()
    if len(rows) > PAGE:
        asked["before"] = f"{rows[PAGE - 1].late}-{rows[PAGE - 1].pk}"  # type: ignore[attr-defined]  # annotated
    return render(
        request,
        "consent/recalls.html",
        {
            "form": form,
            "recalls": _with_replacements(rows[:PAGE], moment),
            "older": f"?{asked.urlencode()}" if len(rows) > PAGE else "",
            "filtered": bool(state),
            "may_answer": desk.may(Permission.ANSWER_RECALL),
            "reads_registry": desk.may(Permission.SEE_REGISTRY),
        },
    )


@page
@require_safe
def download(request: HttpRequest, code: str) -> HttpResponse:
    """Every notice of the production as CSV."""
    _, production = open_production(request, code, Permission.SEE_EXPORT)
    head = (
        "notice", "release", "recipient", "rows", "basis", "actions", "issued_at", "deadline", "state", "answers",
        "answered_at", "answered_by", "models_affected", "replacement", "replacement_state",
    )  # fmt: skip
    found = overdue_first(notices().filter(export__production=production), now())
    return csv_response(f"{production.code}-recalls.csv", head, _cells(_with_replacements(list(found), now())))


@page
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, code: str, uid: UUID) -> HttpResponseBase:
    """One notice with its answers; POST records one more."""
    desk, production = open_production(request, code, Permission.SEE_EXPORT)
    notice = get_object_or_404(notices(), export__production=production, uid=uid)
    may_answer = desk.may(Permission.ANSWER_RECALL)
    form = AnswerForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        if not may_answer:
            raise PermissionDenied
        if form.is_valid():
            try:
                ack = acknowledge(
                    notice=notice,
                    by=form.cleaned_data["by"],
                    copies_deleted=form.cleaned_data["copies_deleted"],
                    models_affected=form.models(f"E-{notice.export.number}"),
                    evidence=form.document(),
                    actor=desk.actor,
                )
            except LoopError as error:
                _refuse(form, error)
            else:
                done = "The recall is answered." if ack.copies_deleted else "It does not say that the copies are gone."
                messages.success(request, f"Answer recorded. {done}")
                return redirect("recall", code, uid)
    replacement = replacements_of([notice.export_id]).get(notice.export_id)
    context: dict[str, Any] = {
        "replacement": replacement,
        "may_replace": replacement is None and desk.may(Permission.ORDER_EXPORT),
        # Whoever holds it answers in the recipient's name: only who may answer sees it.
        "answers_at": request.build_absolute_uri(path_to(ANSWERS, notice.export.uid)) if may_answer else "",
        "recall": recall_of(notice, now()),
        "rows": list(notice.notice_rows.order_by("id").values_list("row__row_id", flat=True)[:PAGE]),
        "form": form,
        "may_answer": may_answer,
    }
    return render(request, "consent/recall.html", context, status=422 if request.method == "POST" else 200)


def _with_replacements(rows: list[RecallNotice], moment: datetime) -> list[tuple[Recall, Export | None]]:
    found = replacements_of({notice.export_id for notice in rows})
    return [(recall_of(notice, moment), found.get(notice.export_id)) for notice in rows]


def _refuse(form: AnswerForm, error: LoopError) -> None:
    field = str(error.facts.get("field") or "").partition("[")[0].partition(".")[0]
    form.add_error(field if field in form.fields else None, str(error))


def _cells(recalls: Iterable[tuple[Recall, Export | None]]) -> Iterator[tuple[object, ...]]:
    for recall, replacement in recalls:
        notice, answered = recall.notice, recall.answered
        yield (
            notice.uid, f"E-{notice.export.number}", notice.export.recipient.code, notice.rows, notice.basis,
            " ".join(notice.actions), _second(notice.issued_at), _second(notice.deadline), recall.standing.value,
            len(recall.answers), _second(answered.received_at) if answered else "", answered.by if answered else "",
            "; ".join(f"{each['id']}={each['action']}" for ack in recall.answers for each in ack.models_affected),
            f"E-{replacement.number} {replacement.version}" if replacement else "",
            replacement.state if replacement else "",
        )  # fmt: skip


def _second(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"

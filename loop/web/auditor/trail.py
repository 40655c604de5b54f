"""The trail: events newest first, by page, with filters, and the same as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from loop.audit import querysets as log
from loop.audit import vocabulary
from loop.kernel.clock import rfc3339
from loop.people.models import User
from loop.web.auditor.reading import names_of, readable
from loop.web.csv import csv_response
from loop.web.desk import open_production, page

if TYPE_CHECKING:
    from loop.audit.models import AuditEvent

PAGE = 50
FAMILIES = sorted({name.partition(".")[0] for name in vocabulary.EVENTS})
CSV_ROWS = 50_000  # of one file; a longer trail is taken in parts by date


class TrailForm(forms.Form):
    """The filters of the trail; all optional, all in the address."""

    event = forms.ChoiceField(
        label="Event",
        required=False,
        choices=[
            ("", "any"),
            *[(f"{family}.", f"{family}: all") for family in FAMILIES],
            *[(name, name) for name in sorted(vocabulary.EVENTS)],
        ],
    )
    actor = forms.CharField(label="Login", required=False, max_length=150)
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    about = forms.UUIDField(label="Object id", required=False)
    before = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput())

    def clean_actor(self) -> str:
        """The pid of the login, so that an unknown name says so instead of finding nothing."""
        name = str(self.cleaned_data["actor"]).strip()
        if not name:
            return ""
        if name == "system":
            return name
        user = User.objects.filter(username=name).first()
        if user is None:
            raise forms.ValidationError("There is no login of that name.")
        return f"user:{user.uid}"


@dataclass(frozen=True, slots=True)
class Line:
    """One event as the page shows it."""

    event: AuditEvent
    actor: str
    sentence: str
    index: int | None


@page
@require_safe
def trail(request: HttpRequest, code: str) -> HttpResponseBase:
    """One page of the trail. A filter that cannot be read is said beside its field; nothing is guessed."""
    desk, production = open_production(request, code)
    visible = readable(desk, production)
    form = TrailForm(request.GET or None)
    found: list[AuditEvent] = []
    is_readable = not form.is_bound or form.is_valid()
    if is_readable:
        wanted = form.cleaned_data if form.is_bound else {}
        events = _events(wanted, visible)
        if wanted.get("before"):
            events = events.filter(id__lt=wanted["before"])
        found = list(events[: PAGE + 1])
    shown, has_more = found[:PAGE], len(found) > PAGE
    asked = request.GET.copy()
    older = ""
    if has_more:
        asked["before"] = str(shown[-1].pk)
        older = f"?{asked.urlencode()}"
    asked.pop("before", None)
    return render(
        request,
        "auditor/trail.html",
        {
            "form": form,
            "lines": _lines(shown),
            "older": older,
            "newest": f"?{asked.urlencode()}" if "before" in request.GET else "",
            "query": asked.urlencode(),
            "filtered": any(value for key, value in asked.items()),
            "checkpoint": log.latest_checkpoint(),
        },
    )


@page
@require_safe
def download(request: HttpRequest, code: str) -> HttpResponse:
    """The filtered trail as CSV, newest first, at most `CSV_ROWS` events."""
    desk, production = open_production(request, code)
    visible = readable(desk, production)
    form = TrailForm(request.GET)
    if not form.is_valid():
        problems = "; ".join(
            f"{field}: {' '.join(str(each) for each in errors)}" for field, errors in form.errors.items()
        )
        return HttpResponse(f"The filter cannot be read. {problems}\n", status=400, content_type="text/plain")
    lines = _lines(list(_events(form.cleaned_data, visible)[:CSV_ROWS]))
    head = ("log_index", "at", "actor", "event", "sentence", "object_table", "object_uid", "event_uid", "leaf_sha256")
    return csv_response(f"{production.code}-trail.csv", head, _cells(lines))


def _events(wanted: dict[str, Any], visible: Q) -> QuerySet[AuditEvent]:
    since, until = wanted.get("since"), wanted.get("until")
    filters = log.TrailFilter(
        actor_pid=wanted.get("actor") or None,
        event=wanted.get("event") or None,
        obj_uid=wanted.get("about"),
        since=datetime.combine(since, time.min, UTC) if since else None,
        until=datetime.combine(until + timedelta(days=1), time.min, UTC) if until else None,
    )
    return log.trail(filters, visible=visible)


def _lines(events: list[AuditEvent]) -> list[Line]:
    names = names_of(event.actor_pid for event in events)
    return [Line(event, names[event.actor_pid], log.describe(event), log.log_index(event)) for event in events]


def _cells(lines: list[Line]) -> Iterator[tuple[object, ...]]:
    for line in lines:
        event = line.event
        yield (
            line.index, rfc3339(event.at), line.actor, event.type, line.sentence, event.object_table,
            str(event.object_uid), str(event.uid), bytes(event.leaf_hash).hex(),
        )  # fmt: skip

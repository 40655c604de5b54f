"""The list of authorisations, one record with its history and evidence, and the same list as CSV."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from loop.consent.models import Authorisation, AuthorisationEvent, Recipient
from loop.consent.terms import GRANTABLE_PURPOSES, PERMITTING_STATES, PURPOSES, WITHDRAWN_STATES
from loop.export.models import Export
from loop.kernel.clock import now, utc_date
from loop.material.models import Production
from loop.people.roles import Permission
from loop.recall.approvals import Approval, waiting
from loop.web.csv import csv_response
from loop.web.desk import Desk, open_production, page

SOON = timedelta(days=60)
PAGE = 100
BIGINT = re.compile(r"[0-9]{1,18}", re.ASCII)
STATES = (("in_force", "in force"), ("expiring", "ends within 60 days"), ("ended", "not in force"))


class RegistryForm(forms.Form):
    """The filters of the registry; all optional, all in the address."""

    party = forms.CharField(label="Party", required=False, max_length=200)
    purpose = forms.ChoiceField(
        label="Purpose",
        required=False,
        choices=[("", "any"), *[(name, name) for name in PURPOSES if name in GRANTABLE_PURPOSES]],
    )
    state = forms.ChoiceField(label="State", required=False, choices=[("", "any"), *STATES])
    on = forms.DateField(label="State on", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    basis = forms.ChoiceField(label="Basis", required=False, choices=[("", "any"), *Authorisation.Basis.choices])
    recipient = forms.CharField(label="Recipient", required=False, max_length=64)
    ends_before = forms.DateField(label="Ends before", required=False, widget=forms.DateInput(attrs={"type": "date"}))


@dataclass(frozen=True, slots=True)
class Record:
    """An authorisation as it stands now. `standing` is the newest state that has taken effect, in words."""

    authorisation: Authorisation
    standing: str
    is_in_force: bool
    is_ending: bool
    uses: tuple[tuple[str, str], ...]

    @property
    def conditions(self) -> tuple[tuple[str, str], ...]:
        """The purposes that are under a condition, with it as JSON."""
        return tuple(
            (purpose, json.dumps(use["constraint"], sort_keys=True))
            for purpose, use in sorted(self.authorisation.uses.items())
            if use.get("constraint")
        )


@page
@require_safe
def index(request: HttpRequest, code: str) -> HttpResponseBase:
    """The registry, newest first, at most `PAGE` a page."""
    desk, production = open_registry(request, code)
    form = RegistryForm(request.GET or None)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    moment, today = _asked_of(wanted)
    found = _wanted(readable(desk, production), wanted, moment, today)
    before = request.GET.get("before", "")
    if BIGINT.fullmatch(before):
        found = found.filter(id__lt=int(before))
    rows = list(found[: PAGE + 1])
    has_more, rows = len(rows) > PAGE, rows[:PAGE]
    shown = [standing_of(row, moment, today) for row in rows]
    asked = request.GET.copy()
    if has_more:
        asked["before"] = str(rows[-1].pk)
    return render(
        request,
        "consent/records.html",
        {
            "form": form,
            "records": shown,
            "older": f"?{asked.urlencode()}" if has_more else "",
            "filtered": any(value for key, value in request.GET.items() if key != "before"),
            "sees_all": desk.may(Permission.SEE_REGISTRY),
            "sees_recalls": desk.may(Permission.SEE_EXPORT),
            "waiting": len(_waiting(desk, production)),
            "may_add": desk.may(Permission.AUTHORISE) or desk.may(Permission.AUTHORISE_OWN),
        },
    )


@page
@require_safe
def download(request: HttpRequest, code: str) -> HttpResponse:
    """Every authorisation the login may read, as CSV; the filters of the page hold."""
    desk, production = open_registry(request, code)
    form = RegistryForm(request.GET or None)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    moment, today = _asked_of(wanted)
    rows = (standing_of(row, moment, today) for row in _wanted(readable(desk, production), wanted, moment, today))
    head = (
        "authorisation", "party", "basis", "state", "in_force", "uses", "recipients", "recipient_kinds", "capacities",
        "material_kinds", "territory_allow", "territory_deny", "valid_from", "valid_until", "evidence_sha256",
    )  # fmt: skip
    return csv_response(f"{production.code}-authorisations.csv", head, _cells(rows))


@page
@require_safe
def show(request: HttpRequest, code: str, uid: UUID) -> HttpResponseBase:
    """One record: what it says, what happened to it, its evidence, and the releases with rows under it."""
    desk, production = open_registry(request, code)
    found = record_at(desk, production, uid)
    record = standing_of(found, now())
    exports = Export.objects.filter(production=production, rows__authorisation_ids__contains=[found.pk])
    exports = exports.select_related("recipient").prefetch_related("recalls").distinct()
    return render(
        request,
        "consent/record.html",
        {
            "record": record,
            "auth": found,
            "events": sorted(found.events.all(), key=_order, reverse=True),
            "exports": list(exports.order_by("-number")),
            "successors": list(readable(desk, production).filter(supersedes=found).order_by("id")),
            "waiting": [each for each in _waiting(desk, production) if found in each.records],
            "may_withdraw": not _is_withdrawn(found) and may_withdraw(desk, found),
        },
    )


@page
@require_safe
def evidence(request: HttpRequest, code: str, uid: UUID) -> HttpResponseBase:
    """The document behind a record, as it was handed in."""
    desk, production = open_registry(request, code)
    document = record_at(desk, production, uid).evidence
    path = Path(settings.MEDIA_ROOT) / document.stored_name
    if not path.is_file():
        raise Http404("The document is missing from the store.")
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=document.file_name, content_type="application/octet-stream"
    )


def open_registry(request: HttpRequest, code: str) -> tuple[Desk, Production]:
    """The production, for whoever reads the registry or has own records in it."""
    desk, production = open_production(request, code)
    if not desk.may(Permission.SEE_REGISTRY) and not desk.may(Permission.AUTHORISE_OWN):
        raise PermissionDenied
    return desk, production


def readable(desk: Desk, production: Production) -> QuerySet[Authorisation]:
    """The records about the production that the login may read, newest first: all, or those about oneself."""
    found = Authorisation.objects.filter(Q(production=production) | Q(production=None))
    if not desk.may(Permission.SEE_REGISTRY):
        found = found.filter(party__user=desk.user)
    return (
        found.select_related("party", "evidence", "production", "notice", "supersedes")
        .prefetch_related("events")
        .order_by("-id")
    )


def record_at(desk: Desk, production: Production, uid: UUID) -> Authorisation:
    """One record that the login may read; 404 for any other."""
    return get_object_or_404(readable(desk, production), uid=uid)


def may_withdraw(desk: Desk, found: Authorisation) -> bool:
    """Whether the login may take the record back: a consent officer, or the party itself."""
    if found.production is None:
        return False
    own = desk.may(Permission.WITHDRAW_OWN) and found.party.user_id == desk.user.pk
    return own or desk.may(Permission.WITHDRAW)


def standing_of(found: Authorisation, moment: datetime, on: date | None = None) -> Record:
    """The record with its state at `moment`, its dates judged on `on` (default: the moment's day).

    No query if its events are loaded.
    """
    newest = max((event for event in found.events.all() if event.effective_at <= moment), key=_order, default=None)
    today = on or utc_date(moment)
    given = newest is not None and newest.state in {"ConsentGiven", "RenewedConsentGiven"}
    in_force = given and found.valid_from <= today <= found.valid_until
    words = newest.get_state_display() if newest else "Not given"
    if given and not in_force:
        words = "Ended" if today > found.valid_until else "Not yet valid"
    uses = tuple((purpose, str(use.get("value"))) for purpose, use in sorted(found.uses.items()))
    return Record(found, words, in_force, in_force and found.valid_until <= _soon(today), uses)


def _waiting(desk: Desk, production: Production) -> list[Approval]:
    """What waits for a second person, for whoever reads the registry."""
    return waiting(production) if desk.may(Permission.SEE_REGISTRY) else []


def _asked_of(wanted: dict[str, Any]) -> tuple[datetime, date]:
    """The moment whose events count, and the date: now, or the end of the day asked for, if that is over."""
    present = now()
    on: date | None = wanted.get("on")
    if on is None:
        return present, utc_date(present)
    return min(present, datetime.combine(on + timedelta(days=1), time(), UTC)), on


def _wanted(
    found: QuerySet[Authorisation], wanted: dict[str, Any], moment: datetime, today: date
) -> QuerySet[Authorisation]:
    if party := (wanted.get("party") or "").strip():
        found = found.filter(Q(party__external_id__icontains=party) | Q(party__name__icontains=party))
    if purpose := wanted.get("purpose"):
        found = found.filter(uses__has_key=purpose)
    if basis := wanted.get("basis"):
        found = found.filter(basis=basis)
    if code := (wanted.get("recipient") or "").strip():
        named = Q(recipients__contains=[code])
        for kind in Recipient.objects.filter(code=code).values_list("kind", flat=True):
            named |= Q(recipient_kinds__contains=[kind])
        found = found.filter(named)
    if ends := wanted.get("ends_before"):
        found = found.filter(valid_until__lt=ends)
    state = wanted.get("state")
    if not state:
        return found
    events = AuthorisationEvent.objects.filter(authorisation=OuterRef("pk"), effective_at__lte=moment)
    found = found.annotate(present=Subquery(events.order_by("-effective_at", "-id").values("state")[:1]))
    in_force = Q(present__in=PERMITTING_STATES, valid_from__lte=today, valid_until__gte=today)
    if state == "ended":
        return found.exclude(in_force & Q(present__isnull=False))
    return found.filter(in_force & Q(valid_until__lte=_soon(today)) if state == "expiring" else in_force)


def _is_withdrawn(found: Authorisation) -> bool:
    newest = max(found.events.all(), key=_order, default=None)
    return newest is not None and newest.state in WITHDRAWN_STATES


def _order(event: AuthorisationEvent) -> tuple[datetime, int]:
    return event.effective_at, event.pk


def _soon(today: date) -> date:
    return today + SOON


def _cells(records: Iterator[Record]) -> Iterator[tuple[object, ...]]:
    for record in records:
        found = record.authorisation
        yield (
            found.uid, found.party.external_id, found.basis, record.standing, record.is_in_force,
            " ".join(f"{purpose}={value}" for purpose, value in record.uses), " ".join(found.recipients),
            " ".join(found.recipient_kinds), " ".join(found.capacities), " ".join(found.material_kinds),
            " ".join(found.territory_allow), " ".join(found.territory_deny), found.valid_from, found.valid_until,
            found.evidence.sha256,
        )  # fmt: skip

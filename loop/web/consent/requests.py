"""Consent requests: what was asked of whom and how far it is, the same as CSV, asking, and the parties' links."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from loop.consent import wording
from loop.consent.link import DAYS, MOST_DAYS, open_link
from loop.consent.models import ConsentRequest, ContributorLink, Notice, Recipient
from loop.consent.querysets import RequestState, in_state, requests_of, state_of
from loop.consent.request import ask_parties
from loop.consent.terms import GRANTABLE_PURPOSES, PURPOSES
from loop.consent.unlink import close_link
from loop.gate.parties import known_parties
from loop.kernel.actor import Actor
from loop.kernel.clock import now, utc_date
from loop.kernel.errors import LoopError
from loop.material.models import Production
from loop.people.models import Contributor
from loop.people.roles import Permission
from loop.web.csv import csv_response, csv_text
from loop.web.desk import open_production, page

PAGE = 100
BIGINT = re.compile(r"[0-9]{1,18}", re.ASCII)
STATES = (("", "any"), *((each.value, each.value) for each in RequestState))


class RequestsForm(forms.Form):
    """The filters of the list."""

    party = forms.CharField(label="Party", required=False, max_length=200)
    state = forms.ChoiceField(label="State", required=False, choices=STATES)


class AskForm(forms.Form):
    """What is asked of whom. Nothing is ticked beforehand."""

    parties = forms.MultipleChoiceField(label="Parties", widget=forms.CheckboxSelectMultiple)
    uses = forms.MultipleChoiceField(
        label="Uses",
        choices=[(each, f"{wording.purpose_name(each)} ({each})") for each in PURPOSES if each in GRANTABLE_PURPOSES],
        widget=forms.CheckboxSelectMultiple,
    )
    recipients = forms.MultipleChoiceField(label="Recipients", widget=forms.CheckboxSelectMultiple)
    valid_until = forms.DateField(label="Until", widget=forms.DateInput(attrs={"type": "date"}))
    notice = forms.ChoiceField(label="Notice", help_text="The text they read. A new text is a new version.")
    days = forms.IntegerField(
        label="Their links end after", min_value=1, max_value=MOST_DAYS, initial=DAYS, help_text="Days from today."
    )
    term = forms.CharField(
        label="Payment", required=False, max_length=200, help_text="What is offered: flat_fee, per_export_fee ..."
    )
    amount = forms.CharField(label="Amount", required=False, max_length=15)
    currency = forms.CharField(label="Currency", required=False, max_length=3, help_text="Three capitals: EUR, USD.")

    def __init__(self, *args: Any, production: Production, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = list(known_parties(production))
        self._offer("parties", [(str(each.uid), f"{each} ({each.external_id})") for each in self.known])
        self._offer("recipients", [(each.code, str(each)) for each in Recipient.objects.order_by("code")])
        self.notices = list(Notice.objects.order_by("-id"))
        self._offer("notice", [(str(each.uid), f"{each.version}, {each.language}") for each in self.notices])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if not isinstance(field, forms.ChoiceField):
            raise TypeError(f"{name}: expected a field with choices")
        field.choices = choices

    def asked(self) -> dict[str, Any]:
        """What `ask_parties` takes beside production and actor."""
        data = self.cleaned_data
        return {
            "parties": [each for each in self.known if str(each.uid) in data["parties"]],
            "uses": data["uses"],
            "recipients": data["recipients"],
            "valid_until": data["valid_until"],
            "notice": next(each for each in self.notices if str(each.uid) == data["notice"]),
            "compensation": {key: data[key].strip() for key in ("term", "amount", "currency") if data[key].strip()},
        }


@dataclass(frozen=True, slots=True)
class Line:
    """A request with how far it is, and the open links of its party."""

    request: ConsentRequest
    state: RequestState
    said_at: object
    links: tuple[ContributorLink, ...]


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that was just made, with the address that is shown this once."""

    link: ContributorLink
    party: Contributor
    url: str


@page
@require_safe
def index(request: HttpRequest, code: str) -> HttpResponseBase:
    """The requests, newest first, at most `PAGE` a page. Two queries beside the desk's."""
    desk, production = open_production(request, code, Permission.SEE_REGISTRY)
    form, today = RequestsForm(request.GET or None), utc_date(now())
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    found = requests_of(production).filter(in_state(wanted.get("state", ""), today))
    if party := wanted.get("party", "").strip():
        found = found.filter(Q(party__external_id__icontains=party) | Q(party__name__icontains=party))
    before = request.GET.get("before", "")
    if BIGINT.fullmatch(before):
        found = found.filter(id__lt=int(before))
    rows = list(found[: PAGE + 1])
    asked = request.GET.copy()
    if len(rows) > PAGE:
        asked["before"] = str(rows[PAGE - 1].pk)
    return render(
        request,
        "consent/requests.html",
        {
            "form": form,
            "lines": list(_lines(rows[:PAGE], production, today)),
            "older": f"?{asked.urlencode()}" if len(rows) > PAGE else "",
            "filtered": any(value for key, value in request.GET.items() if key != "before"),
            "may_ask": desk.may(Permission.AUTHORISE),
        },
    )


@page
@require_safe
def download(request: HttpRequest, code: str) -> HttpResponse:
    """Every request as CSV."""
    _, production = open_production(request, code, Permission.SEE_REGISTRY)
    head = ("request", "party", "sent_at", "state", "answered_at", "uses", "recipients", "valid_until", "notice",
            "language", "notice_sha256", "links_open_until")  # fmt: skip
    lines = _lines(list(requests_of(production)), production, utc_date(now()))
    return csv_response(f"{production.code}-requests.csv", head, _cells(lines))


@page
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, code: str) -> HttpResponseBase:
    """The form; POST asks every chosen party, all or none, and shows each one's new link this once."""
    desk, production = open_production(request, code, Permission.AUTHORISE)
    form = AskForm(request.POST or None, production=production, initial=dict(request.GET.items()))
    if request.method == "POST" and form.is_valid():
        try:
            sent = ask_parties(**form.asked(), production=production, actor=desk.actor)
        except LoopError as error:
            field = {"party": "parties", "compensation": "term"}.get(
                str(error.facts.get("field") or ""), str(error.facts.get("field") or "")
            )
            form.add_error(field if field in form.fields else None, str(error))
        else:
            return _links(request, production, [each.party for each in sent], desk.actor, form.cleaned_data["days"])
    return render(request, "consent/ask.html", {"form": form}, status=422 if request.method == "POST" else 200)


@page
@require_POST
def link(request: HttpRequest, code: str, uid: UUID) -> HttpResponseBase:
    """A new link for the party of a request, shown this once. Links it has already stay open until they end."""
    desk, production = open_production(request, code, Permission.AUTHORISE)
    found = get_object_or_404(ConsentRequest.objects.select_related("party"), uid=uid, production=production)
    return _links(request, production, [found.party], desk.actor, DAYS)


@page
@require_POST
def close(request: HttpRequest, code: str, uid: UUID) -> HttpResponseBase:
    """Closes one link."""
    desk, production = open_production(request, code, Permission.AUTHORISE)
    found = get_object_or_404(
        ContributorLink.objects.select_related("contributor", "production"), uid=uid, production=production
    )
    close_link(link=found, actor=desk.actor)
    messages.success(request, f"The link of {found.contributor} is closed.")
    return redirect("requests", code)


def _links(
    request: HttpRequest, production: Production, parties: Sequence[Contributor], actor: Actor, days: int
) -> HttpResponse:
    made = []
    for party in parties:
        opened, secret = open_link(party=party, production=production, actor=actor, days=days)
        made.append(NewLink(opened, party, _address(request, secret)))
    return render(
        request, "consent/links.html", {"links": made, "csv": _once(made), "csv_name": f"{production.code}-links.csv"}
    )


def _address(request: HttpRequest, secret: str) -> str:
    path = reverse("door-enter", args=[secret])
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)


def _once(made: Iterable[NewLink]) -> str:
    """The links as CSV in an address of its own: the file comes out of this page, no other can give it again."""
    rows = ((each.party.external_id, each.party.name, each.url, f"{each.link.expires_at:%Y-%m-%d}") for each in made)
    text = csv_text(("party", "name", "link", "ends"), rows)
    return "data:text/csv;base64," + base64.b64encode(text.encode()).decode()


def _lines(found: Sequence[ConsentRequest], production: Production, today: date) -> Iterator[Line]:
    """One query for the open links."""
    links: dict[int, list[ContributorLink]] = {}
    open_ones = ContributorLink.objects.filter(production=production, revoked_at=None, expires_at__gt=now())
    for one in open_ones.filter(contributor__in={each.party_id for each in found}).order_by("id"):
        links.setdefault(one.contributor_id, []).append(one)
    for each in found:
        said_at = getattr(each, "said_at", None)
        yield Line(each, state_of(each, today), said_at, tuple(links.get(each.party_id, ())))


def _cells(lines: Iterable[Line]) -> Iterator[tuple[object, ...]]:
    for line in lines:
        found = line.request
        yield (
            found.uid, found.party.external_id, found.sent_at, line.state.value, line.said_at, " ".join(found.uses),
            " ".join(found.recipients), found.valid_until, found.notice.version, found.notice.language,
            found.notice.text_sha256, " ".join(f"{each.expires_at:%Y-%m-%d}" for each in line.links),
        )  # fmt: skip

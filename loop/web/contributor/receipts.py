"""Receipts: of one record or of all, as JSON to keep and as a page to print."""

from __future__ import annotations

import json
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from loop.consent.models import Authorisation, ContributorLink
from loop.consent.receipt import receipt
from loop.kernel.canonical import Json
from loop.kernel.clock import now
from loop.web.contributor.entrance import page, show
from loop.web.contributor.held import held, recipients, records


@page
@require_safe
def everything(request: HttpRequest, link: ContributorLink) -> HttpResponseBase:
    """The receipt of every record, to print."""
    return _printed(request, link, list(records(link)), reverse("door-receipts-json"))


@page
@require_safe
def everything_json(request: HttpRequest, link: ContributorLink) -> HttpResponseBase:
    """The same as JSON-LD."""
    return _file(request, link, list(records(link)), f"receipt-{link.production.code}.json")


@page
@require_safe
def one(request: HttpRequest, link: ContributorLink, uid: UUID) -> HttpResponseBase:
    """The receipt of one record, to print."""
    found = get_object_or_404(records(link), uid=uid)
    return _printed(request, link, [found], reverse("door-receipt-json", args=[uid]))


@page
@require_safe
def one_json(request: HttpRequest, link: ContributorLink, uid: UUID) -> HttpResponseBase:
    """The same as JSON-LD."""
    return _file(request, link, [get_object_or_404(records(link), uid=uid)], f"receipt-{uid}.json")


def _printed(
    request: HttpRequest, link: ContributorLink, found: Sequence[Authorisation], json_url: str
) -> HttpResponseBase:
    made = _made(request, link, found)
    return show(
        request,
        "contributor/receipt.html",
        {
            "link": link,
            "held": held(found, now(), recipients()),
            "receipt_uid": made["dpv:hasIdentifier"],
            "made_at": now(),
            "json_url": json_url,
            "door_url": _door(request),
        },
    )


def _file(request: HttpRequest, link: ContributorLink, found: Sequence[Authorisation], name: str) -> HttpResponseBase:
    text = json.dumps(_made(request, link, found), indent=2, ensure_ascii=False)
    response = HttpResponse(text + "\n", content_type="application/ld+json; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return response


def _made(request: HttpRequest, link: ContributorLink, found: Sequence[Authorisation]) -> dict[str, Json]:
    return receipt(
        authorisations=found, party=link.contributor, production=link.production, door=_door(request), at=now()
    )


def _door(request: HttpRequest) -> str:
    """The door's address, without anybody's secret."""
    address = reverse("door")
    return f"{settings.PUBLIC_URL}{address}" if settings.PUBLIC_URL else request.build_absolute_uri(address)

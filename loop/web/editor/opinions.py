"""Asking for a second opinion from the room or the dossier, and no longer asking."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce, JSONObject, NullIf
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from loop.material.models import Production
from loop.people.models import Contributor
from loop.people.roles import Permission
from loop.queue.opinion import ask_opinion
from loop.queue.querysets import open_requests
from loop.queue.withdraw import withdraw_opinion
from loop.suggestion.models import Suggestion
from loop.web.desk import open_production, page
from loop.web.editor.item import judged
from loop.web.editor.queue import judge
from loop.web.editor.rows import address, short_name
from loop.web.editor.wanted import Wanted


@page
@require_POST
def opinion(request: HttpRequest, code: str, uid: UUID) -> HttpResponse:
    """`ask=1` asks, `ask=0` takes it back. From the room's script the line alone; a form: 303 back to where it was."""
    desk, production = open_production(request, code, Permission.SEE_TEXT)
    suggestion = judged(production, uid)
    if suggestion is None:
        raise Http404("No such suggestion.")
    if request.POST.get("ask") == "1":
        ask_opinion(suggestion=suggestion, actor=desk.actor)
        told = "A second opinion is asked for"
    else:
        withdraw_opinion(suggestion=suggestion, actor=desk.actor)
        told = "No second opinion is asked for"
    if request.headers.get("HX-Request") == "true":
        me = judge(desk, production)
        shown = {"opinion": opinion_of(suggestion, me), "said": told}
        return render(request, "editor/_opinion.html", shown)
    messages.success(request, f"{told}: {short_name(suggestion.external_id)}")
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    response = redirect(back if is_ours else address(production, Wanted(), suggestion.uid))
    response.status_code = 303
    return response


def opinion_of(suggestion: Suggestion, me: Contributor | None, here: str = "") -> dict[str, Any]:
    """What editor/_opinion.html shows: whether one asks oneself, and who else does. `here` is where a form without
    script leads back to. One query, none for a suggestion read `with_requests`.
    """
    asking: list[dict[str, Any]] | None = getattr(suggestion, "asking", None)
    if asking is None:
        asking = [each["who"] for each in _asking(suggestion.production).filter(suggestion=suggestion)]
    mine = me.pk if me else 0
    return {
        "url": reverse("opinion", args=[suggestion.production.code, suggestion.uid]),
        "mine": any(each["id"] == mine for each in asking),
        "others": " and ".join(each["name"] for each in asking if each["id"] != mine),
        "next": here,
    }


def with_requests(found: QuerySet[Suggestion], production: Production) -> QuerySet[Suggestion]:
    """The suggestions with who asks for a second opinion on each."""
    return found.annotate(asking=ArraySubquery(_asking(production).filter(suggestion=OuterRef("pk"))))


def _asking(production: Production) -> QuerySet[Any, Any]:
    name = Coalesce(NullIf("asked_by__name", Value("")), F("asked_by__external_id"))
    people: QuerySet[Any, Any] = open_requests(production).order_by("asked_at")
    return people.values(who=JSONObject(id="asked_by_id", name=name))

"""Rows of the queue, chosen one by one or by their filter, are meant for people, or for nobody any more."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from loop.kernel.errors import NotValidError
from loop.material.models import Production
from loop.people.models import Contributor
from loop.people.roles import Permission
from loop.queue.assign import MAX_ITEMS, assign, judges_of
from loop.queue.unassign import unassign
from loop.suggestion.models import Suggestion
from loop.web.desk import Desk, open_production, page
from loop.web.editor.queue import judge
from loop.web.editor.wanted import in_state, scope, wanted

UNASSIGN = "unassign"


@page
@require_POST
def assigning(request: HttpRequest, code: str) -> HttpResponse:
    """`item` (repeatable), or `all=1` for what the filter of `query` shows; `person` (repeatable) or `do=unassign`.

    303 back to the list with a sentence that says what was done or why not.
    """
    desk, production = open_production(request, code, Permission.SEE_TEXT)
    query = request.POST.get("query", "")[:1000]
    try:
        chosen = _chosen(request, desk, production, query)
        people = _people(request, production)
        if request.POST.get("do") == UNASSIGN:
            count = unassign(
                production=production, suggestions=chosen, people=people, actor=desk.actor, query=_by(request, query)
            )
            told = f"{count} assignment{'' if count == 1 else 's'} taken back. What is meant for nobody waits for all."
        else:
            count = assign(
                production=production, suggestions=chosen, people=people, actor=desk.actor, user=desk.user,
                query=_by(request, query),
            )  # fmt: skip
            names = " and ".join(str(each) for each in people)
            told = f"{count} newly assigned to {names}." if count else f"These are assigned to {names} already."
        messages.success(request, told)
    except NotValidError as error:
        messages.error(request, f"Nothing was assigned: {_in_words(error)}")
    response = redirect(reverse("queue", args=[production.code]) + (f"?{query}" if query else ""))
    response.status_code = 303
    return response


def _by(request: HttpRequest, query: str) -> str:
    return query if request.POST.get("all") else ""


def _chosen(request: HttpRequest, desk: Desk, production: Production, query: str) -> Iterable[Suggestion]:
    """The rows; one more than may be taken at once shows the verb that they are too many."""
    found = Suggestion.objects.filter(production=production)
    if request.POST.get("all"):
        me = judge(desk, production)
        filters = wanted(QueryDict(query).dict(), judges=me is not None)
        found = in_state(scope(production, filters), production, filters, me)
    else:
        found = found.filter(uid__in=_uids(request.POST.getlist("item")))
    return found.only("pk", "uid", "production_id")[: MAX_ITEMS + 1]


def _people(request: HttpRequest, production: Production) -> list[Contributor]:
    uids = _uids([each for each in request.POST.getlist("person") if each])
    found = {each.uid: each for each in judges_of(production).filter(uid__in=uids)}
    if len(found) < len(uids):
        raise NotValidError("people: expected people who judge here, found somebody else", field="people")
    return list(found.values())


def _uids(given: list[str]) -> set[UUID]:
    try:
        return {UUID(each) for each in given}
    except ValueError as error:
        raise NotValidError("expected ids, found something else", field="suggestions") from error


def _in_words(error: NotValidError) -> str:
    if error.field == "people":
        return "choose somebody who judges here."
    if error.field == "suggestions":
        return f"choose 1 to {MAX_ITEMS:,} rows."
    return str(error)

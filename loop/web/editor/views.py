"""Saving the filters of the queue under a name, renaming, sharing and dropping a view."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from loop.kernel.errors import ConflictError, NotValidError
from loop.material.models import Production
from loop.people.roles import Permission
from loop.queue.drop_view import drop_view
from loop.queue.querysets import views_of
from loop.queue.view import MAX_NAME, MAX_VIEWS, keep_view
from loop.web.desk import open_production, page
from loop.web.editor.queue import judge
from loop.web.editor.wanted import wanted


@page
@require_POST
def save(request: HttpRequest, code: str) -> HttpResponse:
    """`name`, `query`, `shared`: keeps the filters, and shows them. 303."""
    desk, production = open_production(request, code, Permission.SEE_TEXT)
    judges = judge(desk, production) is not None
    query = wanted(QueryDict(request.POST.get("query", "")[:1000]).dict(), judges=judges).query
    try:
        view = keep_view(
            production=production, user=desk.user, actor=desk.actor, name=request.POST.get("name", ""), query=query,
            is_shared=bool(request.POST.get("shared")),
        )  # fmt: skip
        messages.success(request, f"Kept as “{view.name}”.")
    except NotValidError as error:
        messages.error(request, _in_words(error))
    return _to_queue(production, query)


@page
@require_POST
def change(request: HttpRequest, code: str, uid: UUID) -> HttpResponse:
    """`do=change` with `name` and `shared`, or `do=drop`. 404 for a view that is not one's own to change. 303."""
    desk, production = open_production(request, code, Permission.SEE_TEXT)
    view = views_of(production, desk.user).select_related("production").filter(uid=uid).first()
    if view is None:
        raise Http404("No such view.")
    if request.POST.get("do") == "drop":
        drop_view(view=view, user=desk.user, actor=desk.actor)
        messages.success(request, f"The view “{view.name}” is gone. Its filters stay as they are shown.")
        return _to_queue(production, view.query)
    try:
        name, shared = request.POST.get("name", ""), bool(request.POST.get("shared"))
        keep_view(
            production=production, user=desk.user, actor=desk.actor, name=name, query=view.query, is_shared=shared,
            view=view,
        )  # fmt: skip
        messages.success(request, f"Kept as “{view.name}”.")
    except (NotValidError, ConflictError) as error:
        messages.error(request, _in_words(error))
    return _to_queue(production, view.query)


def _to_queue(production: Production, query: str) -> HttpResponse:
    response = redirect(reverse("queue", args=[production.code]) + (f"?{query}" if query else ""))
    response.status_code = 303
    return response


def _in_words(error: NotValidError | ConflictError) -> str:
    if isinstance(error, ConflictError):
        return "The view was not renamed: you have one of that name."
    if error.field == "views":
        return f"The view was not kept: you have {MAX_VIEWS} here already. Drop one first."
    return f"The view was not kept: its name needs 1 to {MAX_NAME} characters."

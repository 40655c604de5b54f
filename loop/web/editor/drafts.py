"""Where drafts are kept for their writer: JSON from the review room, for the login's own eyes only."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from loop.decision.drop_draft import drop_draft
from loop.decision.models import DecisionDraft
from loop.decision.querysets import draft_of
from loop.decision.save_draft import ElsewhereError, save_draft
from loop.kernel.clock import now
from loop.kernel.errors import NotAllowedError, NotFoundError, NotValidError
from loop.kernel.strict_json import loads
from loop.material.models import Production
from loop.people.models import User
from loop.people.roles import Permission
from loop.suggestion.models import Suggestion
from loop.web.desk import Desk, open_production

MEMBERS = frozenset({"body", "base"})


@never_cache
@require_http_methods(["GET", "PUT", "DELETE"])
def draft(request: HttpRequest, code: str, uid: UUID) -> HttpResponse:
    """One's own draft of a suggestion. PUT {body, base}: 200 with {saved_at}; 409 with the other draft if another
    browser changed it since `base`; 422 for another shape. GET 200, DELETE 204. 401 for nobody, 404 for whoever does
    not judge on the production.
    """
    if not request.user.is_authenticated:
        return _refused(HTTPStatus.UNAUTHORIZED, "Nobody is logged in.")
    try:
        desk, production = open_production(request, code)
        suggestion = Suggestion.objects.select_related("production").filter(production=production, uid=uid).first()
        judges = desk.may(Permission.DECIDE) or desk.may(Permission.DECIDE_ON_BEHALF)
        if suggestion is None or not judges:
            raise NotFoundError("No such suggestion.")
        if request.method == "GET":
            return JsonResponse(told(desk.user, production, suggestion))
        if request.method == "DELETE":
            drop_draft(suggestion=suggestion, actor=desk.actor)
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        return _kept(request, desk, suggestion)
    except NotValidError as error:
        return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), field=error.field)
    except (Http404, NotFoundError, NotAllowedError):
        return _refused(HTTPStatus.NOT_FOUND, "There is no such suggestion in this production, or you do not judge it.")


def told(user: User, production: Production, suggestion: Suggestion) -> dict[str, Any]:
    """What the page carries of a draft: where it is kept, what the server's clock says, and the draft. One query."""
    return {
        "url": reverse("draft", args=[production.code, suggestion.uid]),
        "uid": str(suggestion.uid),
        "now": now().isoformat(),
        "draft": _words(draft_of(suggestion.pk, user.pk)),
    }


def _kept(request: HttpRequest, desk: Desk, suggestion: Suggestion) -> JsonResponse:
    given = loads(request.body)
    if not isinstance(given, dict) or not isinstance(given.get("body"), dict) or set(given) - MEMBERS:
        raise NotValidError("body: expected an object with body and base", field="body")
    try:
        row = save_draft(suggestion=suggestion, actor=desk.actor, body=given["body"], base=_moment(given.get("base")))
    except ElsewhereError as error:
        other = error.facts["draft"]
        assert isinstance(other, DecisionDraft)  # noqa: S101  (narrows the fact's type)
        return _refused(HTTPStatus.CONFLICT, "This draft was changed in another browser.", draft=_words(other))
    return JsonResponse({"saved_at": row.saved_at.isoformat(), "now": now().isoformat()})


def _words(row: DecisionDraft | None) -> dict[str, Any] | None:
    return None if row is None else {"saved_at": row.saved_at.isoformat(), "body": row.body}


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise NotValidError("base: expected the saved_at of a draft, or null", field="base")
    return moment


def _refused(status: HTTPStatus, detail: str, **more: Any) -> JsonResponse:
    return JsonResponse({"detail": detail, **more}, status=status)

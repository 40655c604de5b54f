"""Where the browser says what it is about to show, and learns what others are being shown."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from loop.kernel.clock import now
from loop.kernel.errors import NotValidError
from loop.people.roles import Permission
from loop.queue.claim import MAX_HELD, MAX_WANTED, claim
from loop.queue.policy import policy_of
from loop.queue.querysets import WAITING, held, state_of
from loop.suggestion.models import Suggestion
from loop.web.desk import open_production
from loop.web.editor.queue import judge


@require_POST
def claims(request: HttpRequest, code: str) -> JsonResponse:
    """{want: [uids in order], hold: int, drop: [uids]} -> {mine: [uids], held: {uid: who}, gone: [uids], lease_s}.

    `mine` are the first `hold` that are free, held for `lease_s` from now. `held` are those that need nobody beyond the
    people named; `gone` those that wait for this person no longer (others have judged them, or they are meant for
    somebody else). `drop` is let go unless it is among `mine`. 401 for nobody, 404 for a foreign production, 403 for a
    role that does not judge, 422 for a body that is none. A claim forbids nothing, so a client may ignore the answer.
    At most nine queries.
    """
    if not request.user.is_authenticated:
        return _refused(HTTPStatus.UNAUTHORIZED, "Nobody is logged in.")
    try:
        desk, production = open_production(request, code, Permission.SEE_PRODUCTION)
        me = judge(desk, production)
        if me is None:
            return _refused(HTTPStatus.FORBIDDEN, "Your role here does not judge.")
        want, hold, drop = _read(request)
    except Http404:
        return _refused(HTTPStatus.NOT_FOUND, "There is no such production, or you are no member.")
    except NotValidError as error:
        return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), field=error.field)
    moment = now()
    mine = claim(production=production, person=me, want=want, hold=hold, drop=drop, at=moment)
    policy = policy_of(production)
    others, gone = {}, []
    if policy.reviewers_per_item is not None and want:
        known = dict(Suggestion.objects.filter(production=production, uid__in=want).values_list("pk", "uid"))
        full = {key: each for key, each in held(production, me, at=moment).items() if each.is_full and key in known}
        others = {str(known[key]): each.names for key, each in full.items() if known[key] not in mine}
        waiting = Suggestion.objects.filter(state_of(production, WAITING, me, at=moment), pk__in=known)
        left = set(waiting.values_list("pk", flat=True))
        gone = [str(uid) for key, uid in known.items() if key not in left]
    return JsonResponse({"mine": [str(uid) for uid in mine], "held": others, "gone": gone, "lease_s": policy.lease_s})


def _read(request: HttpRequest) -> tuple[list[UUID], int, list[UUID]]:
    try:
        body: Any = json.loads(request.body)
    except ValueError as error:
        raise NotValidError("body: expected a JSON object", field="body") from error
    if not isinstance(body, dict):
        raise NotValidError("body: expected a JSON object", field="body")
    hold = body.get("hold", 0)
    if not isinstance(hold, int) or isinstance(hold, bool) or not 0 <= hold <= MAX_HELD:
        raise NotValidError(f"hold: expected 0 to {MAX_HELD}, found {str(hold)[:40]!r}", field="hold")
    return _uids(body, "want"), hold, _uids(body, "drop")


def _uids(body: dict[str, Any], name: str) -> list[UUID]:
    given = body.get(name, [])
    if not isinstance(given, list) or len(given) > MAX_WANTED:
        raise NotValidError(f"{name}: expected a list of at most {MAX_WANTED} ids", field=name)
    try:
        return [UUID(each) for each in given]
    except (ValueError, AttributeError, TypeError) as error:
        raise NotValidError(f"{name}: expected ids", field=name) from error


def _refused(status: HTTPStatus, detail: str, **more: Any) -> JsonResponse:
    return JsonResponse({"detail": detail, **more}, status=status)

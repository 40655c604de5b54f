"""Where verdicts arrive: from the outbox as JSON, or from a plain form. One verb is called: `signal.answer`."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from loop.decision.decide import KeyReusedError, SupersededError
from loop.decision.models import Decision
from loop.decision.querysets import own_live_verdict
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError, LoopError, NotAllowedError, NotFoundError, NotValidError
from loop.material.models import Production
from loop.people.models import Contributor
from loop.people.roles import Permission
from loop.signal.answer import Answer, answer
from loop.suggestion.models import Suggestion
from loop.templatetags.circled import word
from loop.web.desk import Desk, open_production, page
from loop.web.editor.gesture import Gesture, is_json, read
from loop.web.editor.item import judged, read_shown
from loop.web.editor.queue import judge
from loop.web.editor.review import room
from loop.web.editor.rows import address, progress, short_name
from loop.web.editor.wanted import Wanted, wanted

SOURCE = "browser"


@require_POST
def decide(request: HttpRequest, code: str) -> HttpResponse:
    """One verdict. JSON: 201 for a new one, 200 for a repetition with the first answer, 401 for nobody, 403 and 422 for
    refusals for good, 404 for what is foreign. A form: 303 to the next item, 422 with the page and what was typed.
    """
    if is_json(request):
        return _from_outbox(request, code)
    return _from_form(request, code)  # type: ignore[return-value]


def _from_outbox(request: HttpRequest, code: str) -> JsonResponse:
    if not request.user.is_authenticated:
        return _refused(HTTPStatus.UNAUTHORIZED, "Nobody is logged in.")
    moment = now()
    try:
        gesture = read(request)
    except NotValidError as error:
        return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), field=error.field)
    try:
        if gesture.actor and gesture.actor != str(request.user.uid):
            # Not a refusal of the verdict: it waits until the person who gave it is back.
            return _refused(HTTPStatus.UNAUTHORIZED, "Somebody else is logged in.")
        desk, production = open_production(request, code)
        me, suggestion = _parties(desk, production, gesture)
        answered = record(desk, suggestion, gesture, me=me, moment=moment)
    except NotAllowedError as error:
        return _refused(HTTPStatus.FORBIDDEN, str(error), permanent=True)
    except (Http404, NotFoundError):
        return _refused(HTTPStatus.NOT_FOUND, "There is no such suggestion in this production, or you are no member.")
    except SupersededError as error:
        # Two tabs at the same moment: the outbox sends it again, and then it supersedes the other. Taking back
        # what is gone stays refused.
        status = HTTPStatus.UNPROCESSABLE_ENTITY if gesture.outcome == "retract" else HTTPStatus.CONFLICT
        return _refused(status, _in_words(error))
    except (NotValidError, ConflictError) as error:
        return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, _in_words(error), field=error.facts.get("field", ""))
    reached = progress(production, _filters(gesture), me)
    decision = answered.decision
    return JsonResponse(
        {
            "decision": str(decision.uid),
            "outcome": decision.outcome,
            "suggestion": str(suggestion.uid),
            "superseded": str(answered.superseded.uid) if answered.superseded else None,
            "duplicate": not answered.created,
            "progress": reached.words(),
        },
        status=HTTPStatus.CREATED if answered.created else HTTPStatus.OK,
    )


@page
def _from_form(request: HttpRequest, code: str) -> HttpResponse:
    desk, production = open_production(request, code, Permission.SEE_TEXT)
    moment = now()
    try:
        gesture = read(request)
        me, suggestion = _parties(desk, production, gesture)
    except NotValidError as error:
        messages.error(request, f"Nothing was recorded. {error}")
        return _see_other(address(production, Wanted()))
    filters = _filters(gesture)
    try:
        answered = record(desk, suggestion, gesture, me=me, moment=moment)
    except (NotValidError, ConflictError) as error:
        refusal = f"Not recorded yet: {_in_words(error)}"
        return room(
            request, desk, production, filters=filters, item=suggestion, me=me, given=gesture.given, refusal=refusal
        )
    if answered.created:
        messages.success(request, f"{word(gesture.outcome)}: {short_name(suggestion.external_id)}")
    if gesture.outcome == "retract":
        return _see_other(address(production, filters, suggestion.uid))
    return _see_other(address(production, filters, after=str(suggestion.uid)))


def record(desk: Desk, suggestion: Suggestion, gesture: Gesture, *, me: Contributor, moment: datetime) -> Answer:
    """Calls the verb. One's own live verdict is superseded, unless that one was given later than this one was.

    A decision that waited in a browser while the same person judged again elsewhere arrives as what it is: the earlier.
    """
    spoken_for = _spoken_for(suggestion.production, gesture)
    target = _target(suggestion, gesture)
    key = f"web:{gesture.key}"
    decided_at = gesture.decided_at if gesture.decided_at and gesture.decided_at <= moment else None
    if Decision.objects.filter(production=suggestion.production, external_id=key).exists():
        # A browser's clock that ran ahead was corrected the first time; by now it may no longer be ahead.
        decided_at = None
    standing = own_live_verdict(suggestion.pk, (spoken_for or me).pk)
    is_late = standing is not None and standing.decided_at is not None and standing.decided_at > (decided_at or moment)
    return answer(
        suggestion=suggestion,
        outcome=gesture.outcome,
        decided_by=me,
        actor=desk.actor,
        external_id=key,
        on_behalf_of=spoken_for,
        reasons=gesture.reasons,
        rationale=gesture.rationale,
        revised_content=gesture.revised_content,
        # The text box opens with the suggestion, so a revision of a model's text was begun by the model.
        revision_by_ai=gesture.revised_content is not None and suggestion.origin == Suggestion.Origin.MODEL,
        spans=gesture.spans,
        beats=gesture.beats,
        severity=gesture.severity,
        confidence=gesture.confidence,
        active_ms=gesture.active_ms,
        context=read_shown(gesture.shown, suggestion) if gesture.outcome != "retract" else {"page": "review"},
        supersedes=target,
        replace_own=target is None and not is_late,
        decided_at=decided_at,
        source=SOURCE,
        at=moment,
    )


def _parties(desk: Desk, production: Production, gesture: Gesture) -> tuple[Contributor, Suggestion]:
    me = judge(desk, production)
    if me is None:
        raise NotAllowedError(f"Your role on {production.title} does not decide.")
    suggestion = judged(production, gesture.suggestion)
    if suggestion is None:
        raise NotFoundError("No such suggestion.")
    return me, suggestion


def _spoken_for(production: Production, gesture: Gesture) -> Contributor | None:
    """The person that the verdict is entered for: of this production's people. A retract follows what it takes back."""
    if gesture.outcome == "retract" and gesture.retracts is not None:
        taken_back = Decision.objects.filter(production=production, uid=gesture.retracts).select_related("on_behalf_of")
        found = taken_back.first()
        return found.on_behalf_of if found else None
    if gesture.on_behalf_of is None:
        return None
    person = Contributor.objects.filter(uid=gesture.on_behalf_of)
    of_members = Q(memberships__production=production)
    found_person = person.filter(of_members | Q(pk=production.lead_id or 0)).distinct().first()
    if found_person is None:
        raise NotValidError("on_behalf_of: expected one of this production's people", field="on_behalf_of")
    return found_person


def _target(suggestion: Suggestion, gesture: Gesture) -> Decision | None:
    if gesture.outcome != "retract":
        return None
    if gesture.retracts is None:
        raise NotValidError("retracts: expected the decision to take back, found none", field="retracts")
    found = Decision.objects.filter(suggestion=suggestion, uid=gesture.retracts).first()
    if found is None:
        raise NotFoundError("No such decision.")
    return found


def _filters(gesture: Gesture) -> Wanted:
    return wanted(QueryDict(gesture.queue).dict(), judges=True)


def _in_words(error: LoopError) -> str:
    if isinstance(error, NotValidError) and error.field == "reasons":
        return "this production wants a reason with every rejection and revision. Choose one and decide again."
    if isinstance(error, KeyReusedError):
        return "this form was sent before with other words. Open the item again."
    if isinstance(error, SupersededError):
        return "a newer verdict stands on this suggestion. Open the item again to see it."
    return str(error)


def _refused(status: HTTPStatus, detail: str, **more: Any) -> JsonResponse:
    return JsonResponse({"detail": detail, **more}, status=status)


def _see_other(address: str) -> HttpResponseRedirect:
    response = redirect(address)
    response.status_code = HTTPStatus.SEE_OTHER
    return response

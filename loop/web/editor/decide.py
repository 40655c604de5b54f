"""Where verdicts arrive: from the outbox as JSON, or from a plain form. One verb is called: `signal.answer`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from loop.decision.decide import KeyReusedError, SupersededError
from loop.decision.drop_draft import drop_draft
from loop.decision.models import Decision
from loop.decision.querysets import as_it_stands, own_live_verdict
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError, LoopError, NotAllowedError, NotFoundError, NotValidError
from loop.material.models import Production
from loop.people.models import Contributor
from loop.people.roles import Permission
from loop.queue.policy import policy_of
from loop.signal.answer import Answer, answer
from loop.signal.take_back import take_back
from loop.suggestion.models import Suggestion
from loop.templatetags.circled import word
from loop.web.desk import Desk, open_production, page
from loop.web.editor.aftermath import crossed, releases_of, told_after
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
    def act(desk: Desk, gesture: Gesture, me: Contributor, suggestion: Suggestion, moment: datetime) -> Told:
        answered = record(desk, suggestion, gesture, me=me, moment=moment)
        decision, superseded = answered.decision, answered.superseded
        told = {"outcome": decision.outcome, "superseded": str(superseded.uid) if superseded else None}
        return decision, told, answered.created

    return answer_outbox(request, code, act)


Told = tuple[Decision, dict[str, Any], bool]  # what was recorded, what the browser is told of it, whether it is new


def answer_outbox(
    request: HttpRequest,
    code: str,
    act: Callable[[Desk, Gesture, Contributor, Suggestion, datetime], Told],
) -> JsonResponse:
    """One gesture from a browser's outbox: reads it, lets `act` record it, and answers as `decide` promises."""
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
        me, suggestion = parties(desk, production, gesture)
        decision, told, is_new = act(desk, gesture, me, suggestion, moment)
    except NotAllowedError as error:
        return _refused(HTTPStatus.FORBIDDEN, str(error), permanent=True)
    except (Http404, NotFoundError):
        return _refused(HTTPStatus.NOT_FOUND, "There is no such suggestion in this production, or you are no member.")
    except SupersededError as error:
        # Two tabs at the same moment: the outbox sends it again, and then it supersedes the other. Taking back
        # what is gone stays refused.
        status = HTTPStatus.UNPROCESSABLE_ENTITY if gesture.outcome == "retract" else HTTPStatus.CONFLICT
        return _refused(status, in_words(error))
    except (NotValidError, ConflictError) as error:
        return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, in_words(error), field=error.facts.get("field", ""))
    _settle(desk, gesture, suggestion)
    reached = progress(production, filters_of(gesture), me)
    return JsonResponse(
        {
            "decision": str(decision.uid),
            "suggestion": str(suggestion.uid),
            "duplicate": not is_new,
            "progress": reached.words(),
            **told_after(production, policy_of(production), me, decision, moment),
            **told,
        },
        status=HTTPStatus.CREATED if is_new else HTTPStatus.OK,
    )


@page
def _from_form(request: HttpRequest, code: str) -> HttpResponse:
    desk, production = open_production(request, code, Permission.SEE_TEXT)
    moment = now()
    try:
        gesture = read(request)
        me, suggestion = parties(desk, production, gesture)
    except NotValidError as error:
        messages.error(request, f"Nothing was recorded. {error}")
        return see_other(address(production, Wanted()))
    filters = filters_of(gesture)
    try:
        answered = record(desk, suggestion, gesture, me=me, moment=moment)
    except (NotValidError, ConflictError) as error:
        refusal = f"Not recorded yet: {in_words(error)}"
        return room(
            request, desk, production, filters=filters, item=suggestion, me=me, given=gesture.given, refusal=refusal
        )
    _settle(desk, gesture, suggestion)
    if answered.created:
        messages.success(request, _recorded(answered, suggestion))
        for each in crossed(production, policy_of(production), me, answered.decision, moment):
            told = f"{each['by']} {each['word'].lower()} {each['label']} at the same time. Both verdicts stand."
            messages.info(request, told)
    if gesture.outcome == "retract":
        return see_other(address(production, filters, suggestion.uid))
    return see_other(address(production, filters, after=str(suggestion.uid)))


def _recorded(answered: Answer, suggestion: Suggestion) -> str:
    told = f"{word(answered.decision.outcome)}: {short_name(suggestion.external_id)}"
    used = releases_of([answered.superseded]) if answered.superseded is not None else []
    return f"{told}. Superseded after release {', '.join(used)}, which keeps it." if used else told


def record(desk: Desk, suggestion: Suggestion, gesture: Gesture, *, me: Contributor, moment: datetime) -> Answer:
    """Calls the verb. One's own live verdict is superseded, unless that one was given later than this one was.

    A decision that waited in a browser while the same person judged again elsewhere arrives as what it is: the earlier.
    """
    person = spoken_for(suggestion.production, gesture)
    target = _target(suggestion, gesture)
    key = f"web:{gesture.key}"
    decided_at = moment_of(gesture, key, suggestion.production_id, moment)
    if target is not None and target.context.get("gesture"):
        # One of several that were said at once: they are taken back at once.
        taken = take_back(decision=target, decided_by=me, actor=desk.actor, key=key, source=SOURCE, at=moment)
        return Answer(taken.main, taken.created, target)
    standing = own_live_verdict(suggestion.pk, (person or me).pk)
    is_late = standing is not None and standing.decided_at is not None and standing.decided_at > (decided_at or moment)
    return answer(
        suggestion=suggestion,
        outcome=gesture.outcome,
        decided_by=me,
        actor=desk.actor,
        external_id=key,
        on_behalf_of=person,
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


def _settle(desk: Desk, gesture: Gesture, suggestion: Suggestion) -> None:
    """What was begun has been said: the draft goes. An undo brings the item back with its words instead."""
    if gesture.outcome != "retract":
        drop_draft(suggestion=suggestion, actor=desk.actor)


def moment_of(gesture: Gesture, external_id: str, production_id: int, moment: datetime) -> datetime | None:
    """When a browser says it was given, None for the moment of arrival: a clock that runs ahead is not believed."""
    if gesture.decided_at is None or gesture.decided_at > moment:
        return None
    if Decision.objects.filter(production=production_id, external_id=external_id).exists():
        # A browser's clock that ran ahead was corrected the first time; by now it may no longer be ahead.
        return None
    return gesture.decided_at


def parties(desk: Desk, production: Production, gesture: Gesture) -> tuple[Contributor, Suggestion]:
    """Who judges, and what. Raises NotAllowedError for a role that does not, NotFoundError for what is foreign."""
    me = judge(desk, production)
    if me is None:
        raise NotAllowedError(f"Your role on {production.title} does not decide.")
    suggestion = judged(production, gesture.suggestion)
    if suggestion is None:
        raise NotFoundError("No such suggestion.")
    return me, suggestion


def spoken_for(production: Production, gesture: Gesture) -> Contributor | None:
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
    found = Decision.objects.filter(production=suggestion.production, uid=gesture.retracts).first()
    is_about = found is not None and (
        found.suggestion_id == suggestion.pk or str(suggestion.uid) in found.context.get("candidates", ())
    )
    if found is None or not is_about:
        raise NotFoundError("No such decision.")
    done = Decision.objects.filter(suggestion=suggestion, external_id=f"web:{gesture.key}", outcome="retract")
    undone = done.select_related("supersedes").first()
    if undone is not None and undone.supersedes is not None:
        # A repetition: what was said again for the undo of another gesture was taken back the first time.
        again = undone.supersedes
        return again if str(found.uid) in (str(again.uid), again.context.get("repeats")) else found
    return as_it_stands(found)


def filters_of(gesture: Gesture) -> Wanted:
    """The part of the queue that somebody goes through."""
    return wanted(QueryDict(gesture.queue).dict(), judges=True)


def in_words(error: LoopError) -> str:
    """A refusal for whoever pressed the key."""
    if isinstance(error, NotValidError):
        return _not_valid_in_words(error)
    if isinstance(error, KeyReusedError):
        return "this form was sent before with other words. Open the item again."
    if isinstance(error, SupersededError):
        return "a newer verdict stands on this suggestion. Open the item again to see it."
    return str(error)


def _not_valid_in_words(error: NotValidError) -> str:
    if error.field == "reasons":
        return "this production wants a reason with every rejection and revision. Choose one and decide again."
    if error.field == "skip":
        return "this production wants a reason with every skip. Choose one or write it, and skip again."
    if "found praise." in str(error):
        return "praise goes with an acceptance or a revision. Untick what works, or accept."
    # People count spans from 1, as the panel numbers them.
    return re.sub(r"\bspans\[(\d+)\]\.?", lambda found: f"span {int(found[1]) + 1}: ", str(error)).replace(": :", ":")


def _refused(status: HTTPStatus, detail: str, **more: Any) -> JsonResponse:
    return JsonResponse({"detail": detail, **more}, status=status)


def see_other(address: str) -> HttpResponseRedirect:
    """303: what was posted is not posted again by going back."""
    response = redirect(address)
    response.status_code = HTTPStatus.SEE_OTHER
    return response

"""Where a choice among candidates arrives: the best of a brief, or none. Its undo comes as any undo, to `decide`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from loop.decision.models import Decision
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError, NotFoundError, NotValidError
from loop.material.models import Production
from loop.people.models import Contributor
from loop.people.roles import Permission
from loop.signal.choose import BEST, NONE_OF_THEM, Choice, place_key, words_of
from loop.signal.choose import choose as choose_among
from loop.suggestion.models import Suggestion
from loop.web.desk import Desk, open_production, page
from loop.web.editor import decide
from loop.web.editor.gesture import Gesture, is_json, read
from loop.web.editor.item import letter, read_shown
from loop.web.editor.rows import address, compare_url
from loop.web.editor.wanted import Wanted

COMPARED_SALT: Final = "circled.compared"
WORDS: Final = {BEST: "Best", NONE_OF_THEM: "Dismissed"}


@require_POST
def choose(request: HttpRequest, code: str) -> HttpResponse:
    """One gesture: `outcome` is best (of `suggestion`) or dismissed (all); `shown` says, signed, what was compared.

    JSON as `decide`, with `marks` = {suggestion: outcome} of all that was recorded. A form: 303 to the next item, or
    back to the comparison with the refusal.
    """
    if is_json(request):
        return decide.answer_outbox(request, code, _act)
    return _from_form(request, code)  # type: ignore[return-value]


def sign(brief: UUID, seen: dict[str, Any]) -> str:
    """What the comparison page showed, for its way through the browser and back."""
    return signing.dumps([str(brief), seen], salt=COMPARED_SALT, compress=True)


def names_of(suggestions: Sequence[Suggestion], seen: dict[str, Any]) -> tuple[str, list[str]]:
    """(noun, names) of candidates for people: the numbers of takes, else letters. A shuffled set keeps its letters,
    because the number of a take tells the order. The texts should have come along, or this is a query each.
    """
    letters = seen.get("letters") or [letter(place) for place in range(len(suggestions))]
    if not seen.get("shuffled"):
        takes = [take_of(each) for each in suggestions]
        if all(takes):
            return "take", takes
    return "", [str(each) for each in letters]


def take_of(suggestion: Suggestion) -> str:
    """The number on the slate of a take, "" for everything else."""
    meta = getattr(getattr(suggestion, "text", None), "meta", None)
    return str(meta.get("take") or "") if suggestion.kind == "take" and isinstance(meta, dict) else ""


def _act(desk: Desk, gesture: Gesture, me: Contributor, suggestion: Suggestion, moment: datetime) -> decide.Told:
    choice, _ = _record(desk, gesture, me, suggestion, moment)
    told = {"outcome": gesture.outcome, "marks": marks_of(choice.decisions)}
    return choice.main, told, choice.created


@page
def _from_form(request: HttpRequest, code: str) -> HttpResponse:
    desk, production = open_production(request, code, Permission.SEE_TEXT)
    try:
        gesture = read(request)
        me, suggestion = decide.parties(desk, production, gesture)
    except NotValidError as error:
        messages.error(request, f"Nothing was recorded. {error}")
        return decide.see_other(address(production, Wanted()))
    filters = decide.filters_of(gesture)
    try:
        choice, words = _record(desk, gesture, me, suggestion, now())
    except (NotValidError, ConflictError) as error:
        messages.error(request, f"Not recorded yet: {decide.in_words(error)}")
        return decide.see_other(compare_url(production, suggestion.brief.uid, filters, suggestion.uid))
    if choice.created:
        messages.success(request, words)
    return decide.see_other(address(production, filters, after=str(suggestion.uid)))


def marks_of(decisions: Sequence[Decision]) -> dict[str, str]:
    """{suggestion: outcome}, as the rows of the strip are marked; a retract leaves no mark."""
    outcomes = {each.suggestion_id: "" if each.outcome == "retract" else each.outcome for each in decisions}
    found = Suggestion.objects.filter(pk__in=outcomes).values_list("uid", "pk")
    return {str(uid): outcomes[pk] for uid, pk in found}


def _record(
    desk: Desk, gesture: Gesture, me: Contributor, suggestion: Suggestion, moment: datetime
) -> tuple[Choice, str]:
    """Calls the verb with the candidates of the signed set; (the choice, what it was in words)."""
    if gesture.outcome not in (BEST, NONE_OF_THEM):
        raise NotValidError(f"outcome: expected {BEST} or {NONE_OF_THEM}, found {gesture.outcome!r}", field="outcome")
    production = suggestion.production
    seen = _seen(gesture, suggestion)
    candidates = _candidates(production, seen)
    if suggestion not in candidates:
        raise NotFoundError("No such candidate.")
    noun, names = names_of(candidates, seen)
    key = f"web:{gesture.key}"
    recorded = Decision.objects.filter(
        production=production, external_id__in=[place_key(key, place) for place in range(len(candidates))]
    )
    first = recorded.values_list("external_id", flat=True).first() or key
    choice = choose_among(
        candidates=candidates,
        chosen=suggestion if gesture.outcome == BEST else None,
        decided_by=me,
        actor=desk.actor,
        key=key,
        on_behalf_of=decide.spoken_for(production, gesture),
        reasons=gesture.reasons,
        beats=gesture.beats,
        rationale=gesture.rationale,
        severity=gesture.severity,
        confidence=gesture.confidence,
        spans=gesture.spans,
        active_ms=gesture.active_ms,
        context=seen,
        names=names,
        noun=noun,
        decided_at=decide.moment_of(gesture, first, production.pk, moment),
        source=decide.SOURCE,
        at=moment,
    )
    return choice, f"{WORDS[gesture.outcome]}: {words_of(choice.main)}"


def _seen(gesture: Gesture, suggestion: Suggestion) -> dict[str, Any]:
    try:
        brief, seen = signing.loads(gesture.shown, salt=COMPARED_SALT)
    except (signing.BadSignature, ValueError):
        seen = read_shown(gesture.shown, suggestion)
    else:
        if brief != str(suggestion.brief.uid):
            seen = {}
    if not seen.get("candidates"):
        raise NotValidError("shown: expected the candidates that were compared, found none", field="shown")
    return dict(seen)


def _candidates(production: Production, seen: dict[str, Any]) -> list[Suggestion]:
    """In the order shown. One query."""
    found = Suggestion.objects.filter(production=production, uid__in=seen["candidates"])
    by_uid = {str(each.uid): each for each in found.select_related("production", "brief", "text")}
    return [by_uid[uid] for uid in seen["candidates"] if uid in by_uid]

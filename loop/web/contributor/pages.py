"""The door's one page: what is asked, what stands, what has left; and the answer to a request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from loop.consent import wording
from loop.consent.models import ConsentRequest, ContributorLink
from loop.consent.unlink import close_link
from loop.kernel.clock import now
from loop.kernel.errors import LoopError
from loop.recall.answer_request import Answered, answer_request
from loop.recall.left import Left, releases_with
from loop.web.contributor.entrance import PATH, actor_of, cookie_name, page, show
from loop.web.contributor.held import Asked, asked, held, recipients, records

USE: Final = "use_"


@page
@require_safe
def home(request: HttpRequest, link: ContributorLink) -> HttpResponseBase:
    """Everything about the one party. At most 12 queries."""
    return _home(request, link)


@page
@require_POST
def answer(request: HttpRequest, link: ContributorLink, uid: UUID) -> HttpResponseBase:
    """Records the answer to one request; what cannot be recorded comes back with its field, nothing lost."""
    found = get_object_or_404(
        ConsentRequest.objects.select_related("party", "production", "notice"),
        uid=uid, party=link.contributor, production=link.production,
    )  # fmt: skip
    said = {name.removeprefix(USE): request.POST[name] for name in request.POST if name.startswith(USE)}
    later = "later" in request.POST
    try:
        done = answer_request(
            request=found, answers=said, actor=actor_of(link), later=later,
            granted_by=request.POST.get("granted_by", ""),
        )  # fmt: skip
    except LoopError as error:
        return _home(request, link, wrong=(uid, said, error))
    messages.success(request, _receipt_of(done))
    return redirect("door")


@page
@require_POST
def close(request: HttpRequest, link: ContributorLink) -> HttpResponseBase:
    """Closes the link for good: for whoever fears that somebody else has it."""
    close_link(link=link, actor=actor_of(link))
    response = show(request, "contributor/left.html", {"is_closed": True})
    response.delete_cookie(cookie_name(), path=PATH)
    return response


def _home(
    request: HttpRequest, link: ContributorLink, *, wrong: tuple[UUID, dict[str, str], LoopError] | None = None
) -> HttpResponse:
    moment, known = now(), recipients()
    current = held(records(link), moment, known)
    listed = asked(link, current, moment, known)
    if wrong:
        listed = [_with_error(each, wrong) for each in listed]
    return show(
        request,
        "contributor/home.html",
        {
            "link": link,
            "asked": listed,
            "waiting": sum(each.waits for each in listed),
            "held": current,
            "may_withdraw": sum(each.allows and each.is_open for each in current),
            "left": [(each, _words_of(each)) for each in releases_with(link.contributor, link.production)],
        },
        status=422 if wrong else 200,
    )


def _words_of(left: Left) -> dict[str, Any]:
    """What a release was for, and what its recipient is asked and said, in words."""
    return {
        "purpose": wording.purpose_name(left.export.purpose),
        "asked": [wording.ON_WITHDRAWAL.get(each, each) for each in left.asked],
        "models": [wording.MODEL_ACTIONS.get(each, each) for each in left.actions],
        "answered_at": max(left.answered_at, default=None),
    }


def _with_error(each: Asked, wrong: tuple[UUID, dict[str, str], LoopError]) -> Asked:
    uid, said, error = wrong
    if each.request.uid != uid:
        return each
    field = str(error.facts.get("field", ""))
    questions = tuple(
        replace(
            question,
            said=said.get(question.purpose, question.said),
            error="Please say yes or no here." if field == f"uses.{question.purpose}" else "",
        )
        for question in each.questions
    )
    if any(question.error for question in questions):
        return replace(each, questions=questions)
    words = "Please give the name of the parent or guardian." if field == "granted_by" else str(error)
    return replace(each, questions=questions, errors=(words,))


def _receipt_of(done: Answered) -> str:
    """What the answer did, in a sentence or two."""
    words = {
        "given": "Your answer is recorded. It counts from now.",
        "refused": "Your refusal is recorded. Nothing else changes for you.",
        "deferred": "You decide later. Until then nothing leaves.",
    }[done.answer.answer]
    if done.withdrawal is not None and done.withdrawal.notices:
        recalled = ", ".join(f"E-{each.export.number}" for each in done.withdrawal.published)
        words += f" What you no longer allow was recalled from {recalled}."
    return words

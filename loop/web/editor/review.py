"""The review room: one suggestion, one key, the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.db.models import Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from loop.decision.models import Decision
from loop.kernel.clock import now
from loop.material.models import Production
from loop.people.models import Contributor
from loop.people.roles import Permission
from loop.queue.policy import policy_of
from loop.queue.querysets import SKIPPED, WAITING, full
from loop.suggestion.models import Suggestion
from loop.web.desk import Desk, open_production, page
from loop.web.editor.aftermath import last_words
from loop.web.editor.done import ending
from loop.web.editor.item import card
from loop.web.editor.opinions import opinion_of, with_requests
from loop.web.editor.queue import judge
from loop.web.editor.rows import STRIP_LIMIT, Progress, address, around, outcomes_and_last, progress, short_name
from loop.web.editor.wanted import OPEN, Wanted, in_state, listed, scope, wanted

_ROOM: Final = ("production", "brief__scene", "model", "media", "text")


@page
@require_GET
def review(request: HttpRequest, code: str) -> HttpResponse:
    """The item of the address, else the next that waits. With `fragment=1` the item alone: the browser fetches ahead.

    What others hold is passed over, never kept from anybody: an item that the address names is always opened. Reading
    claims nothing; the browser does, when the item is on the table. At most 12 queries.
    """
    desk, production = open_production(request, code, Permission.SEE_TEXT)
    me = judge(desk, production)
    if me is None:
        raise PermissionDenied
    filters = wanted(request.GET.dict(), judges=True)
    item = _asked_for(request, production, filters, me)
    return room(request, desk, production, filters=filters, item=item, me=me, is_fragment=_is_fragment(request))


def room(
    request: HttpRequest,
    desk: Desk,
    production: Production,
    *,
    filters: Wanted,
    item: Suggestion | None,
    me: Contributor,
    is_fragment: bool = False,
    given: Mapping[str, Any] | None = None,
    refusal: str = "",
) -> HttpResponse:
    """The page, or the item alone. `refusal` and `given`: a form without script that was refused stands again."""
    # The open queue shows its decided rows too, so that one sees how far one is; the other states are lists to walk.
    found = around(production, listed(scope(production, filters), production, filters, me), item, me)
    marks, last = outcomes_and_last(production, me, [each["pk"] for each in found["row"] + found["candidate"]])
    if filters.state == SKIPPED:
        marks = {key: outcome for key, outcome in marks.items() if outcome != "skip"}
    reached = progress(production, filters, me, item)
    context: dict[str, Any] = {
        "queue": _queue(production, filters, reached, found["row"], marks, item),
        "review_url": address(production, filters),
        "decide_url": reverse("decide", args=[production.code]),
        "refusal": refusal,
        "walks_all": filters.state not in OPEN,
        "reason_required": production.reason_required,
        "claims_url": _claims_url(production, filters),
    }
    if item is not None:
        context["item"] = card(
            request, desk, item, me=me, filters=filters, reached=reached, candidates=found["candidate"], marks=marks,
            given=given,
        )  # fmt: skip
        context["opinion"] = opinion_of(item, me, address(production, filters, item.uid))
        context |= _neighbours(production, filters, found["row"], item)
    else:
        context["done"] = ending(production, filters, me, reached=reached)
    if is_fragment:
        return render(request, "editor/_item.html", context)
    context["last"] = _last(last)
    return render(request, "editor/review.html", context, status=422 if refusal else 200)


def next_open(production: Production, filters: Wanted, me: Contributor, after: UUID | None = None) -> Suggestion | None:
    """The first that waits and that nobody else holds, after the given one, else from the beginning. One or two
    queries. An `after` that there is not is none.
    """
    state = filters if filters.state in OPEN else replace(filters, state=WAITING)
    waiting = in_state(scope(production, filters), production, state, me)
    if policy_of(production).reviewers_per_item is not None:
        waiting = waiting.filter(~full(production, me, at=now()))
    waiting = with_requests(waiting.select_related(*_ROOM), production)
    if after is not None:
        there = Suggestion.objects.filter(production=production, uid=after).values("pk")
        return waiting.filter(pk__gt=Subquery(there)).first() or waiting.exclude(uid=after).first()
    return waiting.first()


def _claims_url(production: Production, filters: Wanted) -> str:
    """Where the browser claims; "" where nothing is shared out, or where one goes through a list of one's own."""
    shares = policy_of(production).reviewers_per_item is not None and filters.state in OPEN
    return reverse("claims", args=[production.code]) if shares else ""


def _asked_for(request: HttpRequest, production: Production, filters: Wanted, me: Contributor) -> Suggestion | None:
    asked = request.GET.get("item", "")
    if asked:
        known = Suggestion.objects.filter(production=production, uid=_uid(asked))
        item = with_requests(known.select_related(*_ROOM), production).first()
        if item is None:
            raise Http404("No such suggestion.")
        return item
    if filters.state not in OPEN:
        chosen = in_state(scope(production, filters), production, filters, me)
        return None if _is_fragment(request) else with_requests(chosen.select_related(*_ROOM), production).first()
    after = request.GET.get("after", "")
    return next_open(production, filters, me, _uid(after) if after else None)


def _uid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404("No such suggestion.") from error


def _is_fragment(request: HttpRequest) -> bool:
    return request.GET.get("fragment") == "1"


def _queue(
    production: Production,
    filters: Wanted,
    reached: Progress,
    rows: list[dict[str, Any]],
    marks: Mapping[int, str],
    item: Suggestion | None,
) -> dict[str, Any]:
    before = sum(1 for each in rows if item is not None and each["pk"] < item.pk)
    first = 1 if filters.state == SKIPPED else reached.place - before
    return {
        "query": filters.query,
        "label": filters.words or "all stages",
        "list_url": reverse("queue", args=[production.code]) + (f"?{filters.query}" if filters.query else ""),
        "total": reached.total,
        "done": reached.done,
        "left": reached.left,
        "rows": [
            {
                "uid": each["uid"],
                "no": first + place,
                "name": short_name(each["external_id"], STRIP_LIMIT),
                "full_name": each["external_id"],
                "outcome": marks.get(each["pk"], ""),
                "held": " and ".join(dict.fromkeys(each["held"])),
                "url": address(production, filters, each["uid"]),
            }
            for place, each in enumerate(rows)
        ],
    }


def _neighbours(
    production: Production, filters: Wanted, rows: list[dict[str, Any]], item: Suggestion
) -> dict[str, str]:
    place = next((place for place, each in enumerate(rows) if each["pk"] == item.pk), None)
    if place is None:
        return {}
    before = rows[place - 1]["uid"] if place else None
    after = rows[place + 1]["uid"] if place + 1 < len(rows) else None
    return {
        "previous_url": address(production, filters, before) if before else "",
        "next_url": address(production, filters, after) if after else "",
    }


def _last(decision: Decision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    verb, label = last_words(decision)
    return {
        "uid": decision.uid,
        "word": verb,
        "label": label,
        "suggestion": decision.suggestion.uid,
        "idempotency_key": uuid4(),
    }

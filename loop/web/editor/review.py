"""The review room: one suggestion, one key, the next one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from loop.decision.models import Decision
from loop.material.models import Production
from loop.people.models import Contributor
from loop.people.roles import Permission
from loop.suggestion.models import Suggestion
from loop.templatetags.circled import word
from loop.web.desk import Desk, open_production, page
from loop.web.editor.codes import codes_of
from loop.web.editor.item import card, judged
from loop.web.editor.queue import judge
from loop.web.editor.rows import STRIP_LIMIT, Progress, address, around, latest, outcomes, progress, short_name
from loop.web.editor.wanted import WAITING, Wanted, in_state, scope, verdicts, wanted, whose

LAST_SHOWN = 5


@page
@require_GET
def review(request: HttpRequest, code: str) -> HttpResponse:
    """The item of the address, else the next that waits. With `fragment=1` the item alone: the browser fetches ahead.

    At most 12 queries.
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
    strip = scope(production, filters)
    # The open queue shows its decided rows too, so that one sees how far one is; the other states are lists to walk.
    if filters.state != WAITING:
        strip = in_state(strip, production, filters, me)
    found = around(production, strip, item)
    marks = outcomes(production, me, [each["pk"] for each in found["row"] + found["candidate"]])
    if filters.state == "skipped":
        marks = {key: outcome for key, outcome in marks.items() if outcome != "skip"}
    reached = progress(production, filters, me, item)
    context: dict[str, Any] = {
        "queue": _queue(production, filters, reached, found["row"], marks, item),
        "review_url": address(production, filters),
        "decide_url": reverse("decide", args=[production.code]),
        "refusal": refusal,
        "walks_all": filters.state not in (WAITING, "skipped"),
        "reason_required": production.reason_required,
    }
    if item is not None:
        context["item"] = card(
            request, desk, item, me=me, filters=filters, reached=reached, candidates=found["candidate"], marks=marks,
            given=given,
        )  # fmt: skip
        context |= _neighbours(production, filters, found["row"], item)
    else:
        context["done"] = _done(production, filters, me, reached)
    if is_fragment:
        return render(request, "editor/_item.html", context)
    context["last"] = _last(latest(production, me))
    return render(request, "editor/review.html", context, status=422 if refusal else 200)


def next_open(
    production: Production, filters: Wanted, me: Contributor, after: Suggestion | None = None
) -> Suggestion | None:
    """The first that waits after the given one, else from the beginning. One or two queries."""
    state = filters if filters.state in (WAITING, "skipped") else Wanted(filters.stage, filters.kind, filters.model)
    waiting = in_state(scope(production, filters), production, state, me).select_related(
        "production", "brief__scene", "model", "media", "text"
    )
    if after is not None:
        return waiting.filter(pk__gt=after.pk).first() or waiting.exclude(pk=after.pk).first()
    return waiting.first()


def _asked_for(request: HttpRequest, production: Production, filters: Wanted, me: Contributor) -> Suggestion | None:
    asked = request.GET.get("item", "")
    if asked:
        item = judged(production, _uid(asked))
        if item is None:
            raise Http404("No such suggestion.")
        return item
    if filters.state not in (WAITING, "skipped"):
        chosen = in_state(scope(production, filters), production, filters, me)
        return (
            None
            if _is_fragment(request)
            else chosen.select_related("production", "brief__scene", "model", "media", "text").first()
        )
    after = request.GET.get("after", "")
    return next_open(production, filters, me, judged(production, _uid(after)) if after else None)


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
    first = 1 if filters.state == "skipped" else reached.place - before
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


def _done(production: Production, filters: Wanted, me: Contributor, reached: Progress) -> dict[str, Any]:
    mine = list(verdicts(production).filter(whose(me)).select_related("suggestion").order_by("-id")[:LAST_SHOWN])
    codes = codes_of(production, "")
    skipped = Wanted(filters.stage, filters.kind, filters.model, "skipped")
    return {
        "skipped": reached.skipped,
        "skipped_url": address(production, skipped),
        "is_skipped": filters.state == "skipped",
        "mine": [
            {
                "outcome": each.outcome,
                "url": reverse("decision", args=[each.uid]),
                "name": short_name(each.suggestion.external_id),
                "reasons": codes.reason_labels(each.reasons),
            }
            for each in mine
        ],
    }


def _last(decision: Decision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    return {
        "uid": decision.uid,
        "word": word(decision.outcome),
        "label": short_name(decision.suggestion.external_id),
        "suggestion": decision.suggestion.uid,
        "idempotency_key": uuid4(),
    }

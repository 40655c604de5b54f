"""The queue: what waits, what is decided, and where to start."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Substr
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from loop.material.models import Production, Stage
from loop.people.models import Contributor
from loop.people.roles import Permission
from loop.suggestion.models import Suggestion
from loop.web.desk import Desk, open_production, page
from loop.web.editor.item import scene_of
from loop.web.editor.rows import address, others, outcomes, progress, short_name
from loop.web.editor.wanted import STATES, STATES_OF_READERS, Wanted, in_state, kind_words, scope, wanted
from loop.web.paging import page_of

EXCERPT: Final = 240


@page
@require_GET
def queue(request: HttpRequest, code: str) -> HttpResponse:
    """Rows in the order of arrival, filtered, a page at a time. At most 12 queries."""
    desk, production = open_production(request, code, Permission.SEE_TEXT)
    me = judge(desk, production)
    filters = wanted(request.GET.dict(), judges=me is not None)
    chosen = in_state(scope(production, filters), production, filters, me)
    rows, pager = page_of(request, _with_words(chosen))
    reached = progress(production, filters, me)
    context = {
        "queue": {"done": reached.done, "total": reached.total, "left": reached.left, "skipped": reached.skipped},
        "judges": me is not None,
        "review_url": address(production, filters),
        "filters": _filters(production, filters, judges=me is not None),
        "filtered": filters.is_narrow or filters.state not in ("", "all"),
        "wanted": filters,
        "dropped": filters.dropped,
        "rows": _rows(production, filters, me, rows),
        "all_done": me is not None and not rows and not reached.left and reached.total,
        "done_words": f"{reached.done} of {reached.total} done"
        + (f", {reached.skipped} skipped." if reached.skipped else "."),
        "all_url": f"{request.path}?state={'skipped' if reached.skipped else 'all'}",
        "done_action": "See the skipped" if reached.skipped else "See all of them",
        "open_url": f"{request.path}?state=all",
        **pager,
    }
    return render(request, "editor/queue.html", context)


def judge(desk: Desk, production: Production) -> Contributor | None:
    """Whom the login judges as, None for those who only read."""
    if desk.may(Permission.DECIDE) or desk.may(Permission.DECIDE_ON_BEHALF):
        return desk.judges_as(production)
    return None


def _with_words(chosen: QuerySet[Suggestion]) -> QuerySet[Suggestion]:
    # Only the beginning of a text travels: 14,000 characters times fifty rows would be most of the page's work.
    return (
        chosen.select_related("model", "brief__scene")
        .annotate(begins=Substr("text__content", 1, EXCERPT), scene_told=KeyTextTransform("scene", "text__meta"))
        .defer("parameters")
    )


def _rows(production: Production, filters: Wanted, me: Contributor | None, found: list[Any]) -> list[dict[str, Any]]:
    mine = outcomes(production, me, [each.pk for each in found])
    theirs = others(production, me, [each.pk for each in found])
    return [
        {
            "url": address(production, filters, each.uid)
            if me
            else reverse("dossier", args=[production.code, each.uid]),
            "name": short_name(each.external_id),
            "full_name": each.external_id,
            "kind_label": kind_words(each.kind),
            "scene": scene_of(each, each.scene_told),
            "excerpt": each.begins,
            "has_text": each.begins is not None,
            "model": each.model.label if each.model else each.get_origin_display().lower(),
            "latency_ms": each.latency_ms,
            "cost_usd": each.cost_usd,
            "outcome": mine.get(each.pk, ""),
            "others": theirs.get(each.pk, 0),
        }
        for each in found
    ]


def _filters(production: Production, filters: Wanted, *, judges: bool) -> list[dict[str, Any]]:
    """The filter fields with what occurs in this production. One query."""
    found = (
        Suggestion.objects.filter(production=production)
        .order_by()
        .values_list("stage", "kind", "model__label")
        .distinct()[:2000]
    )
    stages, kinds, models = (sorted({row[place] for row in found if row[place]}) for place in range(3))
    states = STATES if judges else STATES_OF_READERS
    order = {stage: place for place, stage in enumerate(Stage.values)}
    return [
        {
            "name": "state",
            "label": "Show",
            "value": filters.state,
            "any": "",
            "choices": list(states.items()),
        },
        {
            "name": "stage",
            "label": "Stage",
            "value": filters.stage,
            "any": "any",
            "choices": [(each, Stage(each).label.lower()) for each in sorted(stages, key=lambda one: order[one])],
        },
        {
            "name": "kind",
            "label": "Kind",
            "value": filters.kind,
            "any": "any",
            "choices": [(each, kind_words(each)) for each in kinds],
        },
        {"name": "model", "label": "Model", "value": filters.model, "any": "any", "choices": [(m, m) for m in models]},
    ]

"""Where a login can go, for the palette: pages, productions, saved views of the queue, suggestions by name."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from loop.people.roles import Permission
from loop.queue.models import SavedView
from loop.suggestion.models import Suggestion
from loop.web.context import WAYS
from loop.web.desk import Desk, at, page
from loop.web.editor.rows import address, short_name
from loop.web.editor.wanted import Wanted

ITEMS: Final = 12
VIEWS: Final = 40
PRODUCTIONS: Final = 200
SHORTEST: Final = 2  # characters; one would find half of everything


@page
@never_cache
@require_GET
def find(request: HttpRequest) -> JsonResponse:
    """{places: [{label, group, url}]}. Without words the pages, productions and views; with words the suggestions.

    `p` is the production of the page that asks: its pages, and its suggestions first. Two queries beside the desk's.
    """
    desk = at(request)
    code = request.GET.get("p", "")
    desk.production = next((each for each in desk.productions if each.code == code), None)
    words = request.GET.get("q", "").split()
    if sum(map(len, words)) >= SHORTEST:
        return JsonResponse({"places": _items(desk, words)})
    return JsonResponse({"places": [*_pages(desk), *_views(desk), *_productions(desk)]})


def _items(desk: Desk, words: list[str]) -> list[dict[str, str]]:
    """Suggestions whose name holds every word, in the productions whose texts one sees. One query a step."""
    open_to = desk.where(Permission.SEE_TEXT)
    here = [each for each in open_to if desk.production is not None and each.pk == desk.production.pk]
    matching = Q()
    for word in words:
        matching &= Q(external_id__icontains=word)
    found: list[dict[str, Any]] = []
    for productions in (here, [each for each in open_to if each not in here]):
        if productions and len(found) < ITEMS:
            rows = Suggestion.objects.filter(matching, production__in=productions).select_related("production")
            found += [
                _item(desk, each, is_here=productions is here) for each in rows.order_by("id")[: ITEMS - len(found)]
            ]
    return found


def _item(desk: Desk, suggestion: Suggestion, *, is_here: bool) -> dict[str, str]:
    """Who judges is led into the room, who reads to the dossier."""
    production = suggestion.production
    judges = desk.may(Permission.DECIDE, production) or desk.may(Permission.DECIDE_ON_BEHALF, production)
    return {
        "label": short_name(suggestion.external_id),
        "group": "Item" if is_here else f"Item of {production.title}",
        "url": address(production, Wanted(), suggestion.uid)
        if judges
        else reverse("dossier", args=[production.code, suggestion.uid]),
    }


def _pages(desk: Desk) -> list[dict[str, str]]:
    productions = [desk.production] if desk.production else desk.productions[:1]
    return [
        {"label": way.label, "group": production.title, "url": reverse(way.name, args=[production.code])}
        for production in productions
        for way in WAYS
        if any(desk.may(need, production) for need in way.needs)
    ] + [{"label": "Settings and keys", "group": "Page", "url": reverse("me")}]


def _productions(desk: Desk) -> list[dict[str, str]]:
    return [
        {"label": each.title, "group": "Production", "url": reverse("production", args=[each.code])}
        for each in desk.productions[:PRODUCTIONS]
    ]


def _views(desk: Desk) -> list[dict[str, str]]:
    """One's own saved views of the queue and those shared with a production whose texts one sees. One query."""
    open_to = desk.where(Permission.SEE_TEXT)
    if not open_to:
        return []
    mine = Q(owner=desk.user) | Q(is_shared=True)
    views = SavedView.objects.filter(mine, production__in=open_to).select_related("production").order_by("name", "id")
    return [
        {
            "label": each.name,
            "group": f"View of {each.production.title}",
            "url": f"{reverse('queue', args=[each.production.code])}?{each.query}",
        }
        for each in views[:VIEWS]
    ]

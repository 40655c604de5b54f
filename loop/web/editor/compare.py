"""The candidates of one brief side by side: what each is, how they differ, and the one gesture over all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from loop.decision.rules import LABELLED
from loop.kernel.clock import now, rfc3339
from loop.material.models import Production
from loop.people.models import Contributor
from loop.people.roles import Permission
from loop.suggestion.models import Brief, Suggestion
from loop.web.desk import Desk, open_production, page
from loop.web.editor.choose import names_of, sign
from loop.web.editor.codes import codes_of
from loop.web.editor.differences import differences
from loop.web.editor.item import content_of, layout_of, letter, scene_of, spoken_for
from loop.web.editor.media import media_cards, stage_of
from loop.web.editor.queue import judge
from loop.web.editor.rows import address, outcomes, short_name
from loop.web.editor.sheet import chips, policy_here
from loop.web.editor.wanted import Wanted, kind_words, wanted

SET: Final = 24  # candidates of one gesture; more of them are gone through set by set


@page
@require_GET
def compare(request: HttpRequest, code: str, uid: UUID) -> HttpResponse:
    """A set of the brief's candidates: of the address (`item`, `set`), else the first. At most 12 queries."""
    desk, production = open_production(request, code, Permission.SEE_TEXT)
    me = judge(desk, production)
    brief = Brief.objects.filter(production=production, uid=uid).select_related("scene").first()
    if brief is None:
        raise Http404("No such brief.")
    policy = policy_here(request, production)
    filters = wanted(request.GET.dict(), judges=me is not None)
    is_blind = request.GET.get("blind") == "1"
    is_shuffled = policy.shuffle_candidates or is_blind
    order = _order(brief, desk, shuffled=is_shuffled)
    first = _first(request, order)
    found = _candidates(order[first : first + SET])
    marks = outcomes(production, me, [each.pk for each in found])
    is_hidden = (is_blind or policy.hide_model) and not all(marks.get(each.pk) in LABELLED for each in found)
    seen: dict[str, Any] = {
        "page": "compare",
        "candidates": [str(each.uid) for each in found],
        "letters": [letter(first + place) for place in range(len(found))],
        "blind": True,
        "verdicts_shown": 0,
        "model_hidden": is_hidden,
        "shuffled": is_shuffled,
        "opened_at": rfc3339(now()),
    }
    noun, names = names_of(found, seen)
    codes = codes_of(production, brief.kind)
    praises, beats = chips(policy, brief.kind, codes)
    asked = request.GET.get("item", "")
    context = {
        "brief": brief,
        "kind_label": kind_words(brief.kind).capitalize(),
        "scene": scene_of(found[0], content_of(found[0])[2].get("scene")) if found else "",
        "prompt": content_of(found[0])[1] if found else None,
        "cells": _cells(production, found, names, noun, marks, filters, is_hidden=is_hidden),
        "at": asked if asked in seen["candidates"] else "",
        "facts": [] if is_hidden else differences(found, names),
        "is_hidden": is_hidden,
        "is_shuffled": is_shuffled,
        "is_blind": is_blind,
        "sets": _sets(request, len(order), first),
        "total": len(order),
        "judges": me is not None,
        "room_url": address(production, filters, asked or (found[0].uid if found else None)),
        "done_url": address(production, filters),
        "blind_url": _again(request, blind="" if is_blind else "1"),
        "query": filters.query,
        "shown": sign(brief.uid, seen),
        "idempotency_key": uuid4(),
        "reasons": codes.digits,
        "more_reasons": codes.more,
        "praise": praises,
        "beat_chips": beats,
        "beats": [each for each in codes.beats if each not in beats],
        "reason_required": production.reason_required,
        **_speakers(desk, production, me),
    }
    return render(request, "editor/compare.html", context)


def _order(brief: Brief, desk: Desk, *, shuffled: bool) -> list[tuple[int, UUID]]:
    """(primary key, uid) of every candidate: as they arrived, or in an order of this person's own that stays the same,
    and that nobody can tell the arrival from. One query.
    """
    found = list(Suggestion.objects.filter(brief=brief).order_by("pk").values_list("pk", "uid"))
    if not shuffled:
        return found
    return sorted(found, key=lambda each: sha256(f"{desk.user.uid} {brief.uid} {each[1]}".encode()).digest())


def _first(request: HttpRequest, order: Sequence[tuple[int, UUID]]) -> int:
    """Where the set of the address begins: that of the item, else the one of the number, from 1."""
    asked, number = request.GET.get("item", ""), request.GET.get("set", "")
    place = next((place for place, (_, uid) in enumerate(order) if str(uid) == asked), None)
    if place is None:
        place = (int(number) - 1) * SET if number.isascii() and number.isdigit() and len(number) < 6 else 0  # noqa: PLR2004
    place = max(0, min(place, len(order) - 1))
    return place - place % SET


def _candidates(rows: Sequence[tuple[int, UUID]]) -> list[Suggestion]:
    places = {pk: place for place, (pk, _) in enumerate(rows)}
    found = Suggestion.objects.filter(pk__in=places).select_related(
        "production", "brief__scene", "model", "media", "text"
    )
    return sorted(found, key=lambda each: places[each.pk])


def _cells(
    production: Production,
    found: Sequence[Suggestion],
    names: Sequence[str],
    noun: str,
    marks: Mapping[int, str],
    filters: Wanted,
    *,
    is_hidden: bool,
) -> list[dict[str, Any]]:
    cards = media_cards(production, found)
    cells = []
    for each, name in zip(found, names, strict=True):
        content, _, _ = content_of(each)
        card = cards.get(each.pk)
        medium, _ = stage_of(card)
        model = each.model.label if each.model else each.get_origin_display().lower()
        cells.append(
            {
                "uid": each.uid,
                "name": name,
                "title": f"{noun} {name}".strip().capitalize(),
                "noun": noun,
                "source": "" if is_hidden else short_name(each.external_id),
                "model": "" if is_hidden else model,
                "outcome": marks.get(each.pk, ""),
                "medium": medium,
                "media": card,
                "content": content,
                "layout": layout_of(content),
                "url": address(production, filters, each.uid),
            }
        )
    return cells


def _sets(request: HttpRequest, total: int, first: int) -> dict[str, Any] | None:
    if total <= SET:
        return None
    number, last = first // SET + 1, (total - 1) // SET + 1
    return {
        "number": number,
        "last": last,
        "from": first + 1,
        "to": min(first + SET, total),
        "previous": _again(request, set=str(number - 1), item="") if number > 1 else "",
        "next": _again(request, set=str(number + 1), item="") if number < last else "",
    }


def _again(request: HttpRequest, **changes: str) -> str:
    asked = {**request.GET.dict(), **changes}
    query = urlencode({key: value for key, value in asked.items() if value})
    return f"{request.path}?{query}" if query else request.path


def _speakers(desk: Desk, production: Production, me: Contributor | None) -> dict[str, Any]:
    people = spoken_for(desk, production, me) if me is not None else []
    return {
        "on_behalf": [{"uid": each.uid, "name": str(each)} for each in people],
        "speaks_for_oneself": desk.may(Permission.DECIDE),
        "choose_url": reverse("choose", args=[production.code]),
        "decide_url": reverse("decide", args=[production.code]),
    }

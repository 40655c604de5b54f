"""The lasting address of one decision: /d/<uid>/."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from loop.decision.models import Decision
from loop.people.roles import Permission
from loop.web.desk import at, open_production, page
from loop.web.editor import record
from loop.web.editor.codes import codes_of
from loop.web.editor.dossier import Marks, told
from loop.web.editor.item import content_of, judged, may_see_others, own
from loop.web.editor.queue import judge
from loop.web.editor.rows import short_name


@page
@require_GET
def decision(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One decision with the chain it stands in: what it superseded, what superseded it. At most 12 queries.

    In a production one is no member of it does not exist. Whoever judges and has not yet sees only that there is one.
    """
    visible = at(request).productions
    found = Decision.objects.filter(uid=uid, production__in=visible).select_related("production", "suggestion").first()
    if found is None:
        raise Http404("No such decision.")
    desk, production = open_production(request, found.production.code)
    suggestion = judged(production, found.suggestion.uid)
    if suggestion is None:
        raise Http404("No such decision.")
    me = judge(desk, production)
    sees_text = desk.may(Permission.SEE_TEXT)
    decisions = record.decisions_on(suggestion)
    live = [each for each in decisions if getattr(each, "superseded_by", None) is None and each.outcome != "retract"]
    is_own = me is not None and me.pk in {found.decided_by_id, found.on_behalf_of_id}
    is_open = is_own or may_see_others(request, suggestion, me, own(live, me))
    codes = codes_of(production, suggestion.kind)
    content = content_of(suggestion)[0] if sees_text else None
    marks = Marks(decisions)
    chain = _chain(decisions, found)
    context = {
        "name": short_name(suggestion.external_id),
        "suggestion": suggestion,
        "sees_text": sees_text,
        "is_open": is_open,
        "uid": found.uid,
        "chain": [
            {**told(each, codes, marks, content, sees_text=sees_text), "is_this": each.pk == found.pk} for each in chain
        ]
        if is_open
        else [],
        "events": record.events_of(desk, production, [found.uid]) if is_open else [],
        "exports": record.exports_of([found]) if is_open else [],
        "may_open_exports": desk.may(Permission.SEE_EXPORT),
    }
    return render(request, "editor/decision.html", context)


def _chain(decisions: list[Decision], found: Decision) -> list[Decision]:
    """What superseded what, through `found`, newest first."""
    by_id = {each.pk: each for each in decisions}
    newest = by_id[found.pk]
    while (newer := getattr(newest, "superseded_by", None)) is not None and newer.pk in by_id:
        newest = by_id[newer.pk]
    chain = [newest]
    while (older := chain[-1].supersedes_id) is not None and older in by_id:
        chain.append(by_id[older])
    return chain

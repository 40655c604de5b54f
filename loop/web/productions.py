"""A production at a glance: how far the loop has come, stage by stage, and who is in it."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from loop.decision.models import Decision
from loop.decision.rules import LABELLED
from loop.export.models import Export, ExportRow
from loop.material.models import Production, Stage
from loop.people.models import Contributor, Member, Role
from loop.people.roles import Permission
from loop.suggestion.models import Suggestion
from loop.web.desk import Desk, open_production, page
from loop.web.editor.queue import judge
from loop.web.editor.rows import address
from loop.web.editor.wanted import Wanted, verdicts, whose


@page
@require_GET
def overview(request: HttpRequest, code: str) -> HttpResponse:
    """Stages with their counts, the people, and the ways on. At most 12 queries."""
    desk, production = open_production(request, code)
    me = judge(desk, production)
    stages = _stages(production, me)
    total = sum(row["total"] for row in stages)
    left = sum(row["left"] for row in stages)
    context = {
        "stages": stages,
        "total": total,
        "judged": sum(row["judged"] for row in stages),
        "done": sum(row["done"] for row in stages),
        "left": left,
        "me": me,
        "decisions": Decision.objects.filter(production=production, outcome__in=LABELLED).count(),
        "released": _released(desk, production),
        "disagreed": _disagreed(production) if desk.may(Permission.SEE_TEXT) else None,
        "people": _people(production),
        "review_url": address(production, Wanted()),
        "queue_url": reverse("queue", args=[code]) if desk.may(Permission.SEE_TEXT) else "",
        "rate": _rate(production),
        "lead": production.lead_id,
        "manages": desk.may(Permission.MANAGE_PEOPLE),
    }
    return render(request, "home/production.html", context)


def _stages(production: Production, me: Contributor | None) -> list[dict[str, Any]]:
    """One row a stage that occurs. One query."""
    everybody = verdicts(production).filter(outcome__in=LABELLED)
    mine = verdicts(production).filter(whose(me))
    counted = (
        Suggestion.objects.filter(production=production)
        .order_by()
        .values("stage")
        .annotate(
            total=Count("pk"),
            judged=Count("pk", filter=Q(pk__in=everybody.values("suggestion"))),
            seen=Count("pk", filter=Q(pk__in=mine.values("suggestion"))),
            done=Count("pk", filter=Q(pk__in=mine.filter(outcome__in=LABELLED).values("suggestion"))),
        )
    )
    order = {stage: place for place, stage in enumerate(Stage.values)}
    return [
        {
            **row,
            "left": row["total"] - row["seen"],
            "label": str(Stage(row["stage"]).label) if row["stage"] else "No stage",
            "queue_url": f"{reverse('queue', args=[production.code])}?stage={row['stage']}&state=all",
            "review_url": address(production, Wanted(stage=row["stage"])),
        }
        for row in sorted(counted, key=lambda row: order.get(row["stage"], len(order)))
    ]


def _disagreed(production: Production) -> int:
    """Suggestions whose live verdicts differ. One query."""
    split = verdicts(production).filter(outcome__in=LABELLED).order_by().values("suggestion")
    return int(split.annotate(kinds=Count("outcome", distinct=True)).filter(kinds__gt=1).count())


def _released(desk: Desk, production: Production) -> dict[str, int] | None:
    """Releases and the rows that left in them; None for who may not know. Two queries."""
    if not desk.may(Permission.SEE_EXPORT):
        return None
    published = Export.objects.filter(production=production, state=Export.State.PUBLISHED)
    rows = ExportRow.objects.filter(export__in=published, dropped__isnull=True)
    return {"releases": published.count(), "rows": rows.count()}


def _people(production: Production) -> list[dict[str, Any]]:
    """Who has a role here. One query."""
    members = Member.objects.filter(production=production, active=True).select_related("contributor", "user")
    order = {role: place for place, role in enumerate(Role.values)}
    return [
        {
            "name": str(each.contributor),
            "login": each.user.get_username(),
            "role": str(Role(each.role).label) if each.role in Role.values else each.role,
            "is_lead": each.contributor_id == production.lead_id,
        }
        for each in sorted(members, key=lambda each: (order.get(each.role, len(order)), str(each.contributor)))
    ]


def _rate(production: Production) -> str:
    rate = f"{production.rate_num}" if production.rate_den == 1 else f"{production.rate_num}/{production.rate_den}"
    return f"{rate} frames a second{', drop-frame' if production.drop_frame else ''}"

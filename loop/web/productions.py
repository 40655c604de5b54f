"""A production at a glance: how far the loop has come stage by stage, what waits, who is in it, how the models do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import Count, Max, Q
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from loop.decision.models import Decision
from loop.decision.rules import LABELLED
from loop.export.models import Export, ExportRow
from loop.material import ai_policy
from loop.material.models import Media, Production, Stage
from loop.people.models import Contributor, Member, Role
from loop.people.roles import Permission
from loop.queue.models import ReviewPolicy
from loop.queue.policy import policy_of
from loop.queue.querysets import ALL, DISAGREED, MINE, verdicts, whose
from loop.report.acceptance import AcceptanceRow, acceptance
from loop.report.rules import ENOUGH
from loop.screening.querysets import held_back
from loop.suggestion.models import Suggestion
from loop.web.csv import csv_response
from loop.web.desk import Desk, open_production, page
from loop.web.editor.queue import judge
from loop.web.editor.rows import address
from loop.web.editor.tabs import state_counts
from loop.web.editor.wanted import STATES, STATES_OF_READERS, Wanted

VERSIONS: Final = 8  # model versions on the chart, the last by name
STEP: Final = 92  # units of the chart from one version to the next
LEFT: Final = 44
TOP: Final = 14
HEIGHT: Final = 100  # units of the chart from 0 to 100 %


@page
@require_GET
def overview(request: HttpRequest, code: str) -> HttpResponse:
    """Stages with their counts, queues, people, models and the ways on. At most 12 queries."""
    desk, production = open_production(request, code)
    me = judge(desk, production)
    stages = _stages(production, me)
    total = sum(row["total"] for row in stages)
    people, decisions = _people(production)
    reads = desk.may(Permission.SEE_TEXT)
    context = {
        "stages": stages,
        "total": total,
        "judged": sum(row["judged"] for row in stages),
        "done": sum(row["done"] for row in stages),
        "left": sum(row["left"] for row in stages),
        "me": me,
        "decisions": decisions,
        "released": _released(desk, production),
        "queues": _queues(production, me) if reads else [],
        "people": people,
        "models": _models(production) if total else None,
        "media": _media(production),
        "policy": _policy(production),
        "policy_url": reverse("policy", args=[code]) if desk.may(Permission.MANAGE_PEOPLE) else "",
        "permits": _permits(production),
        "permits_url": reverse("ai-use", args=[code])
        if desk.may(Permission.MANAGE_PEOPLE) or desk.may(Permission.SEE_REGISTRY)
        else "",
        "held": held_back(production).count() if desk.may(Permission.MANAGE_PEOPLE) else 0,
        "review_url": address(production, Wanted()),
        "queue_url": reverse("queue", args=[code]) if reads else "",
        "rate": _rate(production),
    }
    return render(request, "home/production.html", context)


@page
@require_GET
def table(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """One of the tables as CSV: stages or people."""
    desk, production = open_production(request, code)
    if name == "stages":
        rows = _stages(production, judge(desk, production))
        head: Sequence[str] = ("stage", "suggestions", "judged_by_anybody", "done_by_me", "left_for_me")
        lines = [(row["stage"], row["total"], row["judged"], row["done"], row["left"]) for row in rows]
        return csv_response(f"{code}-stages.csv", head, lines)
    if name == "people":
        people, _ = _people(production)
        head = ("name", "role", "suggestions_judged", "verdicts", "last_verdict")
        shown = [(each["name"], each["role"], each["judged"], each["given"], each["last"]) for each in people]
        return csv_response(f"{code}-people.csv", head, shown)
    raise Http404("No such table.")


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


def _queues(production: Production, me: Contributor | None) -> list[dict[str, Any]]:
    """Every state of the queue that holds something, with its size. One query."""
    counts = state_counts(production, Wanted(), me)
    states = STATES if me else STATES_OF_READERS
    base = reverse("queue", args=[production.code])
    return [
        {"label": label, "number": counts[state], "url": f"{base}?state={state}" if state else base}
        for state, label in states.items()
        if state not in (ALL, MINE) and (counts[state] or state in ("", DISAGREED))
    ]


def _released(desk: Desk, production: Production) -> dict[str, int] | None:
    """Releases and the rows that left in them; None for who may not know. One query."""
    if not desk.may(Permission.SEE_EXPORT):
        return None
    published = Export.objects.filter(production=production, state=Export.State.PUBLISHED)
    rows = ExportRow.objects.filter(export__in=published, dropped__isnull=True).order_by().values("export")
    found = list(rows.annotate(number=Count("pk")).values_list("number", flat=True))
    return {"releases": len(found), "rows": sum(found)}


def _people(production: Production) -> tuple[list[dict[str, Any]], int]:
    """(who has a role here, with what each has judged; verdicts of everybody, also of those who left). Two queries."""
    members = Member.objects.filter(production=production, active=True).select_related("contributor")
    given = Decision.objects.filter(production=production, outcome__in=LABELLED).order_by()
    counted = given.annotate(person=Coalesce("on_behalf_of", "decided_by")).values("person")
    said = {
        row["person"]: row
        for row in counted.annotate(
            given=Count("pk"), judged=Count("suggestion", distinct=True), last=Max("decided_at")
        )
    }
    order = {role: place for place, role in enumerate(Role.values)}
    nothing = {"given": 0, "judged": 0, "last": None}
    people = [
        {
            **said.get(each.contributor_id, nothing),
            "name": str(each.contributor),
            "role": str(Role(each.role).label) if each.role in Role.values else each.role,
            "is_lead": each.contributor_id == production.lead_id,
        }
        for each in sorted(members, key=lambda each: (order.get(each.role, len(order)), str(each.contributor)))
    ]
    return people, sum(row["given"] for row in said.values())


def _media(production: Production) -> dict[str, int] | None:
    """Files of the production and how far what the page shows of them is made; None without files. One query."""
    found = Media.objects.filter(production=production).aggregate(
        files=Count("pk", distinct=True),
        missing=Count("pk", distinct=True, filter=Q(stored_name="")),
        parts=Count("renditions"),
        ready=Count("renditions", filter=Q(renditions__state="ready")),
        failed=Count("renditions", filter=Q(renditions__state="failed")),
    )
    found["under_way"] = found["parts"] - found["ready"] - found["failed"]
    return found if found["files"] else None


def _models(production: Production) -> dict[str, Any] | None:
    """The chart: acceptance by model version with its interval, oldest name first; None before a verdict. One query."""
    rows = [row for row in acceptance(production_id=production.pk, by="model") if row.interval][-VERSIONS:]
    if not rows:
        return None
    return {
        "points": [_point(place, row) for place, row in enumerate(rows)],
        "width": LEFT + STEP * len(rows),
        "height": TOP + HEIGHT + 42,
        "bottom": TOP + HEIGHT,
        "right": LEFT + STEP * len(rows) - 8,
        "lines": [{"y": TOP + HEIGHT * (100 - share) // 100, "share": share} for share in (0, 50, 100)],
        "left": LEFT - 8,
        "enough": ENOUGH,
        "url": reverse("report", args=[production.code]),
        "csv_url": reverse("report-csv", args=[production.code, "model"]),
    }


def _point(place: int, row: AcceptanceRow) -> dict[str, Any]:
    interval = row.interval
    assert interval is not None  # noqa: S101  (the caller left those out)
    x = LEFT + STEP * place + STEP // 2 - 8
    return {
        "x": x,
        "y": f"{TOP + HEIGHT * (1 - interval.share):.1f}",
        "low": f"{TOP + HEIGHT * (1 - interval.low):.1f}",
        "high": f"{TOP + HEIGHT * (1 - interval.high):.1f}",
        "beside": x + 9,
        "share": interval.share,
        "from": interval.low,
        "to": interval.high,
        "n": row.judged,
        "label": row.group.rpartition("/")[2][-15:],
        "full": row.group,
        "is_enough": row.is_enough,
    }


def _permits(production: Production) -> list[str]:
    """What may come in from models and whether anything may leave, in words. No query."""
    rules = ai_policy.read(production.ai_policy)
    forbids = sum(rule.forbids for rule in rules)
    words = [f"{len(rules)} rules for the use of AI, {forbids} of them forbid" if rules else "every use of AI"]
    if production.embargo_until is not None:
        words.append(f"embargo until {production.embargo_until:%-d %b %Y}")
    if production.legal_hold:
        words.append("legal hold: nothing leaves")
    if not production.exports_allowed:
        words.append("no exports")
    return words


def _policy(production: Production) -> list[str]:
    """How the production reviews, in words. No query: the desk brought the policy along."""
    policy = policy_of(production)
    reviewers = policy.reviewers_per_item
    words = [
        "everybody judges everything"
        if reviewers is None
        else f"{reviewers} {'person judges' if reviewers == 1 else 'people judge'} each item",
        "blind until one has decided" if policy.blind_until_decided else "others' verdicts in view",
    ]
    if policy.hide_model:
        words.append("models hidden until then")
    if production.reason_required:
        words.append("a rejection needs a reason")
    if policy.skip != ReviewPolicy.Skip.ALLOWED:
        words.append(f"skipping {policy.get_skip_display().lower()}")
    return words


def _rate(production: Production) -> str:
    rate = f"{production.rate_num}" if production.rate_den == 1 else f"{production.rate_num}/{production.rate_den}"
    return f"{rate} frames a second{', drop-frame' if production.drop_frame else ''}"

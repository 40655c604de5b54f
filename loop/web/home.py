"""The first page after the login, by role: where to go on, what one's last verdicts changed, what is urgent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from django.db.models import CharField, Count, Q, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from loop.consent.approval import is_asked_by
from loop.consent.models import Authorisation
from loop.decision.models import Decision
from loop.decision.querysets import live
from loop.decision.rules import LABELLED
from loop.export.models import Export, ExportRow
from loop.kernel.clock import now, utc_date
from loop.material.models import Production
from loop.people.roles import Permission
from loop.recall.approvals import concerned, waiting
from loop.recall.models import RecallNotice
from loop.signal.gained import pairs_gained
from loop.suggestion.models import Suggestion
from loop.web.desk import Desk, at, page
from loop.web.editor.rows import short_name
from loop.web.waiting import drafts, queues

LAST: Final = 8
SOON: Final = timedelta(days=60)  # an authorisation that ends within this is named
RECENT: Final = timedelta(days=30)
SHOWN: Final = 12  # productions in the table of who judges nowhere


@page
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What waits for this login. At most 12 queries, whatever the number of productions."""
    desk = at(request)
    judging = [
        each
        for each in desk.productions
        if desk.may(Permission.DECIDE, each) or desk.may(Permission.DECIDE_ON_BEHALF, each)
    ]
    reading = [each for each in desk.productions if each not in judging]
    waiting = queues(desk, judging[:SHOWN])
    go_on = next((each for each in waiting if each["left"]), None)
    context = {
        "queues": waiting,
        "go_on": go_on,
        "also": judging[SHOWN:],
        "drafts": drafts(desk, judging) if judging else None,
        "last": _last(desk, judging),
        "judges": bool(judging),
        "order_urls": [
            (each.title, reverse("export-new", args=[each.code])) for each in desk.where(Permission.ORDER_EXPORT)
        ][:SHOWN],
        "productions_read": _read(desk, reading[:SHOWN]),
        "alerts": [*_alerts_of_approvals(desk), *_alerts_of_releases(desk), *_alerts_of_consent(desk)],
        "is_empty": not desk.productions,
        "is_admin": desk.actor.is_admin,
    }
    return render(request, "home/home.html", context)


def _own(desk: Desk, productions: Iterable[Production]) -> Q:
    me = [person.pk for each in productions if (person := desk.judges_as(each))]
    return Q(decided_by__in=me) | Q(on_behalf_of__in=me)


def _export_url(desk: Desk, production: Production, number: int) -> str:
    """Where the release is, "" for who is told of it and may not open it."""
    may = desk.may(Permission.SEE_EXPORT, production)
    return reverse("export", args=[production.code, number]) if may else ""


def _last(desk: Desk, productions: list[Production]) -> dict[str, Any] | None:
    """One's last live verdicts and what they changed: labels, pairs, rows that left in releases. Three queries."""
    if not productions:
        return None
    found = live(
        Decision.objects.filter(_own(desk, productions), production__in=productions).exclude(outcome="retract")
    )
    mine = list(found.select_related("suggestion", "on_behalf_of", "production").order_by("-id")[:LAST])
    ids = [each.pk for each in mine]
    if not ids:
        return None
    carried: dict[int, set[int]] = {}
    left = ExportRow.objects.filter(
        Q(decision__in=ids) | Q(other_decision__in=ids), dropped__isnull=True, export__state=Export.State.PUBLISHED
    )
    rows = list(left.values_list("pk", "decision", "other_decision", "export__number"))
    for _, one, other, number in rows:
        for key in (one, other):
            carried.setdefault(key, set()).add(number)
    return {
        "number": len(mine),
        "labels": sum(each.outcome in LABELLED for each in mine),
        "pairs": pairs_gained(ids),
        "rows_left": len(rows),
        "report_url": reverse("report", args=[mine[0].production.code]),
        "verdicts": [
            {
                "outcome": each.outcome,
                "url": reverse("decision", args=[each.uid]),
                "name": short_name(each.suggestion.external_id),
                "at": each.decided_at,
                "on_behalf_of": each.on_behalf_of,
                "production": each.production.title if len(productions) > 1 else "",
                "releases": [
                    {"name": f"E-{number}", "url": _export_url(desk, each.production, number)}
                    for number in sorted(carried.get(each.pk, ()))
                ],
            }
            for each in mine
        ],
    }


def _read(desk: Desk, productions: list[Production]) -> list[dict[str, Any]]:
    """The productions one reads or runs without judging, with what is in them. One query."""
    if not productions:
        return []
    suggestions = _count("suggestions", Suggestion.objects.filter(production__in=productions))
    decisions = _count("decisions", Decision.objects.filter(production__in=productions, outcome__in=LABELLED))
    releases = _count("releases", Export.objects.filter(production__in=productions, state=Export.State.PUBLISHED))
    found = {(what, key): number for what, key, number in suggestions.union(decisions, releases, all=True)}
    return [
        {
            "title": each.title,
            "code": each.code,
            "url": reverse("production", args=[each.code]),
            "suggestions": found.get(("suggestions", each.pk), 0),
            "decisions": found.get(("decisions", each.pk), 0),
            "releases": found.get(("releases", each.pk), 0) if desk.may(Permission.SEE_EXPORT, each) else None,
        }
        for each in productions
    ]


def _count(what: str, rows: Any) -> Any:
    named = rows.order_by().annotate(what=Value(what, output_field=CharField()))
    return named.values_list("what", "production").annotate(number=Count("pk"))


def _alerts_of_releases(desk: Desk) -> list[dict[str, str]]:
    """Releases that failed or are under way, and recalls of the last 30 days. Two queries."""
    productions = desk.where(Permission.SEE_EXPORT)
    if not productions:
        return []
    settled = (Export.State.PUBLISHED, Export.State.CANCELLED)
    exports = Export.objects.filter(production__in=productions).exclude(state__in=settled).select_related("production")
    alerts = []
    for each in exports.order_by("-id")[:LAST]:
        is_failed = each.state == Export.State.FAILED
        under_way = "waits for approval" if each.state == Export.State.AWAITING else f"is {each.state}"
        what = f"failed: {each.failure or 'no reason recorded'}" if is_failed else under_way
        url = reverse("export", args=[each.production.code, each.number])
        alerts.append(
            {
                "kind": "bad" if is_failed else "",
                "text": f"Release E-{each.number} of {each.production.title} {what}.",
                "url": url,
            }
        )
    notices = RecallNotice.objects.filter(export__production__in=productions, issued_at__gte=now() - RECENT)
    for notice in notices.select_related("export__production").order_by("-id")[:LAST]:
        release = notice.export
        alerts.append(
            {
                "kind": "warn",
                "text": f"{notice.rows} row{'' if notice.rows == 1 else 's'} of release E-{release.number} of "
                f"{release.production.title} {'is' if notice.rows == 1 else 'are'} recalled, "
                f"to be acted on by {notice.deadline:%-d %B %Y}.",
                "url": reverse("export", args=[release.production.code, release.number]),
            }
        )
    return alerts


def _alerts_of_approvals(desk: Desk) -> list[dict[str, str]]:
    """What waits for the word of this login as the second person. One query where nothing waits."""
    productions = desk.where(Permission.APPROVE)
    if not productions:
        return []
    asked = [each for each in waiting(*productions) if not is_asked_by(desk.actor, each.request.asked_by)]
    return [
        {
            "kind": "warn",
            "text": f"{number} approval{'' if number == 1 else 's'} of {each.title} "
            f"wait{'s' if number == 1 else ''} for a consent officer who did not ask.",
            "url": reverse("approvals", args=[each.code]),
        }
        for each in productions
        if (number := sum(each in concerned(one.request) for one in asked))
    ]


def _alerts_of_consent(desk: Desk) -> list[dict[str, str]]:
    """Authorisations that end soon. One query."""
    productions = desk.where(Permission.SEE_REGISTRY)
    if not productions:
        return []
    today = utc_date(now())
    ending = (
        Authorisation.objects.filter(production__in=productions, valid_until__range=(today, today + SOON))
        .order_by()
        .values_list("production__code", "production__title")
        .annotate(Count("pk"))
    )
    return [
        {
            "kind": "warn",
            "text": f"{number} authorisation{'' if number == 1 else 's'} of {title} end{'s' if number == 1 else ''} "
            "within 60 days.",
            "url": reverse("authorisations", args=[code]),
        }
        for code, title, number in ending
    ]

"""The queue: what waits, what is decided, who has what, and where to start."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.expressions import Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, NullIf, Substr
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from loop.decision.querysets import in_order
from loop.decision.rules import LABELLED
from loop.kernel.clock import now
from loop.material.models import Production
from loop.people.models import Contributor
from loop.people.roles import Permission
from loop.queue.models import Assignment, Claim
from loop.queue.policy import policy_of
from loop.queue.querysets import ALL, MINE, SKIPPED, WAITING, verdicts
from loop.suggestion.models import Suggestion
from loop.templatetags.circled import word
from loop.web.csv import csv_response
from loop.web.desk import Desk, open_production, page
from loop.web.editor.choices import choices_of
from loop.web.editor.item import scene_of
from loop.web.editor.media import media_cards
from loop.web.editor.rows import address, compare_url, short_name
from loop.web.editor.tabs import state_counts, tabs_of
from loop.web.editor.wanted import Wanted, in_state, kind_words, scope, wanted
from loop.web.paging import page_of
from loop.web.waiting import drafts

EXCERPT: Final = 240
CSV_ROWS: Final = 5_000
CSV_HEAD: Final = (
    "suggestion", "stage", "kind", "scene", "model", "latency_ms", "cost_usd", "assigned_to", "mine", "judged_by",
)  # fmt: skip


@page
@require_GET
def queue(request: HttpRequest, code: str) -> HttpResponse:
    """Rows in the order of arrival, filtered, a page at a time; with `format=csv` the first 5,000 as a table.

    At most 12 queries.
    """
    desk, production = open_production(request, code, Permission.SEE_TEXT)
    me = judge(desk, production)
    hides = me is not None and policy_of(production).hide_model
    filters = wanted(request.GET.dict(), judges=me is not None, hides_model=hides)
    chosen = _shown(in_state(scope(production, filters), production, filters, me), me)
    if request.GET.get("format") == "csv":
        return _csv(production, me, list(chosen[:CSV_ROWS]), is_cut=chosen[CSV_ROWS : CSV_ROWS + 1].exists())
    rows, pager = page_of(request, chosen)
    told = _rows(production, filters, me, rows, hides=hides)
    counts = state_counts(production, filters, me)
    done, skipped, left = counts[MINE], counts[SKIPPED], counts[WAITING]
    context = {
        "queue": {"done": done, "total": done + skipped + left, "left": left, "skipped": skipped, "all": counts[ALL]},
        "judges": me is not None,
        "drafts": drafts(desk, [production]) if me else None,
        "assigns": assigns(desk, production),
        "review_url": address(production, filters),
        "tabs": tabs_of(production, desk.user, filters, counts, judges=me is not None),
        "choices": choices_of(production, filters, hides_model=hides),
        "filtered": filters.is_narrow or filters.state not in (WAITING, ALL),
        "wanted": filters,
        "dropped": filters.dropped,
        "rows": told,
        "count": counts[filters.state],
        "is_shared_out": any(each["meant_for"] or each["held_by"] for each in told),
        "csv_url": f"{request.path}?{filters.query}{'&' if filters.query else ''}format=csv",
        "all_done": me is not None and not rows and filters.state == WAITING and counts[ALL] and not left,
        "done_words": f"{done} of {done + skipped} done" + (f", {skipped} skipped." if skipped else "."),
        "all_url": f"{request.path}?state={SKIPPED if skipped else ALL}",
        "done_action": "See the skipped" if skipped else "See all of them",
        "open_url": f"{request.path}?state=all",
        **pager,
    }
    return render(request, "editor/queue.html", context)


def judge(desk: Desk, production: Production) -> Contributor | None:
    """Whom the login judges as, None for those who only read."""
    if desk.may(Permission.DECIDE) or desk.may(Permission.DECIDE_ON_BEHALF):
        return desk.judges_as(production)
    return None


def assigns(desk: Desk, production: Production) -> bool:
    """Whether the login means suggestions for people: as `queue.assign.may_assign`, from what is loaded."""
    person = desk.judges_as(production)
    is_lead = person is not None and person.pk == production.lead_id
    return is_lead or desk.may(Permission.MANAGE_PEOPLE, production)


def _shown(chosen: QuerySet[Suggestion], me: Contributor | None) -> QuerySet[Suggestion]:
    # Only the beginning of a text travels: 14,000 characters times fifty rows would be most of the page's work.
    name = Coalesce(NullIf("contributor__name", Value("")), F("contributor__external_id"))
    meant = Assignment.objects.filter(suggestion=OuterRef("pk")).order_by("id")
    holding = Claim.objects.filter(suggestion=OuterRef("pk"), expires_at__gt=now()).order_by("claimed_at")
    if me is not None:
        holding = holding.exclude(contributor=me)
    return (
        chosen.select_related("model", "brief__scene", "media")
        .annotate(
            begins=Substr("text__content", 1, EXCERPT),
            has_rivals=Exists(Suggestion.objects.filter(brief=OuterRef("brief")).exclude(pk=OuterRef("pk"))),
            scene_told=KeyTextTransform("scene", "text__meta"),
            meant_for=ArraySubquery(meant.annotate(known_as=name).values("known_as")[:4]),
            held_by=ArraySubquery(holding.annotate(known_as=name).values("known_as")[:4]),
        )
        .defer("parameters")
    )


def _said(production: Production, me: Contributor | None, found: list[Any]) -> dict[int, tuple[str, int]]:
    """{suggestion: (one's own verdict, how many others gave a label)}: a number, no verdict of theirs. One query."""
    said = verdicts(production).filter(suggestion__in=[each.pk for each in found])
    outcomes: dict[int, str] = {}
    own: set[int] = set()
    others: dict[int, set[int]] = {}
    for each in in_order(said).only("suggestion_id", "outcome", "decided_by_id", "on_behalf_of_id"):
        person = each.on_behalf_of_id or each.decided_by_id
        if me is not None and me.pk in (each.decided_by_id, each.on_behalf_of_id):
            # One's own judgement before what one entered for somebody else.
            if person == me.pk or each.suggestion_id not in own:
                outcomes[each.suggestion_id] = each.outcome
            if person == me.pk:
                own.add(each.suggestion_id)
        elif each.outcome in LABELLED:
            others.setdefault(each.suggestion_id, set()).add(person)
    return {each.pk: (outcomes.get(each.pk, ""), len(others.get(each.pk, ()))) for each in found}


def _made_by(each: Any, *, is_hidden: bool) -> dict[str, Any]:
    """The model, and what gives it away: how long it took and what it cost."""
    if is_hidden:
        return {"model": "", "latency_ms": None, "cost_usd": None}
    model = str(each.model.label if each.model else each.get_origin_display().lower())
    return {"model": model, "latency_ms": each.latency_ms, "cost_usd": each.cost_usd}


def _rows(
    production: Production, filters: Wanted, me: Contributor | None, found: list[Any], *, hides: bool
) -> list[dict[str, Any]]:
    said = _said(production, me, found)
    cards = media_cards(production, found)
    return [
        {
            "uid": each.uid,
            "thumb": cards[each.pk]["thumb"] if each.pk in cards else "",
            "url": address(production, filters, each.uid)
            if me
            else reverse("dossier", args=[production.code, each.uid]),
            "name": short_name(each.external_id),
            "full_name": each.external_id,
            "kind_label": kind_words(each.kind),
            "compare_url": compare_url(production, each.brief.uid, filters, each.uid) if each.has_rivals else "",
            "scene": scene_of(each, each.scene_told),
            "excerpt": each.begins,
            "has_text": each.begins is not None,
            "is_hidden": hides and said[each.pk][0] not in LABELLED,
            **_made_by(each, is_hidden=hides and said[each.pk][0] not in LABELLED),
            "meant_for": ", ".join(each.meant_for),
            "held_by": ", ".join(each.held_by),
            "outcome": said[each.pk][0],
            "others": said[each.pk][1],
        }
        for each in found
    ]


def _csv(production: Production, me: Contributor | None, found: list[Any], *, is_cut: bool) -> HttpResponse:
    """The list without its texts. A list that was cut says so in its name."""
    said = _said(production, me, found)
    hides = me is not None and policy_of(production).hide_model
    rows = [
        (
            each.external_id, each.stage, each.kind, scene_of(each, each.scene_told),
            *_made_by(each, is_hidden=hides and said[each.pk][0] not in LABELLED).values(), ", ".join(each.meant_for),
            word(said[each.pk][0]) if said[each.pk][0] else "", said[each.pk][1] + bool(said[each.pk][0] in LABELLED),
        )
        for each in found
    ]  # fmt: skip
    cut = f"-first-{CSV_ROWS}" if is_cut else ""
    return csv_response(f"queue-{production.code}{cut}.csv", CSV_HEAD, rows)

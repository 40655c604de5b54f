"""What waits for somebody on each production they judge: stages with their counts, what is meant for them, drafts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import Count, Q
from django.urls import reverse

from loop.decision.models import Decision
from loop.decision.querysets import drafts_of, live
from loop.decision.rules import LABELLED
from loop.kernel.clock import now
from loop.material.models import Production, Stage
from loop.people.models import Contributor
from loop.queue.querysets import ASSIGNED, OPINION, state_of, walked, whose
from loop.suggestion.models import Suggestion
from loop.web.desk import Desk
from loop.web.editor.rows import address, short_name
from loop.web.editor.wanted import Wanted

DRAFTS: Final = 5  # named; of more there is the number


def queues(desk: Desk, productions: Sequence[Production]) -> list[dict[str, Any]]:
    """Each of these productions with its stages, as the review room counts them. One query.

    What is assigned to others or judged by enough people is not counted as left, and what waits for a second opinion is
    named beside the stages. The condition grows with the productions: hand over no more than a page shows.
    """
    seats = [(each, person) for each in productions if (person := desk.judges_as(each)) is not None]
    if not seats:
        return []
    at = now()
    own: Q = Q(pk__in=[])
    listed, assigned, opinion = own, own, own
    for production, person in seats:
        here = Q(production=production)
        listed |= here & walked(production, person)
        assigned |= here & state_of(production, ASSIGNED, person, at=at)
        opinion |= here & state_of(production, OPINION, person, at=at)
        own |= here & whose(person)
    mine = live(Decision.objects.filter(own).exclude(outcome="retract"))
    counted: Any = (
        Suggestion.objects.filter(listed)
        .order_by()
        .values("production", "stage")
        .annotate(
            total=Count("pk"),
            judged=Count("pk", filter=Q(pk__in=mine.values("suggestion"))),
            done=Count("pk", filter=Q(pk__in=mine.filter(outcome__in=LABELLED).values("suggestion"))),
            assigned=Count("pk", filter=assigned),
            opinion=Count("pk", filter=opinion),
        )
    )
    order = {stage: place for place, stage in enumerate(Stage.values)}
    rows = sorted(counted, key=lambda row: order.get(row["stage"], len(order)))
    return [_queue(each, person, [row for row in rows if row["production"] == each.pk]) for each, person in seats]


def drafts(desk: Desk, productions: Sequence[Production]) -> dict[str, Any]:
    """{number, rows}: what one has begun and not decided, the newest first. Two queries, one where there is none."""
    begun = drafts_of(desk.user.pk, productions)
    rows = list(begun.select_related("suggestion__production")[: DRAFTS + 1])
    return {
        "number": begun.count() if len(rows) > DRAFTS else len(rows),
        "rows": [
            {
                "name": short_name(each.suggestion.external_id),
                "url": address(each.suggestion.production, Wanted(), each.suggestion.uid),
                "at": each.saved_at,
                "production": each.suggestion.production.title if len(productions) > 1 else "",
            }
            for each in rows[:DRAFTS]
        ],
    }


def _queue(production: Production, person: Contributor, rows: list[dict[str, Any]]) -> dict[str, Any]:
    total, done, judged, assigned, opinion = (
        sum(row[name] for row in rows) for name in ("total", "done", "judged", "assigned", "opinion")
    )
    queue_url = reverse("queue", args=[production.code])
    return {
        "title": production.title,
        "code": production.code,
        "as": str(person),
        "url": reverse("production", args=[production.code]),
        "queue_url": queue_url,
        "review_url": address(production, Wanted()),
        "total": total,
        "done": done,
        "left": total - judged,
        "skipped": judged - done,
        "asked": [
            {"number": number, "words": words, "url": address(production, Wanted(state=state))}
            for number, words, state in (
                (assigned, "assigned to me", ASSIGNED),
                (opinion, "wanting a second opinion", OPINION),
            )
            if number
        ],
        "stages": [
            {
                "label": str(Stage(row["stage"]).label) if row["stage"] else "No stage",
                "url": address(production, Wanted(stage=row["stage"])),
                "queue_url": f"{queue_url}?stage={row['stage']}" if row["stage"] else queue_url,
                "total": row["total"],
                "done": row["done"],
                "left": row["total"] - row["judged"],
            }
            for row in rows
        ],
    }

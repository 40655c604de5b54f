"""The coach strip: on the sample production, what a newcomer presses next until the loop has closed once.

It counts verdicts that were really given in the browser, covers nothing, and is gone for good once closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.contrib.postgres.aggregates import BoolOr
from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse

from loop.decision.models import Decision
from loop.decision.rules import LABELLED
from loop.people.roles import Permission
from loop.web.desk import Desk

FIVE: Final = 5  # verdicts of one's own, and one knows the room
AT_MOST: Final = 15  # whoever gave more without closing the strip has seen its end
SOURCE: Final = "browser"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to try. `keys` are actions of the key map, in the order they are pressed."""

    id: str
    name: str
    before: str
    keys: tuple[tuple[str, int], ...]
    after: str


STEPS: Final = (
    Step("accept", "Accept", "Press", (("verdict.accept", 1),), "on one that works as it is."),
    Step("reject", "Reject with a reason", "Press", (("verdict.reject", 1), ("reason", 2)), "on one that does not."),
    Step(
        "span",
        "Mark a span",
        "On a clip mark with",
        (("span.in", 1), ("span.out", 1), ("reason", 1)),
        "where it goes wrong, or select the words of a text; then decide.",
    ),
    Step("revise", "Revise", "On a text press", (("verdict.revise", 1), ("submit", 1)), "with your words in between."),
    Step("best", "Best of a brief", "Where there are several, press", (("best", 1),), "on the one that wins."),
)


def coach(request: HttpRequest, desk: Desk) -> dict[str, Any] | None:
    """What shared/_coach.html shows, None where there is no strip. One query on the sample production, else none."""
    production = desk.production
    here = request.resolver_match.url_name if request.resolver_match else ""
    is_page = here == "review" and "fragment" not in request.GET
    if production is None or not production.is_demo or not is_page or desk.user.preferences.get("coach") is False:
        return None
    if not (desk.may(Permission.DECIDE) or desk.may(Permission.DECIDE_ON_BEHALF)):
        return None
    given = Decision.objects.filter(production=production, entered_by=desk.user, source=SOURCE).aggregate(
        given=Count("pk", filter=Q(outcome__in=LABELLED)),
        accept=BoolOr(Q(outcome="accept")),
        reject=BoolOr(Q(outcome="reject", reasons__len__gt=0) & ~Q(reasons=["unstated"])),
        span=BoolOr(Q(span_count__gt=0)),
        revise=BoolOr(Q(outcome="revise")),
        best=BoolOr(Q(context__has_key="gesture")),
    )
    count = given["given"]
    if count > AT_MOST:
        return None
    done = {step.id: bool(given[step.id]) for step in STEPS}
    return {
        "steps": [{"step": step, "done": done[step.id]} for step in STEPS],
        "now": "" if count >= FIVE or all(done.values()) else next(step.id for step in STEPS if not done[step.id]),
        "count": count,
        "five": FIVE,
        "way_out": _way_out(desk),
    }


def _way_out(desk: Desk) -> dict[str, str]:
    """Where the verdicts go from here, as far as the role may see it."""
    production = desk.production
    assert production is not None  # noqa: S101  (the caller asked)
    if desk.may(Permission.ORDER_EXPORT):
        return {"url": reverse("export-new", args=[production.code]), "words": "See what would leave"}
    if desk.may(Permission.SEE_EXPORT):
        return {"url": reverse("exports", args=[production.code]), "words": "See what has left"}
    return {"url": reverse("report", args=[production.code]), "words": "See what they say of the models"}

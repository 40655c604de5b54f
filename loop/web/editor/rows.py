"""Rows of the queue and of the strip beside the sheet, and how far somebody is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlencode

from django.db.models import CharField, Count, Q, QuerySet, Value
from django.urls import reverse

from loop.decision.models import Decision
from loop.decision.querysets import in_order
from loop.decision.rules import LABELLED
from loop.material.models import Production
from loop.people.models import Contributor
from loop.suggestion.models import Suggestion
from loop.web.editor.wanted import WAITING, Wanted, in_state, scope, verdicts, whose

BEFORE: Final = 60  # rows of the strip before the item on screen
AFTER: Final = 140
CANDIDATES: Final = 12  # of one brief, shown beside the sheet
NAME_LIMIT: Final = 28  # characters of a name in a table; imported names can be 200 long
STRIP_LIMIT: Final = 16  # and in the strip, which is 200 px wide


@dataclass(frozen=True, slots=True)
class Progress:
    """How far somebody is in a part of the queue. `place` is the number of the item asked for, from 1."""

    total: int
    done: int
    skipped: int
    place: int

    @property
    def left(self) -> int:
        """Neither decided nor skipped."""
        return self.total - self.done - self.skipped

    def words(self) -> dict[str, int]:
        """For the browser."""
        return {"done": self.done, "total": self.total}


def short_name(external_id: str, limit: int = NAME_LIMIT) -> str:
    """A name of at most `limit` characters: of long ones both ends, because imported names differ in the last ones."""
    if len(external_id) <= limit:
        return external_id
    tail = limit * 3 // 5
    return f"{external_id[: limit - tail - 1]}…{external_id[-tail:]}"


def counted(production: Production, filters: Wanted, me: Contributor | None) -> QuerySet[Suggestion]:
    """What "n of m" is about: the list that is walked, or all of the filters where rows leave the list when decided."""
    found = scope(production, filters)
    return found if filters.state in (WAITING, "skipped", "all") else in_state(found, production, filters, me)


def progress(
    production: Production, filters: Wanted, me: Contributor | None, item: Suggestion | None = None
) -> Progress:
    """One query, by set: the verdicts are read once, not once a suggestion."""
    mine = verdicts(production).filter(whose(me))
    found = counted(production, filters, me).aggregate(
        total=Count("pk"),
        judged=Count("pk", filter=Q(pk__in=mine.values("suggestion"))),
        done=Count("pk", filter=Q(pk__in=mine.filter(outcome__in=LABELLED).values("suggestion"))),
        before=Count("pk", filter=Q(pk__lt=item.pk if item else 0)),
    )
    return Progress(found["total"], found["done"], found["judged"] - found["done"], found["before"] + 1)


def outcomes(production: Production, me: Contributor | None, suggestions: Iterable[int]) -> dict[int, str]:
    """The verdict that shows on each row: one's own judgement, else what one entered for somebody. One query."""
    if me is None:
        return {}
    found = verdicts(production).filter(whose(me), suggestion__in=list(suggestions))
    shown: dict[int, str] = {}
    own: set[int] = set()
    for decision in in_order(found).only("suggestion_id", "outcome", "decided_by_id", "on_behalf_of_id"):
        is_own = (decision.on_behalf_of_id or decision.decided_by_id) == me.pk
        if is_own or decision.suggestion_id not in own:
            shown[decision.suggestion_id] = decision.outcome
        if is_own:
            own.add(decision.suggestion_id)
    return shown


def others(production: Production, me: Contributor | None, suggestions: Iterable[int]) -> dict[int, int]:
    """How many other people judged each suggestion: a number, no verdict. One query."""
    found = verdicts(production).filter(suggestion__in=list(suggestions), outcome__in=LABELLED)
    if me is not None:
        found = found.exclude(whose(me))
    counted = found.values("suggestion").annotate(people=Count("decided_by", distinct=True))
    return {row["suggestion"]: row["people"] for row in counted.order_by()}


_COLUMNS: Final = ("pk", "uid", "external_id", "brief_id")


def _tagged(found: QuerySet[Suggestion], tag: str) -> QuerySet[Suggestion, dict[str, Any]]:
    tagged = found.annotate(tag=Value(tag, output_field=CharField()))
    return cast("QuerySet[Suggestion, dict[str, Any]]", tagged.values(*_COLUMNS, "tag"))


def around(
    production: Production, chosen: QuerySet[Suggestion], item: Suggestion | None
) -> dict[str, list[dict[str, Any]]]:
    """{"row": the strip round the item, "candidate": all answers to its brief}, in the order of arrival. One query."""
    at = item.pk if item else 0
    rows = _tagged(chosen.filter(pk__gte=at).order_by("pk")[:AFTER], "row")
    if item is not None:
        siblings = Suggestion.objects.filter(brief=item.brief_id).order_by("pk")[: CANDIDATES * 4]
        rows = _tagged(chosen.filter(pk__lt=at).order_by("-pk")[:BEFORE], "row").union(
            rows, _tagged(siblings, "candidate"), all=True
        )
    found: dict[str, list[dict[str, Any]]] = {"row": [], "candidate": []}
    for row in sorted(rows, key=lambda each: int(each["pk"])):
        found[row["tag"]].append(row)
    return found


def address(production: Production, filters: Wanted, uid: object = None, **more: str) -> str:
    """The review room of these filters, at one item if its uid is given."""
    asked = filters.query
    extra = urlencode({key: str(value) for key, value in {"item": uid, **more}.items() if value})
    query = "&".join(filter(None, (asked, extra)))
    return reverse("review", args=[production.code]) + (f"?{query}" if query else "")


def latest(production: Production, me: Contributor | None) -> Decision | None:
    """The last live verdict that this person gave or entered here: what Undo takes back. One query."""
    if me is None:
        return None
    return verdicts(production).filter(whose(me)).select_related("suggestion").order_by("-id").first()

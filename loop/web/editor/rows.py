"""Rows of the queue and of the strip beside the sheet, and how far somebody is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, CharField, OuterRef, QuerySet, TextField, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.urls import reverse

from loop.decision.models import Decision
from loop.decision.rules import sort_key
from loop.kernel.clock import now
from loop.material.models import Production
from loop.people.models import Contributor
from loop.queue.counts import walk_counts
from loop.queue.querysets import claims_of_others, verdicts, whose
from loop.suggestion.models import Suggestion
from loop.web.editor.wanted import Wanted, scope

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


def progress(production: Production, filters: Wanted, me: Contributor, item: Suggestion | None = None) -> Progress:
    """Of the list that is gone through; of the open queue where one goes through what one skipped. One query."""
    before = item.pk if item else 0
    found = scope(production, filters)
    total, judged, done, place = walk_counts(production, me, found, filters.state, before=before, at=now())
    return Progress(total, done, judged - done, place + 1)


def outcomes(production: Production, me: Contributor | None, suggestions: Iterable[int]) -> dict[int, str]:
    """The verdict that shows on each row: one's own judgement, else what one entered for somebody. One query."""
    return {} if me is None else outcomes_and_last(production, me, suggestions)[0]


def outcomes_and_last(
    production: Production, me: Contributor, suggestions: Iterable[int]
) -> tuple[dict[int, str], Decision | None]:
    """The same, and `latest` beside it. One query."""
    mine = verdicts(production).filter(whose(me)).select_related("suggestion").only(*_OF_VERDICTS)
    newest = mine.order_by("-id")[:1]
    found = list(mine.filter(suggestion__in=list(suggestions)).order_by().union(newest, all=True))
    shown: dict[int, str] = {}
    own: set[int] = set()
    last = max(found, key=lambda each: each.pk, default=None)
    for decision in sorted(found, key=lambda each: sort_key(each.decided_at, each.position, each.pk)):
        is_own = (decision.on_behalf_of_id or decision.decided_by_id) == me.pk
        if is_own or decision.suggestion_id not in own:
            shown[decision.suggestion_id] = decision.outcome
        if is_own:
            own.add(decision.suggestion_id)
    return shown, last


_COLUMNS: Final = ("pk", "uid", "external_id", "brief_id", "take", "held")
_OF_VERDICTS: Final = (
    "uid", "suggestion_id", "outcome", "decided_by_id", "on_behalf_of_id", "suggestion__uid", "suggestion__external_id",
    "decided_at", "position", "context", "negative_kind",
)  # fmt: skip


def _tagged(found: QuerySet[Suggestion], tag: str, holding: QuerySet[Any, Any]) -> QuerySet[Suggestion, dict[str, Any]]:
    # Takes are called by the number on their slate, everything else by its letter.
    label = KeyTextTransform("take", "text__meta")
    take = Case(When(kind="take", then=label), default=Value(""), output_field=TextField())
    held = ArraySubquery(holding.filter(suggestion=OuterRef("pk")).values("known_as")[:4])
    tagged = found.annotate(tag=Value(tag, output_field=CharField()), take=take, held=held)
    return cast("QuerySet[Suggestion, dict[str, Any]]", tagged.values(*_COLUMNS, "tag"))


def around(
    production: Production, chosen: QuerySet[Suggestion], item: Suggestion | None, me: Contributor
) -> dict[str, list[dict[str, Any]]]:
    """{"row": the strip round the item, "candidate": all answers to its brief}, in the order of arrival. One query.

    `held` are the others who are being shown a row, oldest first.
    """
    at = item.pk if item else 0
    holding = claims_of_others(production, me, at=now())
    rows = _tagged(chosen.filter(pk__gte=at).order_by("pk")[:AFTER], "row", holding)
    if item is not None:
        siblings = Suggestion.objects.filter(brief=item.brief_id).order_by("pk")[: CANDIDATES * 4]
        rows = _tagged(chosen.filter(pk__lt=at).order_by("-pk")[:BEFORE], "row", holding).union(
            rows, _tagged(siblings, "candidate", holding), all=True
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


def compare_url(production: Production, brief: UUID, filters: Wanted, item: UUID | None = None) -> str:
    """The comparison of a brief's answers, with the part of the queue that one came from."""
    asked = "&".join(filter(None, (filters.query, f"item={item}" if item else "")))
    return reverse("compare", args=[production.code, brief]) + (f"?{asked}" if asked else "")


def latest(production: Production, me: Contributor | None) -> Decision | None:
    """The last live verdict that this person gave or entered here: what Undo takes back. One query."""
    if me is None:
        return None
    return verdicts(production).filter(whose(me)).select_related("suggestion").order_by("-id").first()

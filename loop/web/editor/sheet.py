"""What else lies on the table with a suggestion: the text it revises, what others marked, chips, what is hidden."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.http import HttpRequest
from django.urls import reverse

from loop.decision.models import Decision, DecisionSpan
from loop.decision.rules import LABELLED
from loop.decision.taxonomy import BEAT_CHIPS, is_praise, praise
from loop.material.models import Production
from loop.queue.models import ReviewPolicy
from loop.queue.policy import policy_of
from loop.suggestion.models import Suggestion, SuggestionText
from loop.web.desk import at
from loop.web.editor.codes import Codes

ALIKE: Final = 0.5  # share of words two texts must have in common to be versions of one another
QUOTED: Final = 60  # characters of a marked text shown beside a verdict
_COLUMNS: Final = (
    "target", "unit", "start", "end", "rate_num", "rate_den", "drop_frame", "media_sha256", "region", "reason",
)  # fmt: skip


def policy_here(request: HttpRequest, production: Production) -> ReviewPolicy:
    """The policy of the production on the desk, which came with it: no query."""
    on_desk = at(request).production
    return policy_of(on_desk if on_desk is not None and on_desk.pk == production.pk else production)


def hides_model(policy: ReviewPolicy, mine: Decision | None) -> bool:
    """Whether the model waits for one's own verdict, so that its name does not judge for it."""
    return policy.hide_model and not (mine is not None and mine.outcome in LABELLED)


def base_of(suggestion: Suggestion, content: str | None, prompt: str | None, meta: Mapping[str, Any]) -> str | None:
    """The text that the suggestion revises, None where it stands for itself. At most one query.

    1. What came with an edit as `meta.before`; an edit that only inserts (`meta.op`) begins with nothing.
    2. The text of the parent, if both are versions of one text.
    3. The prompt of an edit, if both are.
    """
    if content is None:
        return None
    found = _base(suggestion, content, prompt, meta)
    return found if found != content else None


def _base(suggestion: Suggestion, content: str, prompt: str | None, meta: Mapping[str, Any]) -> str | None:
    before = meta.get("before")
    if isinstance(before, str):
        return before
    if meta.get("op") == "insert":
        return ""
    if suggestion.parent_id is not None:
        texts = SuggestionText.objects.filter(suggestion=suggestion.parent_id).values_list("content", flat=True)
        parent = texts.first()
        if parent is not None and alike(parent, content):
            return parent
    if prompt is not None and "edit" in suggestion.kind and alike(prompt, content):
        return prompt
    return None


def alike(one: str, other: str) -> bool:
    """Whether two texts share so many words that they are versions of one text (Dice on words, each counted)."""
    a, b = Counter(one.split()), Counter(other.split())
    whole = a.total() + b.total()
    return bool(whole) and 2 * (a & b).total() / whole >= ALIKE


def with_spans(decisions: QuerySet[Decision]) -> QuerySet[Decision]:
    """Each decision with `marked`: the columns of its spans in their order, in the same query."""
    columns: dict[str, Any] = {name: name for name in _COLUMNS}
    spans = DecisionSpan.objects.filter(decision=OuterRef("pk")).order_by("position")
    return decisions.annotate(marked=ArraySubquery(spans.values(row=JSONObject(**columns))))


def marks_of(decisions: Iterable[Decision], mine: Decision | None, names: Mapping[int, str]) -> list[dict[str, Any]]:
    """The spans of these decisions for the stage: objects of the bulk format with by, outcome, url and `mine`."""
    return [
        {
            **mark,
            "by": names[decision.pk],
            "outcome": decision.outcome,
            "url": reverse("decision", args=[decision.uid]),
            "mine": decision is mine,
        }
        for decision in decisions
        for mark in said_spans(decision)
    ]


def said_spans(decision: Decision) -> list[dict[str, Any]]:
    """The spans of a decision that was read `with_spans`, as objects of the bulk format."""
    text = getattr(decision, "text", None)
    words = (text.span_texts or []) if text else []
    found = []
    for place, row in enumerate(getattr(decision, "marked", [])):
        told = words[place] if place < len(words) else {}
        about = {"reason": row["reason"], "label": told.get("label"), "note": told.get("note")}
        found.append({key: value for key, value in {**_where(row), **about}.items() if value not in (None, "")})
    return found


def _where(row: Mapping[str, Any]) -> dict[str, Any]:
    if row["unit"] == "code_point":
        return {"target": row["target"], "start": row["start"], "end": row["end"]}
    if row["unit"] == "frame":
        rate = f"{row['rate_num']}/{row['rate_den']}"
        ends = {"start_frame": row["start"], "end_frame": row["end"]}
        return {**ends, "rate": rate, "drop_frame": row["drop_frame"], "media_sha256": row["media_sha256"]}
    return {"region": row["region"], "media_sha256": row["media_sha256"]}


def quote_of(mark: Mapping[str, Any], texts: Mapping[str, str | None]) -> str:
    """The words that a span of characters marks, cut; "" for anything else."""
    text = texts.get(str(mark.get("target")))
    if text is None or "start" not in mark:
        return ""
    words = " ".join(text[mark["start"] : mark["end"]].split())
    return words if len(words) <= QUOTED else f"{words[: QUOTED - 1]}\N{HORIZONTAL ELLIPSIS}"


def chips(policy: ReviewPolicy, kind: str, codes: Codes) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(code, label) of the praise and of the beats that are one press away: the production's own, else by kind."""
    beats = dict(codes.beats)
    own = [code for code in codes.labels if is_praise(code) and code not in praise(kind)]
    likely = policy.accept_chips or [*praise(kind), *own]
    moods = policy.beat_chips or BEAT_CHIPS
    return (
        [(code, codes.labels[code]) for code in likely if code in codes.labels],
        [(code, beats[code]) for code in moods if code in beats],
    )

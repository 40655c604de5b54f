"""What somebody is told after a verdict: who judged at the same time, what Undo takes next, which releases used it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from loop.decision.models import Decision
from loop.decision.rules import LABELLED
from loop.export.models import ExportRow
from loop.kernel.clock import rfc3339
from loop.material.models import Production
from loop.people.models import Contributor
from loop.queue.models import ReviewPolicy
from loop.queue.querysets import verdicts, whose
from loop.signal.choose import words_of
from loop.templatetags.circled import word
from loop.web.editor.item import name_of
from loop.web.editor.rows import latest, short_name
from loop.web.editor.sheet import said_spans, with_spans

RECENT: Final = timedelta(minutes=15)  # how long somebody is still told of a verdict that crossed an own one
MINE: Final = 40  # own verdicts looked back on


def told_after(
    production: Production, policy: ReviewPolicy, me: Contributor, decision: Decision, at: datetime
) -> dict[str, Any]:
    """Beside the answer to a verdict: `others`, `last`, and for what it superseded `releases` and, undone, `said`.

    At most seven queries.
    """
    told: dict[str, Any] = {"others": crossed(production, policy, me, decision, at), "last": last_of(production, me)}
    superseded = decision.supersedes
    if superseded is not None:
        told["releases"] = releases_of([superseded])
        if decision.outcome == "retract":
            told["said"] = said(superseded)
    return told


def crossed(
    production: Production, policy: ReviewPolicy, me: Contributor, decision: Decision | None, at: datetime
) -> list[dict[str, Any]]:
    """Verdicts of others that crossed one's own: each was given by somebody who had not seen the other's.

    That is: on the suggestion of `decision`, what was recorded since it was opened; on one's other verdicts of the last
    minutes, what others said of an item that they had opened before. Never on a suggestion that one has not judged,
    unless the production does not judge blind. Oldest first. Two queries.
    """
    own = list(verdicts(production).filter(whose(me)).order_by("-id")[:MINE])
    mine = {each.suggestion_id: each for each in reversed(own) if each.outcome in LABELLED}
    if decision is not None and decision.suggestion_id not in mine and not policy.blind_until_decided:
        mine[decision.suggestion_id] = decision
    theirs = verdicts(production).filter(suggestion__in=mine, outcome__in=LABELLED).exclude(whose(me))
    found = theirs.select_related("decided_by", "on_behalf_of", "suggestion").order_by("id")
    return [
        {
            "decision": str(each.uid),
            "by": name_of(each),
            "outcome": each.outcome,
            "word": word(each.outcome),
            "at": rfc3339(each.recorded_at),
            "url": reverse("decision", args=[each.uid]),
            "suggestion": str(each.suggestion.uid),
            "label": short_name(each.suggestion.external_id),
            "mine": str(mine[each.suggestion_id].uid),
        }
        for each in found
        if _cross(mine[each.suggestion_id], each, at)
    ]


def _cross(mine: Decision, theirs: Decision, at: datetime) -> bool:
    earlier, later = sorted((mine, theirs), key=lambda each: each.pk)
    opened = _opened(later)
    return opened is not None and opened <= earlier.recorded_at and at - later.recorded_at < RECENT


def _opened(decision: Decision) -> datetime | None:
    told = decision.context.get("opened_at") if isinstance(decision.context, dict) else None
    return parse_datetime(told) if isinstance(told, str) else None


def last_of(production: Production, me: Contributor) -> dict[str, Any] | None:
    """What Undo takes back next: the last live verdict that one gave or entered here, None at the end. One query."""
    found = latest(production, me)
    if found is None:
        return None
    verb, label = last_words(found)
    return {"uid": str(found.uid), "suggestion": str(found.suggestion.uid), "word": verb, "label": label}


def last_words(decision: Decision) -> tuple[str, str]:
    """What Undo would take back: (the word of the verdict, its suggestion), or the whole choice that it belongs to."""
    choice = words_of(decision)
    if choice:
        return ("Dismissed" if decision.negative_kind == "dismissed" else "Best"), choice
    return word(decision.outcome), short_name(decision.suggestion.external_id)


def releases_of(decisions: Iterable[Decision]) -> list[str]:
    """E-12: the published releases that carry a row made of these decisions. They keep it. One query."""
    ids = [each.pk for each in decisions]
    rows = ExportRow.objects.filter(dropped__isnull=True, export__published_at__isnull=False)
    found = (rows.filter(decision__in=ids) | rows.filter(other_decision__in=ids)).order_by()
    return [f"E-{number}" for number in sorted(found.values_list(F("export__number"), flat=True).distinct())]


def said(decision: Decision) -> dict[str, Any]:
    """What was said, as a draft has it: it stands in the form again when the verdict is taken back. One query."""
    found = with_spans(Decision.objects.filter(pk=decision.pk).select_related("text")).get()
    text = getattr(found, "text", None)
    return {
        "reasons": [code for code in found.reasons if code != "unstated"],
        "beats": list(found.beats),
        "rationale": (text.rationale if text else None) or "",
        "severity": "" if found.severity is None else str(found.severity),
        "spans": said_spans(found),
        "revised_content": text.revised_content if text else None,
    }

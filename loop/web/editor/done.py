"""The end of a queue: what this sitting changed, what waits next, and who has the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from django.urls import reverse

from loop.decision import taxonomy
from loop.decision.models import Decision, ProductionReason
from loop.decision.rules import LABELLED
from loop.kernel.clock import now
from loop.material.models import Production, Stage
from loop.people.models import Contributor
from loop.queue.counts import counts_by_stage
from loop.queue.policy import policy_of
from loop.queue.querysets import ASSIGNED, OPINION, SKIPPED, WAITING, held
from loop.signal.gained import pairs_gained
from loop.suggestion.models import Suggestion
from loop.web.editor.rows import Progress, address, short_name
from loop.web.editor.wanted import Wanted, in_state, scope

GAP: Final = timedelta(minutes=30)  # longer than this between two decisions, and another sitting began
MOST: Final = 2_000  # decisions of a sitting that are counted
LAST_SHOWN: Final = 20
REASONS_SHOWN: Final = 5
ORDER: Final = ("accept", "reject", "revise", "skip")


def ending(production: Production, filters: Wanted, me: Contributor, *, reached: Progress) -> dict[str, Any]:
    """What editor/_done.html shows. At most six queries."""
    sitting = sitting_of(production, me)
    undecided = _rest_is_held(production, filters, me)
    return {
        "skipped": reached.skipped,
        "skipped_url": address(production, replace(filters, state=SKIPPED)),
        "is_skipped": filters.state == SKIPPED,
        "is_part": filters != Wanted(),
        "held": undecided,
        "sitting": _told(production, sitting) if sitting else None,
        "mine": [_row(production, filters, each) for each in sitting[:LAST_SHOWN]],
        "more": max(0, len(sitting) - LAST_SHOWN),
        "mine_url": f"{reverse('queue', args=[production.code])}?state=mine",
        "next": _next(production, filters, me),
    }


def sitting_of(production: Production, me: Contributor) -> list[Decision]:
    """Somebody's live verdicts since the last pause of half an hour, newest first; entered for others included.

    The pause is between two decisions: a sitting that ended yesterday is the last one all the same. One query.
    """
    recent = Decision.objects.filter(production=production, decided_by=me).select_related("suggestion")
    found = list(recent.defer("context", "suggestion__parameters").order_by("-id")[:MOST])
    gone = {each.supersedes_id for each in found}
    sitting: list[Decision] = []
    before: datetime | None = None
    for each in found:
        moment = each.decided_at or each.recorded_at
        if before is not None and before - moment > GAP:
            break
        before = min(before or moment, moment)
        if each.pk not in gone and each.outcome != "retract":
            sitting.append(each)
    return sitting


def _told(production: Production, sitting: Sequence[Decision]) -> dict[str, Any]:
    labels = [each for each in sitting if each.outcome in LABELLED]
    active = [each.active_ms for each in labels if each.active_ms is not None]
    moments = sorted(each.decided_at or each.recorded_at for each in sitting)
    counts = Counter(each.outcome for each in sitting if each.negative_kind in ("", "explicit"))
    reasons = Counter(code for each in labels for code in each.reasons if code != taxonomy.UNSTATED)
    most = max(reasons.values(), default=0)
    names = _names(production, reasons)
    return {
        "count": len(labels),
        "is_over": now() - moments[-1] > GAP,
        "since": moments[0],
        "until": moments[-1],
        "verdicts": [{"outcome": outcome, "count": counts[outcome]} for outcome in ORDER if counts[outcome]],
        "siblings": sum(each.negative_kind in ("sibling", "dismissed") for each in labels),
        "reasons": [
            {"label": names[code], "count": count, "most": most}
            for code, count in sorted(reasons.items(), key=lambda one: (-one[1], one[0]))[:REASONS_SHOWN]
        ],
        "more_reasons": max(0, len(reasons) - REASONS_SHOWN),
        "spans": sum(each.span_count for each in labels),
        "rationales": sum(each.has_rationale for each in labels),
        "active": _duration(sum(active)) if active else "",
        "median_ms": int(median(active)) if active else None,
        "pairs": pairs_gained([each.pk for each in labels]),
    }


def _names(production: Production, codes: Iterable[str]) -> dict[str, str]:
    """The words of reasons; a query only for those that the production added."""
    found = {code: taxonomy.label(code) for code in codes}
    own = [code for code in found if code not in taxonomy.CORE]
    if own:
        found |= dict(ProductionReason.objects.filter(production=production, code__in=own).values_list("code", "label"))
    return found


def _duration(milliseconds: int) -> str:
    """41 s, 7 min, 2 h 05 min."""
    seconds = round(milliseconds / 1000)
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"  # noqa: PLR2004


def _row(production: Production, filters: Wanted, decision: Decision) -> dict[str, Any]:
    return {
        "uid": decision.uid,
        "outcome": decision.outcome,
        "url": address(production, filters, decision.suggestion.uid),
        "decision_url": reverse("decision", args=[decision.uid]),
        "name": short_name(decision.suggestion.external_id),
    }


def _next(production: Production, filters: Wanted, me: Contributor) -> list[dict[str, Any]]:
    """What waits elsewhere: stages with what waits in them, then what is assigned, asked for, skipped. One query."""
    counted = counts_by_stage(production, me, Suggestion.objects.filter(production=production), at=now())
    order = {stage: place for place, stage in enumerate(Stage.values)}
    found = [
        {
            "label": str(Stage(stage).label) if stage else "No stage",
            "count": counts[WAITING],
            "url": address(production, Wanted(stage=stage)),
        }
        for stage, counts in sorted(counted.items(), key=lambda one: order.get(one[0], len(order)))
        if counts[WAITING] and filters not in (Wanted(), Wanted(stage=stage))
    ]
    words = {ASSIGNED: "Assigned to you", OPINION: "A second opinion", SKIPPED: "Skipped by you"}
    for state, label in words.items():
        count = sum(counts[state] for counts in counted.values())
        if count and state != filters.state:
            found.append({"label": label, "count": count, "url": address(production, Wanted(state=state))})
    return found


def _rest_is_held(production: Production, filters: Wanted, me: Contributor) -> dict[str, Any] | None:
    """What would wait for this person if others were not being shown it. At most two queries."""
    if policy_of(production).reviewers_per_item is None:
        return None
    full = {key: each for key, each in held(production, me, at=now()).items() if each.is_full}
    if not full:
        return None
    found = in_state(scope(production, filters), production, filters, me).filter(pk__in=full)
    left = sorted(found.values_list("pk", "uid"), key=lambda row: full[row[0]].since)
    if not left:
        return None
    names = list(dict.fromkeys(full[key].names for key, _ in left))
    return {
        "count": len(left),
        "names": " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))),
        "since": full[left[0][0]].since,
        "url": address(production, filters, left[0][1]),
    }

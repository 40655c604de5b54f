"""What a recorded decision said, so that it can be said again."""

from __future__ import annotations

from typing import Any

from loop.decision.models import Decision
from loop.decision.rules import Span


def said(decision: Decision) -> dict[str, Any]:
    """The arguments of `decide` that repeat `decision`: all that was said of the suggestion, its texts included.

    Not who said it, when, how long it took or what was on screen: that belongs to the first time. Words that were
    erased stay erased. Two queries.
    """
    text = getattr(decision, "text", None)
    told: list[dict[str, str | None]] = (text.span_texts if text else None) or []
    spans = []
    for place, row in enumerate(decision.spans.order_by("position")):
        words = told[place] if place < len(told) else {}
        spans.append(
            Span(
                target=row.target,
                unit=row.unit,
                start=row.start,
                end=row.end,
                rate_num=row.rate_num,
                rate_den=row.rate_den,
                drop_frame=row.drop_frame,
                media_sha256=row.media_sha256,
                region=row.region,
                reason=row.reason,
                label=words.get("label"),
                note=words.get("note"),
            )
        )
    return {
        "outcome": decision.outcome,
        "reasons": list(decision.reasons),
        "negative_kind": decision.negative_kind,
        "rationale": text.rationale if text else None,
        "revised_content": text.revised_content if text else None,
        "revision_by_ai": decision.revision_by_ai,
        "spans": spans,
        "beats": list(decision.beats),
        "severity": decision.severity,
        "confidence": decision.confidence,
    }

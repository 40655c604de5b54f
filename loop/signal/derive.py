"""Storing the label of one decision beside it."""

from __future__ import annotations

from loop.decision.models import Decision
from loop.decision.rules import LABELLED
from loop.signal.models import Signal
from loop.signal.rules import VERSION, label_of


def derive(*, decision: Decision) -> Signal | None:
    """Writes the signal of `decision` in the caller's transaction; None for a skip or retract, which label nothing."""
    if decision.outcome not in LABELLED:
        return None
    labels = label_of(decision.outcome, decision.severity, decision.negative_kind, has_revision=decision.has_revision)
    return Signal.objects.create(
        decision=decision,
        production_id=decision.production_id,
        suggestion_id=decision.suggestion_id,
        suggestion_label=labels.suggestion,
        revision_label=labels.revision,
        negative_kind=labels.negative_kind,
        rules_version=VERSION,
    )

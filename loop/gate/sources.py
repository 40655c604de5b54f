"""Where the texts of a row come from, as the pure rules read it."""

from __future__ import annotations

from datetime import datetime

from loop.decision.models import Decision
from loop.gate.facts import Source
from loop.screening.models import ScreenVerdict
from loop.suggestion.models import ModelTerms, Suggestion


def sources_of(suggestion: Suggestion, decision: Decision | None, *, moment: datetime) -> list[Source]:
    """The source of the suggestion's text, and what screening said of it and of the decision's. Three queries.

    The newest of a model's terms and the newest verdict on a text count, as recorded by `moment`.
    """
    terms = ModelTerms.objects.filter(model_id=suggestion.model_id, recorded_at__lte=moment).order_by("-id").first()
    screened = ScreenVerdict.objects.filter(recorded_at__lte=moment).order_by("-id")
    verdicts = [screened.filter(suggestion=suggestion).first()]
    if decision is not None:
        verdicts.append(screened.filter(decision=decision).first())
    training = terms.training_on_outputs if terms else ""
    return [
        Source(suggestion.origin, suggestion.model_id or 0, training, verdict.verdict if verdict else "")
        for verdict in verdicts
    ]

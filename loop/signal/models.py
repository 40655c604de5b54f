"""The stored label of one decision. Append-only; rebuilt from the decision by `rules.py` at any time."""

from __future__ import annotations

from django.db import models

from loop.decision.models import Decision
from loop.material.models import Production
from loop.suggestion.models import Suggestion


class Label(models.TextChoices):
    """What a decision says of a text: a positive example, a negative one, or nothing."""

    POSITIVE = "positive", "Positive"
    NEGATIVE = "negative", "Negative"
    NONE = "none", "None"


class Signal(models.Model):
    """The label that one accept, reject or revise gives to the suggestion and, for a revise, to the revision."""

    decision = models.OneToOneField(Decision, primary_key=True, on_delete=models.PROTECT, related_name="signal")
    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="signals")
    suggestion = models.ForeignKey(Suggestion, on_delete=models.PROTECT, related_name="signals")
    suggestion_label = models.CharField(max_length=8, choices=Label.choices)
    revision_label = models.CharField(max_length=8, choices=Label.choices)
    negative_kind = models.CharField(max_length=10, blank=True)
    rules_version = models.CharField(max_length=16)

    class Meta:
        db_table = "loop_signal"
        indexes = [models.Index(fields=["suggestion", "decision"], name="signal_of_suggestion")]

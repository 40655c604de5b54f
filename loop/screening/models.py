"""The table of what screening said of a text. Append-only; the newest verdict on a text counts."""

from __future__ import annotations

from django.db import models

from loop.kernel.ids import uuid7


class ScreenVerdict(models.Model):
    """What one version of the screening found in the texts of a suggestion or of a decision: codes and counts, no text.

    `released` is a person's word after a quarantine.
    """

    class Verdict(models.TextChoices):
        PASS = "pass", "Passed"
        REDACTED = "redacted", "Redacted"
        QUARANTINED = "quarantined", "Quarantined"
        RELEASED = "released", "Released"

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    suggestion = models.ForeignKey(
        "loop.Suggestion", null=True, blank=True, on_delete=models.PROTECT, related_name="screenings"
    )
    decision = models.ForeignKey(
        "loop.Decision", null=True, blank=True, on_delete=models.PROTECT, related_name="screenings"
    )
    version = models.CharField(max_length=16)
    verdict = models.CharField(max_length=12, choices=Verdict.choices)
    findings = models.JSONField(default=dict, blank=True)  # {code: count}
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "loop_screen_verdict"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(suggestion__isnull=False, decision__isnull=True)
                | models.Q(suggestion__isnull=True, decision__isnull=False),
                name="screen_verdict_of_one_subject",
            ),
        ]
        indexes = [
            models.Index(fields=["suggestion", "-id"], name="screen_of_suggestion"),  # rule 17
            models.Index(fields=["decision", "-id"], name="screen_of_decision"),
            # What is held back: few rows among the many that passed. The queue and the list of the quarantine.
            models.Index(fields=["suggestion"], condition=models.Q(verdict="quarantined"), name="screen_quarantined"),
        ]

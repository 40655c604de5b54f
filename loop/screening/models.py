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
    places = models.JSONField(
        null=True
    )  # [[text, code, start, end], ...]: code points, the first MOST_PLACES; no words
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


class ScreeningRun(models.Model):
    """Somebody asked for the recorded texts of a production to be read again by one version: how far that is.

    What arrives while it goes on is screened as it arrives, so a run ends where the tables ended when it was asked for.
    """

    production = models.ForeignKey("loop.Production", on_delete=models.PROTECT, related_name="screening_runs")
    version = models.CharField(max_length=16)
    everything = models.BooleanField(default=False)  # also what this version has read and found clean
    suggestion_done = models.BigIntegerField(default=0)
    suggestion_end = models.BigIntegerField(default=0)
    decision_done = models.BigIntegerField(default=0)
    decision_end = models.BigIntegerField(default=0)
    texts_read = models.BigIntegerField(default=0)
    recorded = models.BigIntegerField(default=0)  # new verdicts
    held = models.BigIntegerField(default=0)  # of them, quarantined
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "loop_screening_run"
        indexes = [
            models.Index(fields=["id"], condition=models.Q(finished_at=None), name="screening_run_open"),  # the sweep
        ]

"""Tables of recalls: one notice per published release a withdrawal reaches, naming its rows. Append-only."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from loop.consent.models import AuthorisationEvent, Evidence
from loop.export.models import Export, ExportRow
from loop.kernel.ids import uuid7
from loop.material.models import Production
from loop.people.models import Contributor


class Erasure(models.Model):
    """The texts of one party on a production were erased under a legal basis. Append-only; holds no text itself."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    party = models.ForeignKey(Contributor, on_delete=models.PROTECT, related_name="erasures")
    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="erasures")
    basis = models.CharField(max_length=64)  # the legal basis, "gdpr_art17_1_b"
    erased = models.JSONField(default=dict, blank=True)  # {what: how many}
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")
    erased_at = models.DateTimeField()

    class Meta:
        db_table = "loop_erasure"

    def __str__(self) -> str:
        return f"erasure {self.uid}"


class RecallNotice(models.Model):
    """Tells the recipient of a release which of its rows may no longer be used, on what basis and by when.

    Exactly one of `cause` (what happened to an authorisation) and `erasure` says why.
    """

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    export = models.ForeignKey(Export, on_delete=models.PROTECT, related_name="recalls")
    cause = models.ForeignKey(
        AuthorisationEvent, null=True, blank=True, on_delete=models.PROTECT, related_name="recalls"
    )
    erasure = models.ForeignKey(Erasure, null=True, blank=True, on_delete=models.PROTECT, related_name="recalls")
    basis = models.CharField(max_length=64)
    actions = ArrayField(models.CharField(max_length=32))
    deadline = models.DateTimeField()
    rows = models.BigIntegerField()
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()

    class Meta:
        db_table = "loop_recall_notice"
        constraints = [
            models.UniqueConstraint(fields=["export", "cause"], name="recall_notice_unique"),
            models.UniqueConstraint(fields=["export", "erasure"], name="recall_notice_unique_erasure"),
            models.CheckConstraint(
                condition=models.Q(cause__isnull=False, erasure__isnull=True)
                | models.Q(cause__isnull=True, erasure__isnull=False),
                name="recall_notice_of_one_subject",
            ),
        ]


class RecallRow(models.Model):
    """A row named by a notice."""

    id = models.BigAutoField(primary_key=True)
    notice = models.ForeignKey(RecallNotice, on_delete=models.PROTECT, related_name="notice_rows")
    row = models.ForeignKey(ExportRow, on_delete=models.PROTECT, related_name="recalls")

    class Meta:
        db_table = "loop_recall_row"
        constraints = [models.UniqueConstraint(fields=["notice", "row"], name="recall_row_unique")]


class RecallAck(models.Model):
    """What a recipient says it did about a notice. Append-only; a later one adds to an earlier."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    notice = models.ForeignKey(RecallNotice, on_delete=models.PROTECT, related_name="acks")
    by = models.CharField(max_length=200)  # who said it, on the recipient's side
    copies_deleted = models.BooleanField()
    models_affected = models.JSONField(default=list, blank=True)  # [{"id", "trained_on", "action"}]
    evidence = models.ForeignKey(Evidence, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField()

    class Meta:
        db_table = "loop_recall_ack"

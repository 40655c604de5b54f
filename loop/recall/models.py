"""Tables of recalls: one notice per published release a withdrawal reaches, naming its rows. Append-only."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from loop.consent.models import AuthorisationEvent, Evidence
from loop.export.models import Export, ExportRow
from loop.kernel.ids import uuid7


class RecallNotice(models.Model):
    """Tells the recipient of a release which of its rows may no longer be used, on what basis and by when."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    export = models.ForeignKey(Export, on_delete=models.PROTECT, related_name="recalls")
    cause = models.ForeignKey(AuthorisationEvent, on_delete=models.PROTECT, related_name="recalls")
    basis = models.CharField(max_length=64)
    actions = ArrayField(models.CharField(max_length=32))
    deadline = models.DateTimeField()
    rows = models.BigIntegerField()
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()

    class Meta:
        db_table = "loop_recall_notice"
        constraints = [models.UniqueConstraint(fields=["export", "cause"], name="recall_notice_unique")]


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

"""Tables of the audit log. All but `AuditPending` are append-only."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from loop.kernel.ids import uuid7


class AuditEvent(models.Model):
    """One event: the exact bytes that are hashed, and copies of some of its fields to search by.

    `entry` is canonical JSON {v, id, type, at, actor, production, object, commit}; `commit` is the digest of the row
    it vouches for, or the salted commitment to its payload. `leaf_hash` is SHA-256(0x00 || entry) (RFC 6962, 2.1).
    """

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    type = models.CharField(max_length=64)
    at = models.DateTimeField()
    actor_pid = models.CharField(max_length=80)
    production_id = models.BigIntegerField(null=True, blank=True)
    object_table = models.CharField(max_length=64)
    object_uid = models.UUIDField()
    entry = models.BinaryField()
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        db_table = "loop_audit_event"
        indexes = [
            models.Index(fields=["object_uid"], name="audit_event_of_object"),  # the dossier's trail
            models.Index(fields=["production_id", "-id"], name="audit_event_trail"),  # the trail page
            models.Index(fields=["type", "-id"], name="audit_event_by_type"),  # trail filter; cut-off of an order
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.uid}"


class AuditPayload(models.Model):
    """The erasable facts of an event, under the commitment in its entry."""

    event = models.OneToOneField(AuditEvent, primary_key=True, on_delete=models.PROTECT, related_name="payload")
    salt = models.BinaryField(max_length=32)
    facts = models.JSONField()

    class Meta:
        db_table = "loop_audit_payload"

    def __str__(self) -> str:
        return f"facts of event {self.event_id}"


class AuditPending(models.Model):
    """Events that have no log index yet. A row lives from the business transaction to the next seal."""

    event = models.OneToOneField(AuditEvent, primary_key=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "loop_audit_pending"

    def __str__(self) -> str:
        return f"pending event {self.event_id}"


class AuditLeaf(models.Model):
    """The place of an event in the log: gapless from 0."""

    log_index = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, related_name="leaf")
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        db_table = "loop_audit_leaf"

    def __str__(self) -> str:
        return f"{self.log_index}"


class AuditCheckpoint(models.Model):
    """A signed statement of the log's size and root (C2SP tlog-checkpoint). `frontier` lets the next one go on."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    frontier = ArrayField(models.BinaryField(max_length=32))  # roots of the full subtrees, largest first
    note = models.TextField()
    signed_at = models.DateTimeField()

    class Meta:
        db_table = "loop_audit_checkpoint"

    def __str__(self) -> str:
        return f"checkpoint of {self.size}"

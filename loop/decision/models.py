"""Tables of decisions. All but the two vocabularies are append-only; free text stands in DecisionText."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from loop.kernel.ids import uuid7
from loop.material.models import Production
from loop.people.models import Contributor, User
from loop.suggestion.models import Suggestion


class Outcome(models.TextChoices):
    """The verdict of a decision. Skip and retract are events, never labels."""

    ACCEPT = "accept", "Accept"
    REJECT = "reject", "Reject"
    REVISE = "revise", "Revise"
    SKIP = "skip", "Skip"
    RETRACT = "retract", "Retract"


class ProductionReason(models.Model):
    """A reason a production added under a family of the taxonomy, or one registered on import (`imported.<code>`)."""

    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="reasons")
    code = models.CharField(max_length=100)
    label = models.CharField(max_length=200)
    deprecated_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "loop_production_reason"
        constraints = [models.UniqueConstraint(fields=["production", "code"], name="production_reason_unique")]

    def __str__(self) -> str:
        return self.code


class ProductionBeat(models.Model):
    """An emotional label a production added to the versioned list of beats."""

    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="beats")
    code = models.CharField(max_length=64)
    label = models.CharField(max_length=100)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "loop_production_beat"
        constraints = [models.UniqueConstraint(fields=["production", "code"], name="production_beat_unique")]

    def __str__(self) -> str:
        return self.code


class Decision(models.Model):
    """One judgement of one suggestion. Append-only.

    A decision dies when a later one names it in `supersedes`: another verdict replaces it, a retract undoes it.
    `external_id` is the client's identity of the gesture (a file's id, an idempotency key, or the digest of the
    fields with their position); `digest` covers what was said, so the same key with another body is refused.
    The order of one person's decisions on a suggestion: decided_at (unknown first), position, id.
    """

    class NegativeKind(models.TextChoices):
        EXPLICIT = "explicit", "Explicitly rejected"
        SIBLING = "sibling", "Another was chosen"
        DISMISSED = "dismissed", "Dismissed with all"

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="decisions")
    suggestion = models.ForeignKey(Suggestion, on_delete=models.PROTECT, related_name="decisions")
    external_id = models.CharField(max_length=300)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    decided_by = models.ForeignKey(Contributor, on_delete=models.PROTECT, related_name="decisions")
    on_behalf_of = models.ForeignKey(
        Contributor, null=True, blank=True, on_delete=models.PROTECT, related_name="decisions_on_behalf"
    )
    decider_role = models.CharField(max_length=32, blank=True)  # the role held when it was made, "" when unknown
    decided_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    position = models.IntegerField(default=0)  # place among the suggestion's decisions in the file it came with
    reasons = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    negative_kind = models.CharField(max_length=10, choices=NegativeKind.choices, blank=True)  # only for a reject
    beats = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    severity = models.SmallIntegerField(null=True, blank=True)  # 1 note, 2 fix if cheap, 3 must fix, 4 unusable
    confidence = models.DecimalField(max_digits=4, decimal_places=3, null=True, blank=True)  # 0 to 1
    active_ms = models.BigIntegerField(null=True, blank=True)
    span_count = models.SmallIntegerField(default=0)
    has_rationale = models.BooleanField(default=False)
    has_revision = models.BooleanField(default=False)  # "" is a text, so this is not "has a length"
    revision_by_ai = models.BooleanField(default=False)  # the revision started from the model's text and was edited
    context = models.JSONField(default=dict, blank=True)  # what was on screen: candidates, their order, blind or not
    taxonomy_version = models.CharField(max_length=16)
    supersedes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    source = models.CharField(max_length=100, blank=True)
    entered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    text_commit = models.BinaryField(max_length=32, null=True)  # null: there is no text
    digest = models.BinaryField(max_length=32)
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "loop_decision"
        constraints = [
            models.UniqueConstraint(fields=["production", "external_id"], name="decision_unique_external_id"),
            models.CheckConstraint(
                condition=models.Q(severity__isnull=True) | models.Q(severity__range=(1, 4)),
                name="decision_severity_1_to_4",
            ),
            models.CheckConstraint(
                condition=models.Q(confidence__isnull=True) | models.Q(confidence__range=(0, 1)),
                name="decision_confidence_0_to_1",
            ),
            models.CheckConstraint(
                condition=models.Q(negative_kind="") | models.Q(outcome="reject"),
                name="decision_negative_kind_only_on_reject",
            ),
        ]
        indexes = [
            models.Index(fields=["suggestion", "decided_by", "id"], name="decision_by_person"),  # queue and dossier
            models.Index(fields=["production", "decided_by", "id"], name="decision_mine"),  # "my last decisions", undo
        ]

    def __str__(self) -> str:
        return f"{self.outcome} of {self.suggestion_id}"


class DecisionText(models.Model):
    """The erasable free text of a decision: rationale, revised content, and labels and notes of its spans."""

    decision = models.OneToOneField(Decision, primary_key=True, on_delete=models.PROTECT, related_name="text")
    salt = models.BinaryField(max_length=32)
    rationale = models.TextField(null=True)  # noqa: DJ001  (null: none; "" is a text)
    revised_content = models.TextField(null=True)  # noqa: DJ001
    span_texts = models.JSONField(null=True)  # [{"label": ..., "note": ...}] in the order of the spans

    class Meta:
        db_table = "loop_decision_text"


class DecisionSpan(models.Model):
    """A range of what was judged. Append-only.

    Characters: Unicode code points of `target`, end exclusive. Frames: integers at rate_num / rate_den, end exclusive.
    Region: {"x","y","w","h"} as text decimals of the picture's width and height.
    """

    class Target(models.TextChoices):
        CONTENT = "content", "Content"
        PROMPT = "prompt", "Prompt"
        REVISION = "revision", "Revision"
        MEDIA = "media", "Media"

    class Unit(models.TextChoices):
        CODE_POINT = "code_point", "Unicode code points"
        FRAME = "frame", "Frames"
        REGION = "region", "Region"

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="spans")
    position = models.SmallIntegerField()
    target = models.CharField(max_length=8, choices=Target.choices)
    unit = models.CharField(max_length=10, choices=Unit.choices)
    start = models.BigIntegerField(null=True, blank=True)
    end = models.BigIntegerField(null=True, blank=True)
    rate_num = models.PositiveIntegerField(null=True, blank=True)
    rate_den = models.PositiveIntegerField(null=True, blank=True)
    drop_frame = models.BooleanField(default=False)
    media_sha256 = models.CharField(max_length=64, blank=True)
    region = models.JSONField(null=True, blank=True)
    reason = models.CharField(max_length=100, blank=True)

    class Meta:
        db_table = "loop_decision_span"
        constraints = [models.UniqueConstraint(fields=["decision", "position"], name="decision_span_unique")]


class DecisionDraft(models.Model):
    """What somebody has begun to say of a suggestion and not yet said: reasons, spans, rationale, revised text.

    Words of an unreleased production that are no record yet: replaced at will, deleted with the verdict. A logout
    clears the browser's copy; this one is the person's, waits on any machine, and is swept after fourteen days.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="drafts")
    suggestion = models.ForeignKey(Suggestion, on_delete=models.PROTECT, related_name="drafts")
    body = models.JSONField()
    saved_at = models.DateTimeField()

    class Meta:
        db_table = "loop_decision_draft"
        constraints = [models.UniqueConstraint(fields=["user", "suggestion"], name="decision_draft_unique")]

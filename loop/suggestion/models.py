"""Tables of briefs, model versions and suggestions. Suggestions and their texts are append-only."""

from __future__ import annotations

from django.db import models

from loop.kernel.ids import uuid7
from loop.material.models import Capacity, Material, Media, Production, Scene, Shot, Stage


class ModelVersion(models.Model):
    """A model as named by whoever pushed: "vendor/name@version", or any other label kept as it came."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    label = models.CharField(max_length=200, unique=True)
    vendor = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=200)
    version = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "loop_model_version"

    def __str__(self) -> str:
        return self.label


class ModelTerms(models.Model):
    """The supplier's terms for one model as recorded at a moment; the newest record counts. Append-only."""

    class Training(models.TextChoices):
        ALLOWED = "allowed", "Training on outputs allowed"
        NOT_ALLOWED = "notAllowed", "Training on outputs not allowed"

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="terms")
    training_on_outputs = models.CharField(max_length=16, choices=Training.choices)
    output_owner = models.CharField(max_length=100, blank=True)
    evidence = models.ForeignKey("loop.Evidence", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "loop_model_terms"


class Brief(models.Model):
    """What was asked. All candidates of one brief answer the same question."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="briefs")
    external_id = models.CharField(max_length=300)
    stage = models.CharField(max_length=16, choices=Stage.choices, blank=True)
    kind = models.CharField(max_length=64)
    constraints_asked = models.JSONField(default=list, blank=True)
    scene = models.ForeignKey(Scene, null=True, blank=True, on_delete=models.PROTECT, related_name="briefs")
    shot = models.ForeignKey(Shot, null=True, blank=True, on_delete=models.PROTECT, related_name="briefs")
    grouped = models.BooleanField(default=True)  # False: made for a suggestion that came without a group
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "loop_brief"
        constraints = [models.UniqueConstraint(fields=["production", "external_id"], name="brief_unique_external_id")]

    def __str__(self) -> str:
        return self.external_id


class BriefContribution(models.Model):
    """Whose work a brief itself carries (who wrote the prompt, whose reference it names)."""

    brief = models.ForeignKey(Brief, on_delete=models.PROTECT, related_name="contributions")
    contributor = models.ForeignKey("loop.Contributor", on_delete=models.PROTECT, related_name="brief_contributions")
    capacity = models.CharField(max_length=32, choices=Capacity.choices, blank=True)

    class Meta:
        db_table = "loop_brief_contribution"
        constraints = [
            models.UniqueConstraint(fields=["brief", "contributor", "capacity"], name="brief_contribution_unique"),
        ]


class BriefMaterial(models.Model):
    """A material given as context with the brief, for all its candidates."""

    brief = models.ForeignKey(Brief, on_delete=models.PROTECT, related_name="brief_materials")
    material = models.ForeignKey(Material, on_delete=models.PROTECT, related_name="brief_links")

    class Meta:
        db_table = "loop_brief_material"
        constraints = [models.UniqueConstraint(fields=["brief", "material"], name="brief_material_unique")]


class Suggestion(models.Model):
    """One candidate answer to a brief: text or media, from a model, a person or a camera. Append-only.

    The prompt and the content stand in SuggestionText under `text_commit`. `digest` covers every field that arrived,
    so that the same external id with other content is refused and the audit entry vouches for the row.
    """

    class Origin(models.TextChoices):
        MODEL = "model", "Model"
        PERSON = "person", "Person"
        CAMERA = "camera", "Camera"

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="suggestions")
    brief = models.ForeignKey(Brief, on_delete=models.PROTECT, related_name="suggestions")
    external_id = models.CharField(max_length=300)
    source = models.CharField(max_length=100, blank=True)  # which file or token brought it
    origin = models.CharField(max_length=8, choices=Origin.choices)
    stage = models.CharField(max_length=16, choices=Stage.choices, blank=True)
    kind = models.CharField(max_length=64)
    model = models.ForeignKey(ModelVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="suggestions")
    parameters = models.JSONField(default=dict, blank=True)
    seed = models.BigIntegerField(null=True, blank=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    latency_ms = models.BigIntegerField(null=True, blank=True)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=6, null=True, blank=True)
    tokens_in = models.BigIntegerField(null=True, blank=True)
    tokens_out = models.BigIntegerField(null=True, blank=True)
    media = models.ForeignKey(Media, null=True, blank=True, on_delete=models.PROTECT, related_name="suggestions")
    suggested_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    content_sha256 = models.BinaryField(max_length=32, null=True)  # of the content's UTF-8 bytes; null without text
    text_commit = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "loop_suggestion"
        constraints = [
            models.UniqueConstraint(fields=["production", "external_id"], name="suggestion_unique_external_id"),
        ]
        indexes = [
            models.Index(fields=["production", "stage", "kind", "id"], name="suggestion_queue"),  # the queue page
        ]

    def __str__(self) -> str:
        return self.external_id


class SuggestionText(models.Model):
    """The erasable texts of a suggestion: the prompt it answered, its content, and what else came with it (`meta`)."""

    suggestion = models.OneToOneField(Suggestion, primary_key=True, on_delete=models.PROTECT, related_name="text")
    salt = models.BinaryField(max_length=32)
    prompt = models.TextField(null=True)  # noqa: DJ001  (null: none was recorded; "" is a text)
    content = models.TextField(null=True)  # noqa: DJ001
    meta = models.JSONField(null=True)

    class Meta:
        db_table = "loop_suggestion_text"


class SuggestionMaterial(models.Model):
    """A material that this candidate drew on."""

    suggestion = models.ForeignKey(Suggestion, on_delete=models.PROTECT, related_name="suggestion_materials")
    material = models.ForeignKey(Material, on_delete=models.PROTECT, related_name="suggestion_links")

    class Meta:
        db_table = "loop_suggestion_material"
        constraints = [models.UniqueConstraint(fields=["suggestion", "material"], name="suggestion_material_unique")]


class SuggestionContribution(models.Model):
    """Whose work, likeness or rights the suggestion carries. An empty capacity is unknown, which denies (rule 6)."""

    suggestion = models.ForeignKey(Suggestion, on_delete=models.PROTECT, related_name="contributions")
    contributor = models.ForeignKey(
        "loop.Contributor", on_delete=models.PROTECT, related_name="suggestion_contributions"
    )
    capacity = models.CharField(max_length=32, choices=Capacity.choices, blank=True)

    class Meta:
        db_table = "loop_suggestion_contribution"
        constraints = [
            models.UniqueConstraint(
                fields=["suggestion", "contributor", "capacity"], name="suggestion_contribution_unique"
            ),
        ]

"""Tables of the production and its material. Numbers of scenes, setups and takes are text ("19A", "4 PU")."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from loop.kernel.ids import uuid7


class Stage(models.TextChoices):
    """Stages of a production at which a brief can be set."""

    DEVELOPMENT = "development", "Development"
    PREVIS = "previs", "Previs"
    PRODUCTION = "production", "Production"
    POST = "post", "Post"
    DISTRIBUTION = "distribution", "Distribution"


class Production(models.Model):
    """The show. The frame rate is a fraction: rate_num / rate_den frames a second."""

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        HOLD = "hold", "On hold"
        WRAPPED = "wrapped", "Wrapped"

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    code = models.CharField(max_length=32, unique=True)
    title = models.CharField(max_length=200)
    rate_num = models.PositiveIntegerField()
    rate_den = models.PositiveIntegerField(default=1)
    drop_frame = models.BooleanField(default=False)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.ACTIVE)
    exports_allowed = models.BooleanField(default=True)
    embargo_until = models.DateField(null=True, blank=True)
    legal_hold = models.BooleanField(default=False)
    ai_policy = models.JSONField(default=dict, blank=True)  # rules for the use of AI: ai_policy.py
    # The level of each family of findings that is not at the standard one: screening/codes.py.
    screening = models.JSONField(default=dict, blank=True, db_default=models.Value({}, models.JSONField()))
    guilds = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    entity_name = models.CharField(max_length=200, blank=True)  # the company that is the production
    lead = models.ForeignKey("loop.Contributor", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason_required = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "loop_production"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rate_num__gt=0, rate_den__gt=0), name="production_rate_is_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Scene(models.Model):
    """A narrative scene of the script."""

    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="scenes")
    number = models.CharField(max_length=32)
    heading = models.CharField(max_length=300, blank=True)
    sort_key = models.CharField(max_length=64)
    omitted = models.BooleanField(default=False)

    class Meta:
        db_table = "loop_scene"
        constraints = [models.UniqueConstraint(fields=["production", "number"], name="scene_unique_number")]

    def __str__(self) -> str:
        return self.number


class Setup(models.Model):
    """A camera position covering part of a scene, known by its slate ("27A")."""

    scene = models.ForeignKey(Scene, on_delete=models.PROTECT, related_name="setups")
    label = models.CharField(max_length=32)

    class Meta:
        db_table = "loop_setup"
        constraints = [models.UniqueConstraint(fields=["scene", "label"], name="setup_unique_label")]

    def __str__(self) -> str:
        return self.label


class Take(models.Model):
    """One attempt at a setup."""

    class Status(models.TextChoices):
        NONE = "", "Not marked"
        CIRCLED = "circled", "Circled"
        HOLD = "hold", "Hold"
        NG = "ng", "NG"
        FALSE_START = "false_start", "False start"

    setup = models.ForeignKey(Setup, on_delete=models.PROTECT, related_name="takes")
    label = models.CharField(max_length=32)
    status = models.CharField(max_length=16, choices=Status.choices, blank=True, default=Status.NONE)

    class Meta:
        db_table = "loop_take"
        constraints = [models.UniqueConstraint(fields=["setup", "label"], name="take_unique_label")]

    def __str__(self) -> str:
        return self.label


class Shot(models.Model):
    """One continuous image of the cut, known by its code."""

    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="shots")
    scene = models.ForeignKey(Scene, null=True, blank=True, on_delete=models.PROTECT, related_name="shots")
    code = models.CharField(max_length=64)

    class Meta:
        db_table = "loop_shot"
        constraints = [models.UniqueConstraint(fields=["production", "code"], name="shot_unique_code")]

    def __str__(self) -> str:
        return self.code


class Media(models.Model):
    """A stored or referenced media file, known by its SHA-256."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="media")
    sha256 = models.CharField(max_length=64)
    mime = models.CharField(max_length=100)
    uri = models.CharField(max_length=1000)
    size_bytes = models.BigIntegerField(null=True, blank=True)
    stored_name = models.CharField(max_length=200, blank=True)  # the name in our storage, "" for a reference only
    created_at = models.DateTimeField()

    class Meta:
        db_table = "loop_media"
        constraints = [models.UniqueConstraint(fields=["production", "sha256", "uri"], name="media_unique")]

    def __str__(self) -> str:
        return self.sha256[:12]


class Material(models.Model):
    """A script, storyboard, cut, take, still, sound stem, previs clip or marketing piece, through all its versions."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="materials")
    external_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=300, blank=True)
    scene = models.ForeignKey(Scene, null=True, blank=True, on_delete=models.PROTECT, related_name="materials")
    setup = models.ForeignKey(Setup, null=True, blank=True, on_delete=models.PROTECT, related_name="materials")
    take = models.ForeignKey(Take, null=True, blank=True, on_delete=models.PROTECT, related_name="materials")
    shot = models.ForeignKey(Shot, null=True, blank=True, on_delete=models.PROTECT, related_name="materials")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "loop_material"
        constraints = [
            models.UniqueConstraint(fields=["production", "external_id"], name="material_unique_external_id"),
        ]

    def __str__(self) -> str:
        return self.title or self.external_id


class MaterialVersion(models.Model):
    """One version of a material. Append-only; the text itself stands in MaterialText."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    material = models.ForeignKey(Material, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    label = models.CharField(max_length=64, blank=True)  # a revision colour, a cut name
    source_format = models.CharField(max_length=32, blank=True)
    sha256 = models.CharField(max_length=64)
    media = models.ForeignKey(Media, null=True, blank=True, on_delete=models.PROTECT, related_name="versions")
    text_commit = models.BinaryField(max_length=32, null=True)
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "loop_material_version"
        constraints = [models.UniqueConstraint(fields=["material", "number"], name="material_version_unique")]

    def __str__(self) -> str:
        return f"{self.material} v{self.number}"


class MaterialText(models.Model):
    """The erasable text of a material version, committed to by `MaterialVersion.text_commit`."""

    version = models.OneToOneField(MaterialVersion, primary_key=True, on_delete=models.PROTECT, related_name="text")
    salt = models.BinaryField(max_length=32)
    body = models.TextField()

    class Meta:
        db_table = "loop_material_text"


class Capacity(models.TextChoices):
    """In what capacity somebody contributed (standards.md 2.5)."""

    DECIDER = "decider", "Decider"
    AUTHOR_OF_SOURCE = "author_of_source", "Author of the source"
    AUTHOR_OF_REVISION = "author_of_revision", "Author of the revision"
    PERFORMER_LIKENESS = "performer_likeness", "Performer or likeness"
    PRODUCER_OWNER = "producer_owner", "Producer or owner"
    MODEL_SUPPLIER = "model_supplier", "Model supplier"


class MaterialContribution(models.Model):
    """Whose work, likeness or rights a material carries. An empty capacity is unknown, which denies (rule 6)."""

    material = models.ForeignKey(Material, on_delete=models.PROTECT, related_name="contributions")
    contributor = models.ForeignKey("loop.Contributor", on_delete=models.PROTECT, related_name="material_contributions")
    capacity = models.CharField(max_length=32, choices=Capacity.choices, blank=True)

    class Meta:
        db_table = "loop_material_contribution"
        constraints = [
            models.UniqueConstraint(
                fields=["material", "contributor", "capacity"], name="material_contribution_unique"
            ),
        ]

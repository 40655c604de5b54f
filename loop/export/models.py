"""Tables of releases: the order and its state, frozen membership, what stayed out and why, shards, downloads."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from loop.consent.models import Recipient
from loop.decision.models import Decision
from loop.kernel.ids import uuid7
from loop.material.models import Production
from loop.people.models import User
from loop.suggestion.models import Suggestion


class Profile(models.TextChoices):
    """The shapes a release can take."""

    SIGNALS = "signals", "Signals"
    PREFERENCE = "preference", "Preference pairs"
    UNPAIRED_PREFERENCE = "unpaired_preference", "Unpaired preference"
    SFT = "sft", "Answers to imitate"
    PROMPT_ONLY = "prompt_only", "Prompts"
    STEPWISE = "stepwise", "Answers in steps"
    REWARD = "reward", "Preference pairs as whole texts"
    SPAN_CRITIQUE = "span_critique", "Marked ranges"
    PAIRS_OF_TAKES = "pairs_of_takes", "Pairs of takes"
    EVALUATION = "evaluation", "Evaluation"
    LABEL_STUDIO = "label_studio", "Label Studio"
    ARGILLA = "argilla", "Argilla"
    OPENAI_FT = "openai_ft", "OpenAI fine-tuning"


class SavedRecipe(models.Model):
    """The parameters of an order under a name, by version: what is saved again becomes the next, and all stay."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="recipes")
    name = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    profile = models.CharField(max_length=32)
    purpose = models.CharField(max_length=40)
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="recipes")
    recipe = models.JSONField()  # as in Export
    saved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "loop_saved_recipe"
        constraints = [
            models.UniqueConstraint(fields=["production", "name", "version"], name="saved_recipe_unique_version")
        ]

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"

    @property
    def said(self) -> tuple[str, str, int, dict[str, object]]:
        """Everything that it fixes."""
        return (self.profile, self.purpose, self.recipient_id, self.recipe)


class Export(models.Model):
    """One dataset release. The row is the truth; a message only says "look at it".

    `order_digest` covers recipe, checkpoint and date: the same order gives the same bytes under data/.
    """

    class State(models.TextChoices):
        ORDERED = "ordered", "Ordered"
        FROZEN = "frozen", "Frozen"
        BUILDING = "building", "Building"
        VERIFYING = "verifying", "Verifying"
        AWAITING = "awaiting", "Awaiting approval"
        PUBLISHED = "published", "Published"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="exports")
    number = models.PositiveIntegerField()  # E-1, E-2 ... within the production
    version = models.CharField(max_length=20, default="1.0.0", blank=True)  # semantic; "" until it is worked out
    idempotency_key = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001  (null: none given)
    profile = models.CharField(max_length=32, choices=Profile.choices)
    purpose = models.CharField(max_length=40)
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="exports")
    recipe = models.JSONField()  # filters, labels policy, options: everything else that decides membership and bytes
    saved = models.ForeignKey(SavedRecipe, null=True, blank=True, on_delete=models.PROTECT, related_name="exports")
    checkpoint_size = models.BigIntegerField()  # decisions whose log index is below it belong
    gate_date = models.DateField()
    order_digest = models.BinaryField(max_length=32)
    policy_version = models.CharField(max_length=32)
    state = models.CharField(max_length=12, choices=State.choices)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    rows_considered = models.BigIntegerField(null=True, blank=True)
    rows_included = models.BigIntegerField(null=True, blank=True)
    excluded_by_code = models.JSONField(default=dict, blank=True)  # {primary code: rows}
    not_made = models.JSONField(default=dict, blank=True)  # pairs and rows that no rule makes: {"identical": 3, ...}
    counts = models.JSONField(default=dict, blank=True)
    folder = models.CharField(max_length=500, blank=True)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    failure = models.CharField(max_length=500, blank=True)  # a reason without any text of the production
    replaces = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by")
    next_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="followed_by")
    ordered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField()
    frozen_at = models.DateTimeField(null=True, blank=True)
    built_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "loop_export"
        constraints = [
            models.UniqueConstraint(fields=["production", "number"], name="export_unique_number"),
            models.UniqueConstraint(fields=["idempotency_key"], name="export_unique_idempotency_key"),
        ]
        indexes = [models.Index(fields=["state", "lease_until"], name="export_to_work_on")]  # claim and sweep

    def __str__(self) -> str:
        return f"{self.production_id}/E-{self.number}"

    @property
    def kept_back(self) -> int:
        """Rows that were considered and stayed in the house; 0 before membership is frozen."""
        return (self.rows_considered or 0) - (self.rows_included or 0)


class ExportRow(models.Model):
    """One row of a frozen release: exactly which decisions, under which authorisations. Append-only.

    For a pair `decision` is the chosen side's and `other_decision` the rejected side's (the same for a revise).
    `side` says which text of the decision a row of one answer carries (suggestion, revision), or which of its spans a
    row of `span_critique` is ("span 0").
    """

    id = models.BigAutoField(primary_key=True)
    export = models.ForeignKey(Export, on_delete=models.PROTECT, related_name="rows")
    position = models.BigIntegerField()
    row_id = models.CharField(max_length=64)
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+")
    other_decision = models.ForeignKey(Decision, null=True, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=10, blank=True)
    pair_kind = models.CharField(max_length=10, blank=True)  # revise | candidates
    negative_kind = models.CharField(max_length=10, blank=True)
    effective = models.BooleanField(default=True)
    authorisation_ids = ArrayField(models.BigIntegerField())
    contributor_ids = ArrayField(models.BigIntegerField())
    expires_on = models.DateField(null=True)
    territory = ArrayField(models.CharField(max_length=2), default=list)
    uses = models.JSONField()  # {purpose: value} over all contributions: the most restrictive

    class Meta:
        db_table = "loop_export_row"
        constraints = [models.UniqueConstraint(fields=["export", "position"], name="export_row_unique_position")]
        indexes = [
            models.Index(fields=["decision", "export"], name="export_row_of_decision"),  # dossier, recall
            models.Index(fields=["other_decision", "export"], name="export_row_of_other"),
            GinIndex(
                fields=["contributor_ids"], name="export_row_of_contributor"
            ),  # recall: which rows hold this party
        ]

    def __str__(self) -> str:
        return f"row {self.position} of {self.export_id}"


class ExportRowDropped(models.Model):
    """A frozen row that the last check before publishing took out again. Append-only."""

    row = models.OneToOneField(ExportRow, primary_key=True, on_delete=models.PROTECT, related_name="dropped")
    code = models.CharField(max_length=40)
    dropped_at = models.DateTimeField()

    class Meta:
        db_table = "loop_export_row_dropped"

    def __str__(self) -> str:
        return f"{self.row_id}: {self.code}"


class ExportExclusion(models.Model):
    """A row that stayed in the house, with every rule that refused it. Append-only; never part of the folder."""

    id = models.BigAutoField(primary_key=True)
    export = models.ForeignKey(Export, on_delete=models.PROTECT, related_name="exclusions")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+")
    other_decision = models.ForeignKey(Decision, null=True, on_delete=models.PROTECT, related_name="+")
    suggestion = models.ForeignKey(Suggestion, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=40)
    codes = ArrayField(models.CharField(max_length=40))
    contributor_ids = ArrayField(models.BigIntegerField(), default=list)  # who it is about

    class Meta:
        db_table = "loop_export_exclusion"
        indexes = [models.Index(fields=["export", "code", "id"], name="export_exclusion_by_code")]

    def __str__(self) -> str:
        return f"{self.decision_id}: {self.code}"


class ExportShard(models.Model):
    """A slice of the frozen positions that one worker writes under a lease. `sha256` names the finished file."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    export = models.ForeignKey(Export, on_delete=models.PROTECT, related_name="shards")
    number = models.PositiveIntegerField()
    first_position = models.BigIntegerField()  # inclusive
    end_position = models.BigIntegerField()  # exclusive
    split = models.CharField(max_length=32, default="train", db_default="train")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    rows = models.BigIntegerField(null=True, blank=True)
    size_bytes = models.BigIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    path = models.CharField(max_length=500, blank=True)
    failure = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "loop_export_shard"
        constraints = [models.UniqueConstraint(fields=["export", "number"], name="export_shard_unique")]
        indexes = [models.Index(fields=["state", "lease_until"], name="export_shard_to_work_on")]

    def __str__(self) -> str:
        return f"shard {self.number} of {self.export_id}"


class Download(models.Model):
    """Who took what, when. Append-only."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    export = models.ForeignKey(Export, on_delete=models.PROTECT, related_name="downloads")
    actor_pid = models.CharField(max_length=80)
    file = models.CharField(max_length=300)
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "loop_download"

    def __str__(self) -> str:
        return f"{self.file} of {self.export_id}"


class Heartbeat(models.Model):
    """When a worker was last seen alive, on the database's clock. `doctor` and the exports page read it."""

    name = models.CharField(max_length=100, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "loop_heartbeat"

    def __str__(self) -> str:
        return self.name

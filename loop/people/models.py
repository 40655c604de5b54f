"""Tables of people: logins, roles, tokens, contributors and credits."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models

from loop.kernel.ids import uuid7


class User(AbstractUser):
    """A login. `is_superuser` is the global admin of product.md; every other power comes from a Member row."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    preferences = models.JSONField(default=dict, blank=True)  # keys, theme: never text of a production

    class Meta:
        db_table = "loop_user"


class Role(models.TextChoices):
    """The roles of the permission matrix (loop/people/roles.py)."""

    DIRECTOR = "director", "Director"
    EDITOR = "editor", "Editor"
    SCRIPT_SUPERVISOR = "script_supervisor", "Script supervisor"
    PRODUCER = "producer", "Producer"
    DATA = "data", "Data team"
    CONSENT_OFFICER = "consent_officer", "Consent officer"
    AUDITOR = "auditor", "Auditor"


class Contributor(models.Model):
    """A person, organisation, estate or guild whose work, judgement, likeness or rights are involved.

    `namespace` says whose identifier `external_id` is (by default the production's code), so that "writer-09" of two
    productions are two contributors and no authorisation crosses over by accident.
    """

    class Kind(models.TextChoices):
        PERSON = "person", "Person"
        ORGANISATION = "organisation", "Organisation"
        ESTATE = "estate", "Estate"
        GUILD = "guild", "Guild"

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    namespace = models.CharField(max_length=64)
    external_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.PERSON)
    name = models.CharField(max_length=200, blank=True)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="contributors")
    minor_until = models.DateField(null=True, blank=True)  # the day a minor comes of age; null: of age, or not a person
    created_at = models.DateTimeField()

    class Meta:
        db_table = "loop_contributor"
        constraints = [
            models.UniqueConstraint(fields=["namespace", "external_id"], name="contributor_unique_in_namespace"),
        ]

    def __str__(self) -> str:
        return self.name or self.external_id


class Credit(models.Model):
    """A contributor's function on a production. A contributor with a credit is a party known to the production."""

    contributor = models.ForeignKey(Contributor, on_delete=models.PROTECT, related_name="credits")
    production = models.ForeignKey("loop.Production", on_delete=models.PROTECT, related_name="credits")
    function = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "loop_credit"
        constraints = [
            models.UniqueConstraint(fields=["production", "contributor", "function"], name="credit_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.contributor} ({self.function})"


class Member(models.Model):
    """A login with a role on a production. `contributor` is who the login is when it judges."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    production = models.ForeignKey("loop.Production", on_delete=models.PROTECT, related_name="members")
    role = models.CharField(max_length=32, choices=Role.choices)
    contributor = models.ForeignKey(Contributor, on_delete=models.PROTECT, related_name="memberships")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "loop_member"
        constraints = [
            models.UniqueConstraint(fields=["user", "production", "role"], name="member_unique_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role}"


class Token(models.Model):
    """An API token, kept only as SHA-256. Shown once: `circled_<uid hex>_<secret>`."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(max_length=100)
    secret_sha256 = models.BinaryField(max_length=32)
    scopes = ArrayField(models.CharField(max_length=40))
    productions: models.ManyToManyField[models.Model, models.Model] = models.ManyToManyField(
        "loop.Production", related_name="tokens", db_table="loop_token_production"
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "loop_token"

    def __str__(self) -> str:
        return self.name

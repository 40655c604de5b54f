"""Tables of the queue: policy, claims, assignments, requests for a second opinion, saved views."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from loop.kernel.ids import uuid7
from loop.material.models import Production
from loop.people.models import Contributor, User
from loop.suggestion.models import Suggestion


class ReviewPolicy(models.Model):
    """How a production reviews. A production without a row has these defaults."""

    class Skip(models.TextChoices):
        ALLOWED = "allowed", "Allowed"
        WITH_REASON = "with_reason", "With a reason"
        NOT_ALLOWED = "not_allowed", "Not allowed"

    production = models.OneToOneField(Production, primary_key=True, on_delete=models.PROTECT, related_name="policy")
    reviewers_per_item = models.PositiveSmallIntegerField(null=True, blank=True)  # null: everybody judges everything
    blind_until_decided = models.BooleanField(default=True)
    hide_model = models.BooleanField(default=False)  # until one has decided
    shuffle_candidates = models.BooleanField(default=False)  # per person, and recorded with the decision
    skip = models.CharField(max_length=12, choices=Skip.choices, default=Skip.ALLOWED)
    lease_s = models.PositiveIntegerField(default=600)
    accept_chips = ArrayField(models.CharField(max_length=100), default=list, blank=True)  # reasons offered for praise
    beat_chips = ArrayField(models.CharField(max_length=64), default=list, blank=True)  # beats offered as chips

    class Meta:
        db_table = "loop_review_policy"


class Claim(models.Model):
    """Somebody is being shown a suggestion. It steers hand-out while it lasts and never forbids anything.

    `slot` counts from 0 to the policy's reviewers per item, less one; a lapsed slot is taken over.
    """

    suggestion = models.ForeignKey(Suggestion, on_delete=models.PROTECT, related_name="claims")
    slot = models.PositiveSmallIntegerField(default=0)
    contributor = models.ForeignKey(Contributor, on_delete=models.PROTECT, related_name="claims")
    claimed_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "loop_claim"
        constraints = [models.UniqueConstraint(fields=["suggestion", "slot"], name="claim_unique_slot")]
        indexes = [models.Index(fields=["contributor", "expires_at"], name="claim_of_person")]


class Assignment(models.Model):
    """A suggestion is meant for somebody: it waits for them, and for nobody else while it has assignments."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    suggestion = models.ForeignKey(Suggestion, on_delete=models.PROTECT, related_name="assignments")
    contributor = models.ForeignKey(Contributor, on_delete=models.PROTECT, related_name="assignments")
    assigned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField()

    class Meta:
        db_table = "loop_assignment"
        constraints = [models.UniqueConstraint(fields=["suggestion", "contributor"], name="assignment_unique")]
        indexes = [models.Index(fields=["contributor", "suggestion"], name="assignment_of_person")]


class OpinionRequest(models.Model):
    """Somebody wants a second opinion. It is met once another person gave a label after it was asked."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    suggestion = models.ForeignKey(Suggestion, on_delete=models.PROTECT, related_name="opinion_requests")
    asked_by = models.ForeignKey(Contributor, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()

    class Meta:
        db_table = "loop_opinion_request"
        constraints = [models.UniqueConstraint(fields=["suggestion", "asked_by"], name="opinion_request_unique")]


class SavedView(models.Model):
    """Filters of the queue under a name; shared with the production or one's own."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="views")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, blank=True)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "loop_saved_view"
        constraints = [models.UniqueConstraint(fields=["production", "owner", "name"], name="saved_view_unique")]

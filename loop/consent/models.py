"""Tables of the consent registry. Authorisations, their events and agreements are append-only: state is computed."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from loop.kernel.ids import uuid7
from loop.material.models import Production
from loop.people.models import Contributor, User


class Recipient(models.Model):
    """An organisation or team that may receive releases. What it agreed to stands in RecipientAgreement."""

    class Kind(models.TextChoices):
        PRODUCTION = "production", "The production itself"
        INTERNAL = "internal", "Inside the studio"
        EXTERNAL = "external", "Outside the studio"

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    code = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.EXTERNAL)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "loop_recipient"

    def __str__(self) -> str:
        return self.name or self.code


class Evidence(models.Model):
    """A stored document that proves an authorisation, an agreement or terms: known by its SHA-256. Append-only."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=64, blank=True)
    file_name = models.CharField(max_length=200)
    size_bytes = models.BigIntegerField()
    stored_name = models.CharField(max_length=200)
    signed_at = models.DateTimeField(null=True, blank=True)
    method = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "loop_evidence"

    def __str__(self) -> str:
        return self.file_name


class RecipientAgreement(models.Model):
    """What a recipient agreed to, from when until when. Append-only; several may be in force, any of them suffices."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="agreements")
    signed_on = models.DateField()
    valid_from = models.DateField()
    valid_until = models.DateField()
    purposes = ArrayField(models.CharField(max_length=40))
    places = ArrayField(models.CharField(max_length=2), default=list, blank=True)  # ISO 3166: processing and storage
    retention_days = models.IntegerField(null=True, blank=True)
    use_days = models.IntegerField(null=True, blank=True)  # how long it means to use what it gets
    weights_owner = models.CharField(max_length=100, blank=True)
    perpetual_licence = models.BooleanField(null=True, blank=True)
    sublicensing = models.BooleanField(null=True, blank=True)
    evidence = models.ForeignKey(Evidence, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "loop_recipient_agreement"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_until__gte=models.F("valid_from")), name="agreement_dates_in_order"
            ),
        ]


class Notice(models.Model):
    """The text somebody was shown when asked, by version and language. Append-only."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    version = models.CharField(max_length=32)
    language = models.CharField(max_length=16)
    text_sha256 = models.CharField(max_length=64)
    text = models.TextField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "loop_notice"
        constraints = [models.UniqueConstraint(fields=["version", "language"], name="notice_unique")]


class Authorisation(models.Model):
    """A party allows, or forbids, named uses of named material to named recipients, for a territory and a time.

    Append-only (standards.md 2.5). An empty list of kinds or capacities means all of them; an empty list of recipients
    means nobody; an empty `territory_allow` means everywhere. `uses` is {purpose: {"value": allowed | notAllowed |
    constrained, "constraint": {...}}}.
    """

    class Basis(models.TextChoices):
        CONSENT = "consent", "Consent"
        CONTRACT_LICENCE = "contract_licence", "Contract or licence"
        CBA_TERM = "cba_term", "Guild agreement term"
        EMPLOYER_OWNERSHIP = "employer_ownership", "Employer ownership"
        PUBLIC_LICENCE = "public_licence", "Public licence"

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    party = models.ForeignKey(Contributor, on_delete=models.PROTECT, related_name="authorisations")
    production = models.ForeignKey(
        Production, null=True, blank=True, on_delete=models.PROTECT, related_name="authorisations"
    )  # null: every production
    basis = models.CharField(max_length=20, choices=Basis.choices)
    granted_by = models.CharField(max_length=200, blank=True)  # when a representative signed
    representative_proof = models.CharField(max_length=200, blank=True)
    material_kinds = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    capacities = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    uses = models.JSONField()
    recipients = ArrayField(models.CharField(max_length=64), default=list, blank=True)  # recipient codes
    recipient_kinds = ArrayField(models.CharField(max_length=16), default=list, blank=True)  # or whole classes
    territory_allow = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    territory_deny = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField()
    retention_days = models.IntegerField(null=True, blank=True)
    compensation = models.JSONField(default=dict, blank=True)  # {term, amount, currency, due, status, waiver}
    notice = models.ForeignKey(Notice, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="authorisations")
    guild = models.JSONField(default=dict, blank=True)  # {name, agreement, notice_ref}
    withdrawal_method = models.CharField(max_length=200, blank=True)
    on_withdrawal = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    jurisdiction = models.CharField(max_length=16, blank=True)
    supersedes = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "loop_authorisation"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_until__gte=models.F("valid_from")), name="authorisation_dates_in_order"
            ),
        ]
        indexes = [models.Index(fields=["party", "id"], name="authorisation_of_party")]  # gate and registry

    def __str__(self) -> str:
        return f"{self.basis} of {self.party}"


class AuthorisationState(models.TextChoices):
    """States of W3C DPV's consent vocabulary. Only GIVEN and RENEWED permit."""

    UNKNOWN = "ConsentUnknown", "In doubt"
    REQUESTED = "ConsentRequested", "Requested"
    DEFERRED = "ConsentRequestDeferred", "Deferred"
    REFUSED = "ConsentRefused", "Refused"
    GIVEN = "ConsentGiven", "Given"
    RENEWED = "RenewedConsentGiven", "Renewed"
    EXPIRED = "ConsentExpired", "Expired"
    WITHDRAWN = "ConsentWithdrawn", "Withdrawn"
    REVOKED = "ConsentRevoked", "Revoked"
    INVALIDATED = "ConsentInvalidated", "Invalidated"


class AuthorisationEvent(models.Model):
    """What happened to an authorisation, and from which moment it counts. Append-only.

    The state at a moment is that of the newest event by (effective_at, id) among those with effective_at <= moment.
    """

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    authorisation = models.ForeignKey(Authorisation, on_delete=models.PROTECT, related_name="events")
    state = models.CharField(max_length=24, choices=AuthorisationState.choices)
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "loop_authorisation_event"
        indexes = [
            models.Index(fields=["authorisation", "-effective_at", "-id"], name="authorisation_event_newest"),
        ]


class GuildNotice(models.Model):
    """A guild was told, or consulted, about what leaves a production for a recipient. Append-only."""

    class Kind(models.TextChoices):
        NOTICE = "notice", "Notice"
        CONSULTATION = "consultation", "Consultation"

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="guild_notices")
    guild = models.CharField(max_length=32)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    recipient = models.ForeignKey(
        Recipient, null=True, blank=True, on_delete=models.PROTECT, related_name="guild_notices"
    )  # null: whoever receives
    sent_on = models.DateField()
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "loop_guild_notice"
        indexes = [models.Index(fields=["production", "guild"], name="guild_notice_of_production")]


class CompensationEntry(models.Model):
    """A line of the ledger: what became due under an authorisation, by which release, or how it was met. Append-only.

    A `settled` or `waived` line names in `settles` the line it meets; without one it meets what the authorisation
    itself promised.
    """

    class Kind(models.TextChoices):
        DUE = "due", "Due"
        SETTLED = "settled", "Settled"
        WAIVED = "waived", "Waived"

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    authorisation = models.ForeignKey(Authorisation, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    settles = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="met_by")
    release = models.UUIDField(null=True, blank=True)  # the release by which it became due
    rows = models.BigIntegerField(null=True, blank=True)  # of that release, under this authorisation
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    due_on = models.DateField(null=True, blank=True)
    evidence = models.ForeignKey(Evidence, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "loop_compensation_entry"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(kind="due") | models.Q(due_on__isnull=False, settles__isnull=True),
                name="compensation_due_has_a_day",
            ),
        ]
        indexes = [models.Index(fields=["authorisation", "kind"], name="compensation_of_record")]  # rule 12


class RecipientDuty(models.Model):
    """Something a recipient owes by a moment: the answer to a recall. Append-only; `met` says it was."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="duties")
    kind = models.CharField(max_length=32)  # "recall_ack"
    reference = models.UUIDField()  # of the notice
    due_at = models.DateTimeField()
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "loop_recipient_duty"
        constraints = [models.UniqueConstraint(fields=["kind", "reference"], name="recipient_duty_unique")]
        indexes = [models.Index(fields=["recipient", "due_at"], name="recipient_duty_due")]  # rule 4


class RecipientDutyMet(models.Model):
    """A duty was met at a moment. Append-only."""

    duty = models.OneToOneField(RecipientDuty, primary_key=True, on_delete=models.PROTECT, related_name="met")
    met_at = models.DateTimeField()
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "loop_recipient_duty_met"


class ContributorLink(models.Model):
    """A contributor's own door: a link without an account. Only the digest of its secret is kept."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    contributor = models.ForeignKey(Contributor, on_delete=models.PROTECT, related_name="links")
    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="links")
    secret_sha256 = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "loop_contributor_link"


class ConsentRequest(models.Model):
    """Somebody was asked: for which uses, by whom to be received, with which notice. Append-only."""

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    party = models.ForeignKey(Contributor, on_delete=models.PROTECT, related_name="requests")
    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="requests")
    uses = ArrayField(models.CharField(max_length=40))
    recipients = ArrayField(models.CharField(max_length=64))
    valid_until = models.DateField()  # until when the authorisation asked for would run
    compensation = models.JSONField(default=dict, blank=True)  # what is offered, as Authorisation has it
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()

    class Meta:
        db_table = "loop_consent_request"
        indexes = [models.Index(fields=["production", "sent_at"], name="consent_request_sent")]


class ConsentAnswer(models.Model):
    """What came of a request. Append-only; a request without one is unanswered."""

    class Answer(models.TextChoices):
        GIVEN = "given", "Given"
        REFUSED = "refused", "Refused"
        DEFERRED = "deferred", "Deferred"

    request = models.ForeignKey(ConsentRequest, on_delete=models.PROTECT, related_name="answers")
    answer = models.CharField(max_length=8, choices=Answer.choices)
    authorisation = models.ForeignKey(
        Authorisation, null=True, blank=True, on_delete=models.PROTECT, related_name="answers"
    )
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()

    class Meta:
        db_table = "loop_consent_answer"


class ApprovalRequest(models.Model):
    """A second person must approve: a withdrawal that touches a published release, or a release that goes outside.

    Append-only. `subject` is the uid of what waits; `asked` is what will be done, in full: the approver sees it.
    """

    class Kind(models.TextChoices):
        WITHDRAWAL = "withdrawal", "A withdrawal"
        RELEASE = "release", "A release"

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    production = models.ForeignKey(
        Production, null=True, blank=True, on_delete=models.PROTECT, related_name="approvals"
    )
    subject = models.UUIDField()
    asked = models.JSONField()
    asked_by = models.CharField(max_length=80)  # the actor's id, as the audit log writes it
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()

    class Meta:
        db_table = "loop_approval_request"
        indexes = [models.Index(fields=["kind", "subject"], name="approval_of_subject")]


class ApprovalDecision(models.Model):
    """The second person's word. Append-only, one a request."""

    request = models.OneToOneField(ApprovalRequest, primary_key=True, on_delete=models.PROTECT, related_name="decision")
    approved = models.BooleanField()
    decided_by = models.CharField(max_length=80)
    event = models.ForeignKey("loop.AuditEvent", on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        db_table = "loop_approval_decision"

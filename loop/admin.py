"""Stock Django admin: reference data may be changed, ledgers only looked at, texts are not here at all.

An unreleased text is shown only by a recorded reveal (product.md, "Who may do what"), so no table that holds one is
registered: the texts of suggestions, decisions and materials, the payloads of the log, notices. Whoever gets here is
a global admin; roles on productions, tokens and consent have their own verbs, which record what they change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account import admin as _account_admin
from allauth.account.models import EmailAddress
from allauth.mfa import admin as _mfa_admin
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth import admin as _auth_admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest

from loop.audit.record import record
from loop.kernel.canonical import Json
from loop.kernel.clock import now
from loop.models import (
    AuditCheckpoint,
    AuditEvent,
    Authorisation,
    AuthorisationEvent,
    Contributor,
    Credit,
    Decision,
    Download,
    Evidence,
    Export,
    ExportExclusion,
    ExportShard,
    Material,
    MaterialVersion,
    Member,
    ModelTerms,
    ModelVersion,
    Production,
    ProductionBeat,
    ProductionReason,
    RecallNotice,
    Recipient,
    RecipientAgreement,
    Scene,
    Setup,
    Shot,
    Signal,
    Suggestion,
    Take,
    Token,
    User,
)
from loop.people.querysets import actor_for_user

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]  # generic for the type checker only
else:
    ModelAdmin = admin.ModelAdmin

__all__ = ["_account_admin", "_auth_admin", "_mfa_admin"]  # imported for what they register

admin.site.site_header = "Circled"
admin.site.site_title = "Circled"
admin.site.index_title = "Reference data and ledgers"
# Imported first, so that what they registered can be taken out: roles stand on productions, not in groups, and second
# factors are their owner's business.
for _model in (Group, Authenticator, EmailAddress):
    admin.site.unregister(_model)


class ReadOnly(ModelAdmin):
    """A table that is looked at. The database refuses more, too."""

    actions = None
    list_per_page = 50
    show_full_result_count = False  # counting a ledger reads all of it

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Reference(ModelAdmin):
    """Reference data: existing rows may be corrected, none is deleted, and every change is in the log.

    `event` names what the change is in the audit vocabulary, about which row; rows that need a verb are not added here.
    """

    actions = None
    list_per_page = 50
    event: ClassVar[str] = ""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        # Django's change view is one transaction, so the event and the change stand or fall together.
        super().save_model(request, obj, form, change)
        if isinstance(request.user, User) and form.changed_data:
            fields: list[Json] = sorted(form.changed_data)
            table = obj._meta.db_table  # noqa: SLF001  (Django documents it)
            record(
                event=self.event, actor=actor_for_user(request.user), obj_table=table, obj_uid=obj.uid,
                production_id=obj.pk if isinstance(obj, Production) else None, at=now(), facts={"fields": fields},
            )  # fmt: skip


@admin.register(Production)
class ProductionAdmin(Reference):
    event = "production.changed"
    list_display = ("code", "title", "rate_num", "rate_den", "status", "exports_allowed", "embargo_until", "legal_hold")
    list_filter = ("status", "exports_allowed", "legal_hold")
    search_fields = ("code", "title")
    # What it permits has a verb, which checks the rules and takes the lock of publishing.
    readonly_fields = (
        "uid", "code", "rate_num", "rate_den", "drop_frame", "is_demo", "created_at",
        "ai_policy", "embargo_until", "legal_hold", "exports_allowed",
    )  # fmt: skip
    autocomplete_fields = ("lead",)


@admin.register(Contributor)
class ContributorAdmin(Reference):
    event = "contributor.changed"
    list_display = ("external_id", "namespace", "name", "kind", "user")
    list_filter = ("kind", "namespace")
    search_fields = ("external_id", "name")
    readonly_fields = ("uid", "namespace", "external_id", "user", "created_at")


@admin.register(Recipient)
class RecipientAdmin(Reference):
    event = "recipient.changed"
    list_display = ("code", "name", "kind", "created_at")
    list_filter = ("kind",)
    search_fields = ("code", "name")
    readonly_fields = ("uid", "code", "kind", "created_at")


@admin.register(User)
class UserAdmin(ReadOnly):
    """Logins are added, disabled and given roles by their verbs."""

    list_display = ("username", "first_name", "email", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("username",)
    fields = ("uid", "username", "first_name", "email", "is_active", "is_superuser", "last_login", "date_joined")


@admin.register(Member)
class MemberAdmin(ReadOnly):
    list_display = ("user", "production", "role", "contributor", "active", "created_at")
    list_filter = ("role", "active", "production")
    list_select_related = ("user", "production", "contributor")


@admin.register(Token)
class TokenAdmin(ReadOnly):
    list_display = ("name", "created_by", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at")
    fields = ("uid", "name", "scopes", "created_by", "created_at", "expires_at", "revoked_at", "last_used_at")
    list_select_related = ("created_by",)


@admin.register(Credit)
class CreditAdmin(ReadOnly):
    list_display = ("contributor", "production", "function", "created_at")
    list_filter = ("production", "function")
    list_select_related = ("contributor", "production")


@admin.register(ProductionReason, ProductionBeat)
class CodeAdmin(ReadOnly):
    list_display = ("code", "label", "production", "created_at")
    list_filter = ("production",)
    search_fields = ("code",)


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnly):
    list_display = ("label", "vendor", "name", "version", "created_at")
    search_fields = ("label",)


@admin.register(Scene, Setup, Shot, Take)
class PlaceAdmin(ReadOnly):
    list_display = ("__str__",)


@admin.register(Material)
class MaterialAdmin(ReadOnly):
    list_display = ("external_id", "kind", "production", "created_at")
    list_filter = ("production", "kind")
    fields = ("uid", "production", "external_id", "kind", "created_at")


@admin.register(MaterialVersion)
class MaterialVersionAdmin(ReadOnly):
    list_display = ("uid", "number", "source_format", "sha256", "recorded_at")
    fields = ("uid", "number", "source_format", "sha256", "recorded_at", "event")


@admin.register(Suggestion)
class SuggestionAdmin(ReadOnly):
    list_display = ("uid", "external_id", "production", "origin", "stage", "kind", "model", "recorded_at")
    list_filter = ("production", "origin", "stage")
    list_select_related = ("production", "model")
    fields = (
        "uid", "production", "external_id", "source", "origin", "stage", "kind", "model", "seed", "latency_ms",
        "cost_usd", "tokens_in", "tokens_out", "suggested_at", "recorded_at", "event",
    )  # fmt: skip


@admin.register(Decision)
class DecisionAdmin(ReadOnly):
    list_display = ("uid", "production", "outcome", "decided_by", "on_behalf_of", "decided_at", "recorded_at")
    list_filter = ("production", "outcome")
    list_select_related = ("production", "decided_by", "on_behalf_of")
    fields = (
        "uid", "production", "external_id", "outcome", "decided_by", "on_behalf_of", "decider_role", "reasons",
        "negative_kind", "beats", "severity", "confidence", "decided_at", "recorded_at", "taxonomy_version", "source",
        "event",
    )  # fmt: skip


@admin.register(Signal)
class SignalAdmin(ReadOnly):
    list_display = ("decision_id", "production", "suggestion_label", "revision_label", "negative_kind", "rules_version")
    list_filter = ("production", "suggestion_label")
    list_select_related = ("production",)


@admin.register(Evidence)
class EvidenceAdmin(ReadOnly):
    list_display = ("file_name", "kind", "sha256", "size_bytes", "recorded_at")
    fields = ("uid", "file_name", "kind", "sha256", "size_bytes", "signed_at", "method", "recorded_at")


@admin.register(RecipientAgreement, ModelTerms)
class TermsAdmin(ReadOnly):
    list_display = ("uid", "recorded_at")


@admin.register(Authorisation)
class AuthorisationAdmin(ReadOnly):
    list_display = ("uid", "party", "production", "basis", "valid_from", "valid_until", "recorded_at")
    list_filter = ("basis", "production")
    list_select_related = ("party", "production")


@admin.register(AuthorisationEvent)
class AuthorisationEventAdmin(ReadOnly):
    list_display = ("uid", "authorisation", "state", "effective_at", "recorded_at")
    list_filter = ("state",)
    list_select_related = ("authorisation__party",)


@admin.register(Export)
class ExportAdmin(ReadOnly):
    list_display = ("__str__", "profile", "purpose", "recipient", "state", "rows_included", "ordered_at")
    list_filter = ("state", "profile", "production")
    list_select_related = ("recipient",)
    exclude = ("lease_token", "idempotency_key")


@admin.register(ExportShard)
class ExportShardAdmin(ReadOnly):
    list_display = ("export", "number", "state", "rows", "size_bytes", "attempts")
    list_select_related = ("export",)
    exclude = ("lease_token",)


@admin.register(ExportExclusion)
class ExportExclusionAdmin(ReadOnly):
    list_display = ("export", "code", "codes")
    list_select_related = ("export",)
    fields = ("export", "code", "codes")


@admin.register(Download)
class DownloadAdmin(ReadOnly):
    list_display = ("at", "actor_pid", "export", "file")
    list_select_related = ("export",)


@admin.register(RecallNotice)
class RecallNoticeAdmin(ReadOnly):
    list_display = ("uid", "export", "basis", "rows", "deadline", "issued_at")
    list_select_related = ("export",)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    list_display = ("id", "at", "type", "actor_pid", "object_table", "object_uid")
    list_filter = ("type",)
    fields = ("uid", "type", "at", "actor_pid", "object_table", "object_uid")


@admin.register(AuditCheckpoint)
class AuditCheckpointAdmin(ReadOnly):
    list_display = ("size", "signed_at")
    fields = ("size", "signed_at", "note")

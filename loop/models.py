"""The index of nouns in the order of the flow. Re-exports only; nobody in the domain imports it."""

from loop.audit.models import AuditCheckpoint, AuditEvent, AuditLeaf, AuditPayload, AuditPending
from loop.consent.models import (
    Authorisation,
    AuthorisationEvent,
    Evidence,
    Notice,
    Recipient,
    RecipientAgreement,
)
from loop.decision.models import Decision, DecisionSpan, DecisionText, ProductionBeat, ProductionReason
from loop.export.models import (
    Download,
    Export,
    ExportExclusion,
    ExportRow,
    ExportRowDropped,
    ExportShard,
    Heartbeat,
)
from loop.material.models import (
    Material,
    MaterialContribution,
    MaterialText,
    MaterialVersion,
    Media,
    Production,
    Scene,
    Setup,
    Shot,
    Take,
)
from loop.people.models import Contributor, Credit, Member, Token, User
from loop.recall.models import RecallNotice, RecallRow
from loop.signal.models import Signal
from loop.suggestion.models import (
    Brief,
    BriefContribution,
    BriefMaterial,
    ModelTerms,
    ModelVersion,
    Suggestion,
    SuggestionContribution,
    SuggestionMaterial,
    SuggestionText,
)

__all__ = [
    "AuditCheckpoint", "AuditEvent", "AuditLeaf", "AuditPayload", "AuditPending",
    "Authorisation", "AuthorisationEvent", "Evidence", "Notice", "Recipient", "RecipientAgreement",
    "Decision", "DecisionSpan", "DecisionText", "ProductionBeat", "ProductionReason",
    "Download", "Export", "ExportExclusion", "ExportRow", "ExportRowDropped", "ExportShard", "Heartbeat",
    "Material", "MaterialContribution", "MaterialText", "MaterialVersion", "Media", "Production", "Scene", "Setup",
    "Shot", "Take",
    "Contributor", "Credit", "Member", "Token", "User",
    "RecallNotice", "RecallRow",
    "Signal",
    "Brief", "BriefContribution", "BriefMaterial", "ModelTerms", "ModelVersion", "Suggestion",
    "SuggestionContribution", "SuggestionMaterial", "SuggestionText",
]  # fmt: skip

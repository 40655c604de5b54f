"""The routes under /api/v1/. The slash at the end is optional, so that no client is sent to another address."""

from django.urls import URLPattern, re_path

from loop.api.base import Nowhere
from loop.api.comparing import Comparison, NextExport
from loop.api.decisions import Decisions, OneDecision
from loop.api.explain import Explain
from loop.api.exports import CancelExport, ExportDownloads, ExportFiles, Exports, OneExport, PreviewExport
from loop.api.links import TakeFile
from loop.api.media import OneMedia
from loop.api.recalls import Acknowledgements, ExportRecalls, Feed, OneRecall, Recalls, RecipientAnswers, Replacement
from loop.api.reference import Me, Productions, Schema
from loop.api.suggestions import OneSuggestion, Suggestions, SuggestionsBulk

UID = r"(?P<uid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"

OTHER = UID.replace("uid", "other")
SHA256 = r"(?P<sha256>[0-9a-f]{64})"
ADDRESS = r"(?P<secret>[0-9a-f]{40})"
SIGNATURE = r"(?P<signature>[0-9a-f]{32}:[A-Za-z0-9_-]{20,100})"

urlpatterns: list[URLPattern] = [
    re_path(r"^me/?$", Me.as_view(), name="api-me"),
    re_path(r"^productions/?$", Productions.as_view(), name="api-productions"),
    re_path(r"^suggestions/?$", Suggestions.as_view(), name="api-suggestions"),
    re_path(r"^suggestions/bulk/?$", SuggestionsBulk.as_view(), name="api-suggestions-bulk"),
    re_path(rf"^suggestions/{UID}/?$", OneSuggestion.as_view(), name="api-suggestion"),
    re_path(rf"^media/{SHA256}/?$", OneMedia.as_view(), name="api-media"),
    re_path(r"^decisions/?$", Decisions.as_view(), name="api-decisions"),
    re_path(rf"^decisions/{UID}/?$", OneDecision.as_view(), name="api-decision"),
    re_path(r"^explain/?$", Explain.as_view(), name="api-explain"),
    re_path(r"^exports/?$", Exports.as_view(), name="api-exports"),
    re_path(r"^exports/preview/?$", PreviewExport.as_view(), name="api-export-preview"),
    re_path(rf"^exports/{UID}/?$", OneExport.as_view(), name="api-export"),
    re_path(rf"^exports/{UID}/next/?$", NextExport.as_view(), name="api-export-next"),
    re_path(rf"^exports/{UID}/compare/{OTHER}/?$", Comparison.as_view(), name="api-export-compare"),
    re_path(rf"^exports/{UID}/cancel/?$", CancelExport.as_view(), name="api-export-cancel"),
    re_path(rf"^exports/{UID}/files/?$", ExportFiles.as_view(), name="api-export-files"),
    re_path(rf"^exports/{UID}/downloads/?$", ExportDownloads.as_view(), name="api-export-downloads"),
    re_path(rf"^exports/{UID}/recalls/?$", ExportRecalls.as_view(), name="api-export-recalls"),
    re_path(rf"^exports/{UID}/replacement/?$", Replacement.as_view(), name="api-export-replacement"),
    re_path(r"^recalls/?$", Recalls.as_view(), name="api-recalls"),
    re_path(rf"^recalls/{UID}/?$", OneRecall.as_view(), name="api-recall"),
    re_path(rf"^recalls/{UID}/acknowledgements/?$", Acknowledgements.as_view(), name="api-recall-acknowledge"),
    re_path(rf"^feeds/{UID}/{ADDRESS}/?$", Feed.as_view(), name="api-feed"),
    re_path(rf"^recall-answers/{UID}/{ADDRESS}/?$", RecipientAnswers.as_view(), name="api-recall-answers"),
    re_path(rf"^downloads/{SIGNATURE}/?$", TakeFile.as_view(), name="api-download"),
    re_path(r"^schema/?$", Schema.as_view(), name="api-schema"),
    re_path(r"^.*$", Nowhere.as_view(), name="api-nowhere"),
]

"""Suggestions as the API shows them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from loop.kernel.clock import rfc3339
from loop.suggestion.models import Suggestion, SuggestionText

VISIBLE, WITHHELD, ERASED = "visible", "withheld", "erased"
FREE = {"type": "object", "additionalProperties": {}, "nullable": True}
TEXT_STATES = ((VISIBLE, VISIBLE), (WITHHELD, WITHHELD), (ERASED, ERASED))


def source_of(token_uid: UUID) -> str:
    """What `source` says of rows that the token brought."""
    return f"token:{token_uid}"


class SuggestionRow(serializers.Serializer[Suggestion]):
    """A suggestion without its texts. Every field is as it was recorded and never changes."""

    id = serializers.UUIDField(source="uid")
    production = serializers.CharField(source="production.code")
    external_id = serializers.CharField()
    group_id = serializers.SerializerMethodField(help_text="The brief's id; null if it came without a group.")
    stage = serializers.CharField()
    kind = serializers.CharField()
    origin = serializers.ChoiceField(choices=Suggestion.Origin.choices)
    model = serializers.CharField(source="model.label", allow_null=True, default=None)
    parent = serializers.UUIDField(  # type: ignore[assignment]  # a field, not the attribute of that name
        source="parent.uid", allow_null=True, default=None
    )
    seed = serializers.IntegerField(allow_null=True)
    latency_ms = serializers.IntegerField(allow_null=True)
    cost_usd = serializers.DecimalField(max_digits=14, decimal_places=6, allow_null=True)
    tokens_in = serializers.IntegerField(allow_null=True)
    tokens_out = serializers.IntegerField(allow_null=True)
    created_at = serializers.SerializerMethodField(help_text="When it was made; null when unknown.")
    recorded_at = serializers.SerializerMethodField()

    def get_group_id(self, row: Suggestion) -> str | None:
        return row.brief.external_id if row.brief.grouped else None

    def get_created_at(self, row: Suggestion) -> str | None:
        return rfc3339(row.suggested_at) if row.suggested_at else None

    def get_recorded_at(self, row: Suggestion) -> str:
        return rfc3339(row.recorded_at)


class SuggestionMedia(serializers.Serializer[Any]):
    """The media of a suggestion."""

    sha256 = serializers.CharField()
    mime = serializers.CharField()
    uri = serializers.CharField()


class SuggestionWithText(SuggestionRow):
    """A suggestion with what is text or media, where this token may see it: `text` says so.

    Needs `reader` in the context: the `source` of the caller's own rows, None to withhold every text.
    """

    text = serializers.SerializerMethodField(help_text="visible; withheld: the token did not bring it; or erased.")
    prompt = serializers.SerializerMethodField()
    content = serializers.SerializerMethodField()
    parameters = serializers.SerializerMethodField()
    constraints = serializers.SerializerMethodField()
    meta = serializers.SerializerMethodField()
    media = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(choices=TEXT_STATES))
    def get_text(self, row: Suggestion) -> str:
        if not self._is_own(row):
            return WITHHELD
        return VISIBLE if _text(row) is not None else ERASED

    def get_prompt(self, row: Suggestion) -> str | None:
        text = self._own_text(row)
        return text.prompt if text else None

    def get_content(self, row: Suggestion) -> str | None:
        text = self._own_text(row)
        return text.content if text else None

    @extend_schema_field(FREE)
    def get_meta(self, row: Suggestion) -> Any:
        text = self._own_text(row)
        return text.meta if text else None

    @extend_schema_field(FREE)
    def get_parameters(self, row: Suggestion) -> Any:
        return row.parameters if self._own_text(row) else None

    @extend_schema_field({"type": "array", "items": {}, "nullable": True})
    def get_constraints(self, row: Suggestion) -> Any:
        return row.brief.constraints_asked if self._own_text(row) else None

    @extend_schema_field(SuggestionMedia(allow_null=True))
    def get_media(self, row: Suggestion) -> dict[str, str] | None:
        if row.media is None or not self._is_own(row):
            return None
        return {"sha256": row.media.sha256, "mime": row.media.mime, "uri": row.media.uri}

    def _is_own(self, row: Suggestion) -> bool:
        reader = self.context["reader"]
        return reader is not None and row.source == reader

    def _own_text(self, row: Suggestion) -> SuggestionText | None:
        return _text(row) if self._is_own(row) else None


def _text(row: Suggestion) -> SuggestionText | None:
    return getattr(row, "text", None)  # no row: it was erased


class SuggestionPage(serializers.Serializer[Any]):
    """A page of suggestions."""

    items = SuggestionWithText(many=True)
    next_cursor = serializers.CharField(allow_null=True)

"""Decisions as the API shows them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from loop.api.rows.suggestion import ERASED, TEXT_STATES, VISIBLE, WITHHELD
from loop.decision.models import Decision, DecisionSpan, DecisionText, Outcome
from loop.kernel.clock import rfc3339


class DecisionRow(serializers.Serializer[Decision]):
    """A decision without its texts. Every field is as it was recorded and never changes."""

    id = serializers.UUIDField(source="uid")
    production = serializers.CharField(source="production.code")
    suggestion = serializers.UUIDField(source="suggestion.uid")
    external_id = serializers.CharField()
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    reasons = serializers.ListField(child=serializers.CharField())
    negative_kind = serializers.CharField(help_text="explicit, sibling or dismissed for a reject, else empty.")
    beats = serializers.ListField(child=serializers.CharField())
    severity = serializers.IntegerField(allow_null=True)
    confidence = serializers.DecimalField(max_digits=4, decimal_places=3, allow_null=True)
    decided_by = serializers.CharField(source="decided_by.external_id")
    on_behalf_of = serializers.CharField(source="on_behalf_of.external_id", allow_null=True, default=None)
    decider_role = serializers.CharField()
    decided_at = serializers.SerializerMethodField(help_text="Null when unknown.")
    recorded_at = serializers.SerializerMethodField()
    active_ms = serializers.IntegerField(allow_null=True)
    has_rationale = serializers.BooleanField()
    has_revision = serializers.BooleanField()
    span_count = serializers.IntegerField()
    supersedes = serializers.UUIDField(source="supersedes.uid", allow_null=True, default=None)
    taxonomy_version = serializers.CharField()

    def get_decided_at(self, row: Decision) -> str | None:
        return rfc3339(row.decided_at) if row.decided_at else None

    def get_recorded_at(self, row: Decision) -> str:
        return rfc3339(row.recorded_at)


class SpanRow(serializers.Serializer[DecisionSpan]):
    """A range of what was judged, end exclusive; `label` and `note` are text."""

    target = serializers.ChoiceField(choices=DecisionSpan.Target.choices)
    unit = serializers.ChoiceField(choices=DecisionSpan.Unit.choices)
    start = serializers.IntegerField(allow_null=True)
    end = serializers.IntegerField(allow_null=True)
    rate = serializers.SerializerMethodField(help_text='Frames a second as a fraction, "24000/1001".')
    drop_frame = serializers.BooleanField()
    media_sha256 = serializers.CharField()
    region = serializers.DictField(child=serializers.CharField(), allow_null=True)
    reason = serializers.CharField()
    label = serializers.SerializerMethodField()  # type: ignore[assignment]  # a field, not the attribute of that name
    note = serializers.SerializerMethodField()

    def get_rate(self, span: DecisionSpan) -> str | None:
        return None if span.rate_num is None else f"{span.rate_num}/{span.rate_den}"

    def get_label(self, span: DecisionSpan) -> str | None:
        return self._words(span, "label")

    def get_note(self, span: DecisionSpan) -> str | None:
        return self._words(span, "note")

    def _words(self, span: DecisionSpan, name: str) -> str | None:
        texts: list[dict[str, str | None]] = self.context["span_texts"]
        return texts[span.position].get(name) if span.position < len(texts) else None


class DecisionWithText(DecisionRow):
    """A decision with what may have changed since (`superseded_by`) and its texts, where this token may see them."""

    superseded_by = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField(help_text="visible; withheld: the token did not bring it; or erased.")
    rationale = serializers.SerializerMethodField()
    revised_content = serializers.SerializerMethodField()
    spans = serializers.SerializerMethodField()

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_superseded_by(self, row: Decision) -> str | None:
        later = getattr(row, "superseded_by", None)
        return str(later.uid) if later else None

    @extend_schema_field(serializers.ChoiceField(choices=TEXT_STATES))
    def get_text(self, row: Decision) -> str:
        if not self._is_own(row):
            return WITHHELD
        return ERASED if row.text_commit is not None and _text(row) is None else VISIBLE

    def get_rationale(self, row: Decision) -> str | None:
        text = self._own_text(row)
        return text.rationale if text else None

    def get_revised_content(self, row: Decision) -> str | None:
        text = self._own_text(row)
        return text.revised_content if text else None

    @extend_schema_field(SpanRow(many=True))
    def get_spans(self, row: Decision) -> list[dict[str, Any]]:
        text = self._own_text(row)
        words = (text.span_texts or []) if text else []
        spans = sorted(row.spans.all(), key=lambda span: span.position)
        return [dict(SpanRow(span, context={"span_texts": words}).data) for span in spans]

    def _is_own(self, row: Decision) -> bool:
        reader = self.context["reader"]
        return reader is not None and row.source == reader

    def _own_text(self, row: Decision) -> DecisionText | None:
        return _text(row) if self._is_own(row) else None


def _text(row: Decision) -> DecisionText | None:
    return getattr(row, "text", None)  # no row: there was none, or it was erased


class DecisionPage(serializers.Serializer[Any]):
    """A page of decisions."""

    items = DecisionWithText(many=True)
    next_cursor = serializers.CharField(allow_null=True)

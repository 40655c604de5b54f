"""Exports as the API shows them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from loop.export.approval import APPROVED, ASKED, REFUSED, goes_outside
from loop.export.models import Export, ExportShard
from loop.export.profiles.registry import SENTENCES
from loop.export.recipe import STANDARD
from loop.kernel.clock import rfc3339

COUNTS = {"type": "object", "additionalProperties": {"type": "integer"}}


class OrderRow(serializers.Serializer[Export]):
    """What was ordered. Every field is as it was recorded and never changes."""

    id = serializers.UUIDField(source="uid")
    production = serializers.CharField(source="production.code")
    number = serializers.IntegerField(help_text="E-1, E-2 ... within the production.")
    version = serializers.CharField(help_text="Of the dataset, by Croissant's rule; empty until its rows are known.")
    profile = serializers.ChoiceField(choices=SENTENCES)
    purpose = serializers.CharField()
    recipient = serializers.CharField(source="recipient.code")
    form = serializers.SerializerMethodField(help_text="standard, or conversational: messages instead of texts.")
    labels = serializers.CharField(source="recipe.labels")
    filters = serializers.SerializerMethodField()
    formats = serializers.SerializerMethodField(help_text="What lies beside the Parquet.")
    splits = serializers.SerializerMethodField(help_text="Shares of the briefs; empty: one split, train.")
    split_seed = serializers.SerializerMethodField(help_text="What the briefs were drawn with.")
    checkpoint_size = serializers.IntegerField(help_text="Decisions whose log index is below it belong.")
    gate_date = serializers.DateField()
    order_digest = serializers.SerializerMethodField(help_text="SHA-256 of everything that decides rows and bytes.")
    ordered_at = serializers.SerializerMethodField()
    needs_approval = serializers.SerializerMethodField(
        help_text="The recipient is outside the studio: a consent officer approves it before it is published."
    )

    def get_form(self, row: Export) -> str:
        return str(row.recipe.get("form", STANDARD))

    def get_needs_approval(self, row: Export) -> bool:
        return goes_outside(row.recipient)

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}})
    def get_filters(self, row: Export) -> dict[str, list[str]]:
        return dict(row.recipe["filters"])

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_formats(self, row: Export) -> list[str]:
        return list(row.recipe.get("formats", []))

    def get_splits(self, row: Export) -> str:
        return str(row.recipe.get("splits", ""))

    def get_split_seed(self, row: Export) -> str:
        return str(row.recipe.get("split_seed", ""))

    def get_order_digest(self, row: Export) -> str:
        return bytes(row.order_digest).hex()

    def get_ordered_at(self, row: Export) -> str:
        return rfc3339(row.ordered_at)


class Progress(serializers.Serializer[Any]):
    """How far the building is. Shards are written side by side; a shard counts when its file is whole."""

    shards = serializers.IntegerField()
    shards_done = serializers.IntegerField()
    rows = serializers.IntegerField(help_text="Rows of the frozen membership.", allow_null=True)
    rows_done = serializers.IntegerField()


class ExportRow(OrderRow):
    """An export as it stands now."""

    state = serializers.ChoiceField(choices=Export.State.choices)
    approval = serializers.ChoiceField(
        choices=["", ASKED, APPROVED, REFUSED], help_text="What came of the approval; empty where none is needed."
    )
    progress = serializers.SerializerMethodField()
    rows_considered = serializers.IntegerField(allow_null=True)
    rows_included = serializers.IntegerField(allow_null=True)
    excluded_by_code = serializers.SerializerMethodField(help_text="Rows that stay in the house, by the gate's code.")
    not_made = serializers.SerializerMethodField(help_text="Rows and pairs that no rule makes, by cause.")
    failure = serializers.CharField(help_text="Why it failed, else empty.")
    manifest_sha256 = serializers.CharField(help_text="Empty until it is published.")
    replaces = serializers.UUIDField(source="replaces.uid", allow_null=True, default=None)
    next_of = serializers.UUIDField(source="next_of.uid", allow_null=True, default=None)
    recalled = serializers.SerializerMethodField(help_text="A withdrawal has reached it: no more downloads.")
    published_at = serializers.SerializerMethodField()

    @extend_schema_field(Progress)
    def get_progress(self, row: Export) -> dict[str, int | None]:
        shards = list(row.shards.all())
        done = [shard for shard in shards if shard.state == ExportShard.State.DONE]
        return {
            "shards": len(shards),
            "shards_done": len(done),
            "rows": shards[-1].end_position if shards else None,
            "rows_done": sum(shard.rows or 0 for shard in done),
        }

    @extend_schema_field(COUNTS)
    def get_excluded_by_code(self, row: Export) -> dict[str, int]:
        return dict(row.excluded_by_code)

    @extend_schema_field(COUNTS)
    def get_not_made(self, row: Export) -> dict[str, int]:
        return dict(row.not_made)

    def get_recalled(self, row: Export) -> bool:
        return bool(row.recalls.all())

    def get_published_at(self, row: Export) -> str | None:
        return rfc3339(row.published_at) if row.published_at else None


class ExportPage(serializers.Serializer[Any]):
    """A page of exports."""

    items = ExportRow(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class FileRow(serializers.Serializer[Any]):
    """A file of a published release."""

    file = serializers.CharField(help_text="Its path in the folder.")
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField(
        allow_null=True, help_text="As the signed manifest states it; null for what it cannot list."
    )


class FileList(serializers.Serializer[Any]):
    """All files of a published release."""

    items = FileRow(many=True)


class LinkRow(serializers.Serializer[Any]):
    """A link to one file: good without a token, for five minutes, for whoever holds it."""

    id = serializers.UUIDField(help_text="The download's id in the ledger.")
    file = serializers.CharField()
    url = serializers.CharField()
    expires_at = serializers.CharField()

"""A preview of an order as the API shows it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from loop.api.rows.export import COUNTS
from loop.export.preview import Preview


class SplitRow(serializers.Serializer[Any]):
    """What of it falls into one split."""

    split = serializers.CharField()
    rows = serializers.IntegerField()
    briefs = serializers.IntegerField()


class UnlockRow(serializers.Serializer[Any]):
    """A party whose word alone holds rows back."""

    party = serializers.CharField(source="party.external_id")
    rows = serializers.IntegerField()


class SampleRow(serializers.Serializer[Any]):
    """A row that would leave; texts are cut off."""

    outcome = serializers.CharField()
    side = serializers.CharField()
    pair_kind = serializers.CharField()
    stage = serializers.CharField()
    kind = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())
    prompt = serializers.CharField(allow_null=True)
    suggestion = serializers.CharField(allow_null=True)
    revision = serializers.CharField(allow_null=True)
    other = serializers.CharField(allow_null=True, help_text="The rejected candidate of a pair.")


class PreviewRow(serializers.Serializer[Preview]):
    """What an order would give now."""

    rows = serializers.IntegerField()
    considered = serializers.IntegerField()
    pairs = serializers.IntegerField(source="more.pairs")
    excluded_by_code = serializers.SerializerMethodField(help_text="Rows by the first rule that refuses them.")
    not_made = serializers.SerializerMethodField()
    label_column = serializers.CharField(source="more.label_column")
    label_balance = serializers.SerializerMethodField()
    splits = serializers.SerializerMethodField()
    held_back_by_one = serializers.IntegerField(
        source="more.one_party", help_text="Rows that one more authorisation of one party would unlock."
    )
    parties = serializers.IntegerField(source="more.parties", help_text="How many parties hold such rows back.")
    unlocks = UnlockRow(source="more.unlocks", many=True, help_text="The first of them; empty without the registry.")
    samples = SampleRow(source="more.samples", many=True, help_text="Empty without the right to read released rows.")
    checkpoint_size = serializers.IntegerField()

    @extend_schema_field(COUNTS)
    def get_excluded_by_code(self, row: Preview) -> dict[str, int]:
        return dict(row.excluded)

    @extend_schema_field(COUNTS)
    def get_not_made(self, row: Preview) -> dict[str, int]:
        return dict(row.not_made)

    @extend_schema_field(COUNTS)
    def get_label_balance(self, row: Preview) -> dict[str, int]:
        return dict(row.more.labels)

    @extend_schema_field(SplitRow(many=True))
    def get_splits(self, row: Preview) -> list[dict[str, Any]]:
        return [{"split": name, "rows": rows, "briefs": briefs} for name, (rows, briefs) in row.more.splits.items()]

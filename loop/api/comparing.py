"""Two exports compared, and the order for the one that follows."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from loop.api.base import checked_body
from loop.api.exports import READ, OrderFilters, ScopedExports
from loop.api.idempotency import KEY_HEADER, REPLAYED, idempotency_key
from loop.api.rows.export import OrderRow
from loop.api.schema import answers
from loop.api.throttles import CallThrottle, OrderThrottle
from loop.export.balance import BY, balance_of, drift
from loop.export.difference import CHANGES, WHY, difference
from loop.export.order_next import order_next
from loop.export.recipe import FORM_WORDS, FORMATS, FORMS, PARQUET
from loop.export.rules import LABEL_POLICIES
from loop.kernel.clock import now
from loop.people.querysets import is_permitted
from loop.people.roles import EXPORTS_ORDER, Permission
from loop.tasks import nudge


class Side(serializers.Serializer[Any]):
    """One of the two."""

    id = serializers.UUIDField(source="uid")
    number = serializers.IntegerField()
    version = serializers.CharField()


class Rows(serializers.Serializer[Any]):
    """How many rows."""

    added = serializers.IntegerField()
    removed = serializers.IntegerField()
    changed = serializers.IntegerField()
    same = serializers.IntegerField()


class CauseRow(serializers.Serializer[Any]):
    """Rows of one change that have one cause."""

    change = serializers.ChoiceField(choices=[(name, name) for name in CHANGES])
    why = serializers.ChoiceField(choices=list(WHY.items()))
    code = serializers.CharField(help_text="The gate's code, where the cause is consent; else empty.")
    rows = serializers.SerializerMethodField(help_text="Text (`<5`) where the number is too small to be told.")

    @extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string"}]})
    def get_rows(self, row: Any) -> int | str:
        found: int | str = row.rows
        return found


class PartRow(serializers.Serializer[Any]):
    """A part of the orders that differs."""

    name = serializers.CharField()
    old = serializers.CharField()
    new = serializers.CharField()


class DriftRow(serializers.Serializer[Any]):
    """Rows of one outcome (empty: of any) under one stage, kind or model. Shares are among the rows of the value."""

    by = serializers.ChoiceField(choices=list(BY.items()))
    value = serializers.CharField()
    outcome = serializers.CharField()
    old_rows = serializers.IntegerField()
    new_rows = serializers.IntegerField()
    old_share = serializers.FloatField(allow_null=True)
    new_share = serializers.FloatField(allow_null=True)
    difference = serializers.FloatField(allow_null=True)


class ComparisonRow(serializers.Serializer[Any]):
    """From the old export to the new one."""

    old = Side()
    new = Side()
    rows = Rows(source="*")
    causes = CauseRow(many=True)
    parts = PartRow(many=True)
    balance = serializers.SerializerMethodField()

    @extend_schema_field(DriftRow(many=True))
    def get_balance(self, row: Any) -> Any:
        return DriftRow(drift(balance_of(row.old), balance_of(row.new)), many=True).data


class NextBody(serializers.Serializer[Any]):
    """What is ordered otherwise than the export that it follows; what is left out stays as it was."""

    labels = serializers.ChoiceField(choices=[(name, name) for name in LABEL_POLICIES], required=False)
    form = serializers.ChoiceField(choices=[(name, FORM_WORDS[name]) for name in FORMS], required=False)
    filters = OrderFilters(required=False)
    formats = serializers.ListField(
        child=serializers.ChoiceField(choices=[(name, name) for name in (PARQUET, *FORMATS)]), required=False,
        max_length=10,
    )  # fmt: skip
    checkpoint = serializers.IntegerField(min_value=0, max_value=2**63 - 1, required=False)
    gate_date = serializers.DateField(required=False)


class NextExport(ScopedExports):
    scopes = {"POST": frozenset({EXPORTS_ORDER})}
    throttle_classes = [CallThrottle, OrderThrottle]

    @extend_schema(
        operation_id="exports_order_next", request=NextBody, parameters=[KEY_HEADER],
        responses=answers({202: OrderRow}, 404, 409, 415, 422),
    )  # fmt: skip
    def post(self, request: Request, uid: str) -> Response:
        """Orders the export that follows this one: the same recipe but for what is given, as of now.

        Its version is empty until its rows are known. 409 unless this one is published and the newest of its line.
        """
        export = self.export(uid)
        given = checked_body(request, NextBody)
        began = now()
        ordered = order_next(export=export, actor=self.actor, idempotency_key=idempotency_key(request), **given)
        nudge(ordered)
        address = reverse("api-export", kwargs={"uid": ordered.uid}, request=request)
        replayed = REPLAYED if ordered.ordered_at < began else {}
        return Response(OrderRow(ordered).data, status=202, headers={"Location": address} | replayed)


class Comparison(ScopedExports):
    scopes = {"GET": READ}

    @extend_schema(operation_id="exports_compare", responses=answers({200: ComparisonRow}, 404, 409))
    def get(self, request: Request, uid: str, other: str) -> Response:
        """What became of the rows of the export `other` in this one: added, removed, changed, and why.

        409 `not_comparable` for two profiles, two productions, one export twice, or rows that are not frozen yet.
        """
        old, new = self.export(other), self.export(uid)
        sees = is_permitted(self.actor, new.production, Permission.SEE_REGISTRY)
        return Response(ComparisonRow(difference(old, new, sees_codes=sees)).data)

"""Who calls (`me`), on which productions, and the schema of all this."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loop.api.auth import bearer_of
from loop.api.base import ApiView, shown
from loop.api.problems import handle
from loop.api.schema import answers
from loop.kernel.clock import rfc3339
from loop.material.models import Production
from loop.people.querysets import productions_visible_to

ANY_SCOPE: frozenset[str] = frozenset()


class ProductionRow(serializers.Serializer[Production]):
    """A production."""

    id = serializers.UUIDField(source="uid")
    code = serializers.CharField()
    title = serializers.CharField()
    rate = serializers.SerializerMethodField(help_text='Frames a second as a fraction, "24000/1001".')
    drop_frame = serializers.BooleanField()
    status = serializers.ChoiceField(choices=Production.Status.choices)
    exports_allowed = serializers.BooleanField()
    embargo_until = serializers.DateField(allow_null=True)
    reason_required = serializers.BooleanField()

    def get_rate(self, row: Production) -> str:
        return f"{row.rate_num}/{row.rate_den}"


class ProductionList(serializers.Serializer[Any]):
    """The productions of a token. There is one page: a token names them one by one."""

    items = ProductionRow(many=True)


class MeRow(serializers.Serializer[Any]):
    """What the token is."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    user = serializers.CharField(help_text="The login that answers for it.")
    scopes = serializers.ListField(child=serializers.CharField())
    productions = serializers.ListField(child=serializers.CharField())
    created_at = serializers.CharField()
    expires_at = serializers.CharField()


class Productions(ApiView):
    scopes = {"GET": ANY_SCOPE}

    @extend_schema(operation_id="productions_list", responses=answers({200: ProductionList}))
    def get(self, request: Request) -> Response:
        """The productions this token works on."""
        return Response({"items": shown(ProductionRow, productions_visible_to(self.actor))})


class Me(ApiView):
    scopes = {"GET": ANY_SCOPE}

    @extend_schema(operation_id="me_read", responses=answers({200: MeRow}))
    def get(self, request: Request) -> Response:
        """What this token is, may do and until when."""
        token = bearer_of(request).token
        return Response(
            {
                "id": str(token.uid),
                "name": token.name,
                "user": token.created_by.get_username(),
                "scopes": token.scopes,
                "productions": [production.code for production in productions_visible_to(self.actor)],
                "created_at": rfc3339(token.created_at),
                "expires_at": rfc3339(token.expires_at),
            }
        )


class Schema(SpectacularAPIView):
    """The OpenAPI 3 document. It describes no production, so it needs no token."""

    authentication_classes = []
    permission_classes = []
    throttle_classes = []

    def get_exception_handler(self) -> Any:
        return handle

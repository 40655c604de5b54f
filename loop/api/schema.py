"""What the OpenAPI document needs beside the views: bearer tokens, and problem details for every refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers


class ProblemItem(serializers.Serializer[Any]):
    """One thing that is wrong."""

    field = serializers.CharField(required=False)
    line = serializers.IntegerField(required=False, help_text="In a bulk body, from 1.")
    message = serializers.CharField()
    code = serializers.CharField(required=False)


class Problem(serializers.Serializer[Any]):
    """Problem details (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable, for machines.")
    detail = serializers.CharField()
    errors = ProblemItem(many=True, required=False)  # type: ignore[assignment]  # a field, not the attribute of that name
    request_id = serializers.CharField(required=False)


ALWAYS = (400, 401, 403, 429)


def answers(good: Mapping[Any, Any], *refusals: int) -> dict[Any, Any]:
    """The responses of an operation: the good ones, what every route may refuse with, and `refusals`."""
    problems = {(status, "application/problem+json"): OpenApiResponse(Problem) for status in (*ALWAYS, *refusals)}
    return {**good, **problems}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """`Authorization: Bearer circled_...`"""

    target_class = "loop.api.auth.TokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "circled_<id>_<secret>",
            "description": "Made by ./manage.py token create; shown once.",
        }

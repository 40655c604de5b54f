"""What every route shares: the bearer, its scopes, checked parameters, and rows that the bearer may see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from loop.api.auth import Bearer, TokenAuthentication, bearer_of
from loop.api.parsers import StrictJSONParser
from loop.api.problems import NOT_FOUND, Refused, handle
from loop.api.throttles import CallThrottle
from loop.kernel.actor import Actor
from loop.material.models import Production
from loop.people.querysets import productions_visible_to


class NoParameters(serializers.Serializer[Any]):
    """A route without query parameters."""


class HasScope(BasePermission):
    """The token carries one of the scopes that the route names for the method."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(view, ApiView) or not isinstance(request.auth, Bearer):
            return False
        method = "GET" if request.method == "HEAD" else request.method or ""
        wanted = view.scopes.get(method)
        if wanted is None or not wanted:  # another method is a 405, which comes next; () needs no scope
            return True
        if not wanted & frozenset(request.auth.token.scopes):
            names = " or ".join(sorted(wanted))
            raise Refused(403, "scope_missing", f"This needs a token with the scope {names}.")
        return True


class OnlyJson(BaseContentNegotiation):
    """There is one representation, whatever the Accept header or a suffix asks for."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        from rest_framework.negotiation import DefaultContentNegotiation

        return DefaultContentNegotiation().select_parser(request, parsers)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """A route. `scopes` maps a method to the scopes of which one is needed, `parameters` to its query's serializer."""

    authentication_classes = [TokenAuthentication]
    permission_classes = [HasScope]
    parser_classes = [StrictJSONParser]
    renderer_classes = [JSONRenderer]
    throttle_classes = [CallThrottle]
    content_negotiation_class = OnlyJson
    metadata_class = None  # OPTIONS tells nothing
    scopes: ClassVar[Mapping[str, frozenset[str]]] = {}
    parameters: ClassVar[Mapping[str, type[serializers.Serializer[Any]]]] = {}

    def get_exception_handler(self) -> Any:
        return handle

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        method = "GET" if request.method == "HEAD" else request.method or ""
        if method in self.scopes:
            self.query = checked_query(request, self.parameters.get(method, NoParameters))

    @property
    def actor(self) -> Actor:
        """Who calls."""
        return bearer_of(self.request).actor

    def production_of(self, code: str | None) -> Production:
        """The production a body or query names; without a name the token's only one.

        Raises Refused 404 for the foreign and the missing alike, 400 if the token has several and none was named.
        """
        visible = productions_visible_to(self.actor)
        if code is not None:
            found = visible.filter(code=code).first()
            if found is None:
                raise Refused(404, "not_found", NOT_FOUND, [{"field": "production", "message": "No such production."}])
            return found
        only = list(visible[:2])
        if len(only) != 1:
            message = "Name the production: this token has several or none."
            raise Refused(400, "not_valid", message, [{"field": "production", "message": message}])
        return only[0]


def shown(serializer: type[serializers.Serializer[Any]], rows: Any, **context: object) -> list[dict[str, Any]]:
    """Rows as the serializer shows them."""
    return [dict(row) for row in serializer(rows, many=True, context=context).data]


class Nowhere(ApiView):
    """Every path below the API that is no route."""

    authentication_classes = []
    permission_classes = []
    throttle_classes = []
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound


def checked_query(request: Request, parameters: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """The query's values. Raises ValidationError for an unknown name, a repeated one or a bad value."""
    known = parameters().fields
    wrong = {}
    for name, values in request.query_params.lists():
        if name not in known:
            expected = ", ".join(known) or "none"
            # The name is not repeated: a token pasted into the address must not come back in a body or a log.
            wrong["query"] = [f"Expected these parameters: {expected}; found another."]
        elif len(values) != 1:
            wrong[name] = ["Expected once, found several times."]
    if wrong:
        raise serializers.ValidationError(wrong)
    given = parameters(data=request.query_params.dict())
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def checked_body(request: Request, body: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """The body's values. Raises ValidationError for a body that is no object, an unknown field or a bad value."""
    data = request.data
    if not isinstance(data, dict):
        raise serializers.ValidationError({"body": ["Expected a JSON object."]})
    given = body(data=data)
    unknown = list(_unknown(given, data, ""))[:20]
    if unknown:
        raise serializers.ValidationError({name[:80]: ["There is no such field."] for name in unknown})
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def _unknown(field: serializers.Field[Any, Any, Any, Any], value: object, where: str) -> Iterator[str]:
    """The paths of keys that no serializer names, also within lists of objects."""
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        for place, item in enumerate(value):
            yield from _unknown(field.child, item, f"{where}[{place}]")
    if isinstance(field, serializers.Serializer) and isinstance(value, dict):
        for name, item in value.items():
            path = f"{where}.{name}".lstrip(".")
            if name not in field.fields:
                yield path
            else:
                yield from _unknown(field.fields[name], item, path)

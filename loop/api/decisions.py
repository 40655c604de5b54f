"""Decisions: record one, read them back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from loop.api.auth import bearer_of
from loop.api.base import ApiView, checked_body, shown
from loop.api.bodies import DecisionBody
from loop.api.idempotency import KEY_HEADER, REPLAYED, idempotency_key, stored_key
from loop.api.pagination import PageQuery, page
from loop.api.problems import NOT_FOUND, Refused
from loop.api.rows.decision import DecisionPage, DecisionRow, DecisionWithText
from loop.api.rows.suggestion import source_of
from loop.api.schema import answers
from loop.decision.models import Decision, Outcome
from loop.people.querysets import productions_where
from loop.people.roles import DECISIONS_READ, DECISIONS_WRITE, Permission
from loop.signal.answer import answer
from loop.suggestion.models import Suggestion


class DecisionQuery(PageQuery):
    """Which decisions."""

    production = serializers.CharField(max_length=32, required=False)
    suggestion = serializers.UUIDField(required=False)
    external_id = serializers.CharField(max_length=300, required=False, trim_whitespace=False)
    outcome = serializers.ChoiceField(choices=Outcome.choices, required=False)
    decided_by = serializers.CharField(max_length=200, required=False)
    live = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="true: only those that no later one supersedes."
    )


FILTERS = {
    "suggestion": "suggestion__uid", "external_id": "external_id", "outcome": "outcome",
    "decided_by": "decided_by__external_id",
}  # fmt: skip


class ScopedDecisions(ApiView):
    """The decisions this token may see: those of its productions; texts only of what it brought."""

    def decisions(self) -> QuerySet[Decision]:
        visible = productions_where(self.actor, Permission.SEE_PRODUCTION)
        related = Decision.objects.select_related(
            "production", "suggestion", "decided_by", "on_behalf_of", "supersedes", "superseded_by", "text"
        )
        return related.prefetch_related("spans").filter(production__in=visible)

    @property
    def reader(self) -> str:
        return source_of(bearer_of(self.request).token.uid)

    def shown(self, rows: list[Decision]) -> list[dict[str, Any]]:
        return shown(DecisionWithText, rows, reader=self.reader)


class Decisions(ScopedDecisions):
    scopes = {"GET": frozenset({DECISIONS_READ}), "POST": frozenset({DECISIONS_WRITE})}
    parameters = {"GET": DecisionQuery}

    @extend_schema(
        operation_id="decisions_list", parameters=[DecisionQuery], responses=answers({200: DecisionPage}, 404)
    )
    def get(self, request: Request) -> Response:
        """Decisions in the order they were recorded."""
        rows = self.decisions()
        if (code := self.query.get("production")) is not None:
            rows = rows.filter(production=self.production_of(code))
        if (live := self.query.get("live")) is not None:
            rows = rows.filter(superseded_by__isnull=live)
        rows = rows.filter(**{column: self.query[name] for name, column in FILTERS.items() if name in self.query})
        return Response(page(rows, query=self.query, show=self.shown))

    @extend_schema(
        operation_id="decisions_create", request=DecisionBody, parameters=[KEY_HEADER],
        responses=answers({201: DecisionRow}, 404, 409, 413, 415, 422),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Records a decision and derives its signal. `external_id` or Idempotency-Key is its identity.

        The same again answers the same; the same identity with another body is refused with 422.
        """
        body = checked_body(request, DecisionBody)
        suggestion = self._suggestion(body)
        found = answer(
            suggestion=suggestion,
            outcome=body["outcome"],
            decided_by=body["decided_by"],
            actor=self.actor,
            on_behalf_of=body.get("on_behalf_of"),
            reasons=body.get("reasons", ()),
            negative_kind=body.get("negative_kind", ""),
            rationale=body.get("rationale"),
            revised_content=body.get("revised_content"),
            revision_by_ai=_by_ai(body, suggestion),
            spans=[_exact(span) for span in body.get("spans", ())],
            beats=body.get("beats", ()),
            severity=body.get("severity"),
            confidence=body.get("confidence"),
            active_ms=body.get("active_ms"),
            context=body.get("context"),
            supersedes=self._superseded(body, suggestion),
            external_id=self._identity(request, body),
            decided_at=body.get("decided_at"),
            source=self.reader,
        )
        row = self.decisions().get(pk=found.decision.pk)
        address = self.request.build_absolute_uri(f"{self.request.path.rstrip('/')}/{row.uid}/")
        headers = {"Location": address} | ({} if found.created else REPLAYED)
        return Response(DecisionRow(row).data, status=201, headers=headers)

    def _identity(self, request: Request, body: dict[str, Any]) -> str:
        """The external id, else the key (bound to the token, so that nobody meets another client's)."""
        key = idempotency_key(request)
        if (external_id := body.get("external_id")) is not None:
            return str(external_id)
        if key is None:
            message = "Expected an external_id, or an Idempotency-Key header."
            raise Refused(400, "not_valid", message, [{"field": "external_id", "message": message}])
        return stored_key(bearer_of(request).token, key)

    def _suggestion(self, body: dict[str, Any]) -> Suggestion:
        uid, external_id = body.get("suggestion"), body.get("suggestion_external_id")
        if (uid is None) == (external_id is None):
            message = "Expected exactly one of suggestion and suggestion_external_id."
            raise Refused(400, "not_valid", message, [{"field": "suggestion", "message": message}])
        visible = productions_where(self.actor, Permission.SEE_PRODUCTION)
        rows = Suggestion.objects.select_related("production").filter(production__in=visible)
        if uid is None or body.get("production") is not None:
            rows = rows.filter(production=self.production_of(body.get("production")))
        found = rows.filter(uid=uid).first() if uid is not None else rows.filter(external_id=external_id).first()
        if found is None:
            raise Refused(404, "not_found", NOT_FOUND, [{"field": "suggestion", "message": "No such suggestion."}])
        return found

    def _superseded(self, body: dict[str, Any], suggestion: Suggestion) -> Decision | None:
        uid = body.get("supersedes")
        if uid is None:
            return None
        found = self.decisions().filter(uid=uid, suggestion=suggestion).first()
        if found is None:
            message = "Expected a decision of the same suggestion."
            raise Refused(400, "not_valid", message, [{"field": "supersedes", "message": message}])
        return found


class OneDecision(ScopedDecisions):
    scopes = {"GET": frozenset({DECISIONS_READ})}

    @extend_schema(operation_id="decisions_read", responses=answers({200: DecisionWithText}, 404))
    def get(self, request: Request, uid: str) -> Response:
        """One decision."""
        row = self.decisions().filter(uid=uid).first()
        if row is None:
            raise NotFound
        return Response(self.shown([row])[0])


def _exact(value: Any) -> Any:
    """Fractions as Decimal, which is what the reader of spans expects."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    return value


def _by_ai(body: dict[str, Any], suggestion: Suggestion) -> bool:
    """As in the bulk format: a revision of a model's text counts as edited unless the caller says otherwise."""
    default = suggestion.origin == Suggestion.Origin.MODEL and body.get("revised_content") is not None
    return bool(body.get("revision_by_ai", default))

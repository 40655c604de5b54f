"""May it leave? The gate's answer for a suggestion, a decision or a released row, every rule with its evidence."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from loop.api.auth import bearer_of
from loop.api.base import ApiView
from loop.api.problems import Refused
from loop.api.rows.explain import ExplainRow, answer
from loop.api.schema import answers
from loop.consent.models import Recipient
from loop.consent.terms import PROFILE_PURPOSE
from loop.decision.models import Decision
from loop.export.explain_row import explain_row
from loop.export.models import Export
from loop.gate.explain import explain
from loop.material.models import Production
from loop.people.querysets import actor_for_user, is_permitted, productions_where
from loop.people.roles import EXPORTS_ORDER, EXPORTS_READ, REGISTRY_READ, Permission
from loop.suggestion.models import Suggestion

SUBJECTS = ("suggestion", "decision", "row")


class ExplainQuery(serializers.Serializer[Any]):
    """What is asked about: exactly one of suggestion, decision (a signal), or row with export."""

    suggestion = serializers.UUIDField(required=False)
    decision = serializers.UUIDField(required=False, help_text="The decision that gave the signal.")
    row = serializers.CharField(max_length=64, required=False, help_text="`fb_row_id` of a released row.")
    export = serializers.UUIDField(required=False, help_text="The release of the row.")
    purpose = serializers.CharField(max_length=40, required=False, help_text="Not with a row: it is the release's own.")
    recipient = serializers.CharField(max_length=64, required=False, help_text="Its code. Not with a row.")
    profile = serializers.ChoiceField(choices=sorted(PROFILE_PURPOSE), required=False)
    date = serializers.DateField(required=False, help_text="Default: today in UTC. Not with a row.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = [name for name in SUBJECTS if name in attrs]
        if len(named) != 1:
            raise serializers.ValidationError({"query": ["Expected one of suggestion, decision and row."]})
        if ("row" in attrs) != ("export" in attrs):
            raise serializers.ValidationError({"export": ["Expected beside row, and only there."]})
        for name in ("purpose", "recipient"):
            if ("row" in attrs) == (name in attrs):
                told = "A row has its release's own." if "row" in attrs else "Expected one."
                raise serializers.ValidationError({name: [told]})
        for name in ("date", "profile"):
            if "row" in attrs and name in attrs:
                raise serializers.ValidationError({name: ["A row has its release's own."]})
        return attrs


class Explain(ApiView):
    scopes = {"GET": frozenset({EXPORTS_ORDER, EXPORTS_READ, REGISTRY_READ})}
    parameters = {"GET": ExplainQuery}

    @extend_schema(operation_id="explain", parameters=[ExplainQuery], responses=answers({200: ExplainRow}, 404))
    def get(self, request: Request) -> Response:
        """The gate's answer, every rule with its codes and who can fix it.

        Who is involved and which records decided is told to a token with registry:read whose login reads the registry.
        """
        if "row" in self.query:
            return self._row()
        suggestion, decision = self._subject()
        recipient = Recipient.objects.filter(code=self.query["recipient"]).first()
        if recipient is None:
            message = "There is no recipient of that code."
            raise Refused(400, "not_valid", message, [{"field": "recipient", "message": message}])
        found = explain(
            suggestion=suggestion, purpose=self.query["purpose"], recipient=recipient, decision=decision,
            profile=self.query.get("profile"), on=self.query.get("date"),
        )  # fmt: skip
        reads = self._reads_registry(suggestion.production)
        return Response(
            _head(suggestion, self.query["purpose"], recipient.code, self.query.get("profile"))
            | {"answers": [answer(found, "date", reads_registry=reads)]}
        )

    def _row(self) -> Response:
        visible = productions_where(self.actor, Permission.SEE_PRODUCTION)
        related = Export.objects.select_related("production", "recipient").filter(production__in=visible)
        export = related.filter(uid=self.query["export"]).first()
        if export is None:
            raise NotFound
        found = explain_row(export=export, row_id=self.query["row"])
        reads = self._reads_registry(export.production)
        told = [answer(found.at_publishing, "publishing", reads_registry=reads)] if found.at_publishing else []
        head = _head(found.row.decision.suggestion, export.purpose, export.recipient.code, export.profile)
        return Response(
            head
            | {"export": str(export.uid), "row": found.row.row_id, "dropped": found.dropped or None}
            | {"answers": [*told, answer(found.now, "date", reads_registry=reads)]}
        )

    def _subject(self) -> tuple[Suggestion, Decision | None]:
        """What is asked about, or 404 for the foreign and the missing alike."""
        visible = productions_where(self.actor, Permission.SEE_PRODUCTION)
        if "decision" in self.query:
            decisions = Decision.objects.select_related("suggestion__production", "suggestion__brief")
            decision = decisions.filter(production__in=visible, uid=self.query["decision"]).first()
            if decision is None:
                raise NotFound
            return decision.suggestion, decision
        suggestions = Suggestion.objects.select_related("production", "brief").filter(production__in=visible)
        suggestion = suggestions.filter(uid=self.query["suggestion"]).first()
        if suggestion is None:
            raise NotFound
        return suggestion, None

    def _reads_registry(self, production: Production) -> bool:
        """The scope alone would let a login hand out what it may not read itself."""
        token = bearer_of(self.request).token
        login = actor_for_user(token.created_by)
        return REGISTRY_READ in token.scopes and is_permitted(login, production, Permission.SEE_REGISTRY)


def _head(suggestion: Suggestion, purpose: str, recipient: str, profile: str | None) -> dict[str, Any]:
    return {
        "production": suggestion.production.code, "suggestion": str(suggestion.uid), "purpose": purpose,
        "recipient": recipient, "profile": profile, "export": None, "row": None, "dropped": None,
    }  # fmt: skip

"""Suggestions: bring in one or many, read them back."""

from __future__ import annotations

from typing import Any

import orjson
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from loop.api.auth import bearer_of
from loop.api.base import ApiView, shown
from loop.api.bodies import BulkQuery, BulkReport, ProductionQuery, SuggestionBody
from loop.api.idempotency import REPLAYED
from loop.api.pagination import PageQuery, page
from loop.api.parsers import BulkJSONParser, Lines, LinesParser
from loop.api.problems import Refused
from loop.api.rows.suggestion import SuggestionPage, SuggestionRow, SuggestionWithText, source_of
from loop.api.schema import answers
from loop.intake.ingest import ingest
from loop.intake.report import MAX_SHOWN, IngestReport, LineProblem
from loop.material.models import Production, Stage
from loop.people.querysets import productions_where
from loop.people.roles import SUGGESTIONS_READ, SUGGESTIONS_WRITE, Permission
from loop.suggestion.models import Suggestion

MOST_LINES = 5_000
NOT_VALID = "Some fields are not valid."


class SuggestionQuery(PageQuery):
    """Which suggestions."""

    production = serializers.CharField(max_length=32, required=False)
    external_id = serializers.CharField(max_length=300, required=False)
    group_id = serializers.CharField(max_length=300, required=False)
    stage = serializers.ChoiceField(choices=Stage.choices, required=False)
    kind = serializers.CharField(max_length=64, required=False)
    origin = serializers.ChoiceField(choices=Suggestion.Origin.choices, required=False)
    model = serializers.CharField(max_length=200, required=False)


FILTERS = {
    "external_id": "external_id", "group_id": "brief__external_id", "stage": "stage", "kind": "kind",
    "origin": "origin", "model": "model__label",
}  # fmt: skip


class ScopedSuggestions(ApiView):
    """The suggestions this token may see: those of its productions; texts only of what it brought."""

    def suggestions(self) -> QuerySet[Suggestion]:
        visible = productions_where(self.actor, Permission.SEE_PRODUCTION)
        related = Suggestion.objects.select_related("production", "brief", "model", "parent", "media", "text")
        return related.filter(production__in=visible)

    @property
    def reader(self) -> str:
        return source_of(bearer_of(self.request).token.uid)

    def shown(self, rows: list[Suggestion]) -> list[dict[str, Any]]:
        return shown(SuggestionWithText, rows, reader=self.reader)

    def bring_in(self, lines: list[bytes], production: Production, *, keep_good: bool = False) -> IngestReport:
        """The one verb behind every way in. Decisions that come along need the scope for decisions too.

        Reasons are never registered from here: the taxonomy belongs to people (product.md, "Who may do what").
        """
        return ingest(lines=lines, production=production, actor=self.actor, source=self.reader, keep_good=keep_good)


class Suggestions(ScopedSuggestions):
    scopes = {"GET": frozenset({SUGGESTIONS_READ}), "POST": frozenset({SUGGESTIONS_WRITE})}
    parameters = {"GET": SuggestionQuery, "POST": ProductionQuery}

    @extend_schema(
        operation_id="suggestions_list", parameters=[SuggestionQuery], responses=answers({200: SuggestionPage}, 404)
    )
    def get(self, request: Request) -> Response:
        """Suggestions in the order they were recorded."""
        rows = self.suggestions()
        if (code := self.query.get("production")) is not None:
            rows = rows.filter(production=self.production_of(code))
        rows = rows.filter(**{column: self.query[name] for name, column in FILTERS.items() if name in self.query})
        return Response(page(rows, query=self.query, show=self.shown))

    @extend_schema(
        operation_id="suggestions_create", request=SuggestionBody, parameters=[ProductionQuery],
        responses=answers({201: SuggestionRow}, 404, 409, 413, 415),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Brings in one suggestion, with decisions if it has any. The same again answers the same (`external_id`)."""
        body = request.data
        if not isinstance(body, dict):
            raise serializers.ValidationError({"body": ["Expected a JSON object; many go to /suggestions/bulk/."]})
        unknown = sorted(set(body) - set(SuggestionBody().fields))
        if unknown:
            raise serializers.ValidationError({name[:80]: ["There is no such field."] for name in unknown[:20]})
        code = body.get("production", self.query.get("production"))
        if code is not None and not isinstance(code, str):
            raise serializers.ValidationError({"production": ["Expected text."]})
        production = self.production_of(code)
        line = {name: value for name, value in body.items() if name != "production"}
        report = self.bring_in([orjson.dumps(line)], production)
        refuse_problems(report, with_lines=False)
        row = self.suggestions().get(production=production, external_id=body["external_id"])
        address = self.request.build_absolute_uri(f"{self.request.path.rstrip('/')}/{row.uid}/")
        headers = {"Location": address} | (REPLAYED if not report.suggestions_new else {})
        return Response(SuggestionRow(row).data, status=201, headers=headers)


class SuggestionsBulk(ScopedSuggestions):
    scopes = {"POST": frozenset({SUGGESTIONS_WRITE})}
    parameters = {"POST": BulkQuery}
    parser_classes = [LinesParser, BulkJSONParser]

    @extend_schema(
        operation_id="suggestions_bulk", parameters=[BulkQuery],
        request={"application/x-ndjson": SuggestionBody, "application/json": SuggestionBody(many=True)},
        responses=answers({200: BulkReport}, 404, 409, 413, 415),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Brings in up to 5,000 suggestions with their decisions: all, or none if a line is bad and not `keep_good`."""
        production = self.production_of(self.query.get("production"))
        lines = _lines(request.data)
        report = self.bring_in(lines, production, keep_good=self.query["keep_good"])
        if not self.query["keep_good"]:
            refuse_problems(report, with_lines=True)
        return Response(shown_report(report))


class OneSuggestion(ScopedSuggestions):
    scopes = {"GET": frozenset({SUGGESTIONS_READ})}

    @extend_schema(operation_id="suggestions_read", responses=answers({200: SuggestionWithText}, 404))
    def get(self, request: Request, uid: str) -> Response:
        """One suggestion."""
        row = self.suggestions().filter(uid=uid).first()
        if row is None:
            raise NotFound
        return Response(self.shown([row])[0])


def _lines(data: object) -> list[bytes]:
    if isinstance(data, Lines):
        found = data.data.split(b"\n")
    elif isinstance(data, list):
        found = [orjson.dumps(item) for item in data]
    else:
        raise serializers.ValidationError({"body": ["Expected JSON lines or a JSON array."]})
    if sum(1 for line in found if line.strip()) > MOST_LINES:
        raise serializers.ValidationError({"body": [f"Expected at most {MOST_LINES} lines a call."]})
    return found


def refuse_problems(report: IngestReport, *, with_lines: bool) -> None:
    """Raises Refused if anything was wrong: 409 if all of it contradicts what is recorded, else 400."""
    if report.ok:
        return
    errors = [_shown(problem, with_lines=with_lines) for problem in report.errors[:MAX_SHOWN]]
    if all(problem.problem.contradicts for problem in report.errors):
        raise Refused(409, "conflict", "Something else is recorded under the same external_id.", errors)
    detail = f"{report.bad_lines} of {report.lines} lines are not valid; nothing was kept." if with_lines else NOT_VALID
    raise Refused(400, "not_valid", detail, errors)


def shown_report(report: IngestReport) -> dict[str, Any]:
    """The report of a bulk body: all counted, the first hundred problems listed."""
    return {
        "lines": report.lines,
        "bad_lines": report.bad_lines,
        "suggestions_created": report.suggestions_new,
        "suggestions_known": report.suggestions_known,
        "decisions_created": report.decisions_new,
        "decisions_known": report.decisions_known,
        "problems": [_shown(problem, with_lines=True) for problem in report.errors],
        "warnings": [_shown(problem, with_lines=True) for problem in report.warnings],
    }


def _shown(found: LineProblem, *, with_lines: bool) -> dict[str, Any]:
    problem = found.problem
    shown = {"field": problem.field, "message": f"expected {problem.expected}, found {problem.found}"}
    return {"line": found.line, **shown} if with_lines else shown

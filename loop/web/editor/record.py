"""Everything recorded about one suggestion, for its dossier: a query each, whatever the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import CharField, F, Q, Value

from loop.audit import querysets as log
from loop.decision.models import Decision
from loop.decision.querysets import in_order
from loop.export.models import ExportRow
from loop.material.models import Capacity, MaterialContribution, Production
from loop.suggestion.models import (
    BriefContribution,
    BriefMaterial,
    Suggestion,
    SuggestionContribution,
    SuggestionMaterial,
)
from loop.web.auditor.reading import readable
from loop.web.desk import Desk

KIN: Final = 24  # siblings and children shown
EVENTS: Final = 60

_KIN = """
    WITH RECURSIVE line AS (
        SELECT id, uid, external_id, kind, model_id, parent_id, 0 AS step FROM loop_suggestion WHERE id = %(id)s
        UNION ALL
        SELECT s.id, s.uid, s.external_id, s.kind, s.model_id, s.parent_id, line.step + 1
        FROM loop_suggestion s JOIN line ON s.id = line.parent_id WHERE line.step < 30
    ),
    kin AS (
        SELECT 'ancestor' AS tag, id, uid, external_id, kind, model_id, step FROM line WHERE step > 0
        UNION ALL
        (SELECT 'child', id, uid, external_id, kind, model_id, 0 FROM loop_suggestion
         WHERE parent_id = %(id)s ORDER BY id LIMIT %(limit)s)
        UNION ALL
        (SELECT 'sibling', id, uid, external_id, kind, model_id, 0 FROM loop_suggestion
         WHERE brief_id = %(brief)s ORDER BY id LIMIT %(limit)s)
    )
    SELECT kin.tag, kin.uid, kin.external_id, kin.kind, coalesce(m.label, '')
    FROM kin LEFT JOIN loop_model_version m ON m.id = kin.model_id
    ORDER BY kin.step DESC, kin.id
"""


@dataclass(frozen=True, slots=True)
class Kin:
    """A suggestion that this one came from, led to, or stands beside."""

    uid: UUID
    external_id: str
    kind: str
    model: str


def kin_of(suggestion: Suggestion) -> dict[str, list[Kin]]:
    """{"ancestor": oldest first, "child", "sibling": itself included}. One query."""
    found: dict[str, list[Kin]] = {"ancestor": [], "child": [], "sibling": []}
    with connection.cursor() as cursor:
        cursor.execute(_KIN, {"id": suggestion.pk, "brief": suggestion.brief_id, "limit": KIN})
        for tag, *row in cursor.fetchall():
            found[tag].append(Kin(*row))
    return found


def decisions_on(suggestion: Suggestion) -> list[Decision]:
    """Every decision, dead ones too, in the order that counts, with people, texts and spans. Two queries."""
    found = Decision.objects.filter(suggestion=suggestion).prefetch_related("spans")
    return list(in_order(found.select_related("decided_by", "on_behalf_of", "text", "supersedes", "superseded_by")))


def carried_by(suggestion: Suggestion) -> list[dict[str, Any]]:
    """Materials and contributors of the suggestion and of its brief, each with where it comes in. One query.

    Rows of {tag: material | suggestion | brief | of_material, name, detail, capacity}; a capacity of "" is unknown.
    """
    text = CharField()
    columns = ("tag", "name", "detail", "capacity")

    def tagged(found: Any, tag: str, *, name: str, detail: str | None, capacity: str | None) -> Any:
        nothing = Value("", output_field=text)
        return (
            found.order_by()
            .annotate(
                tag=Value(tag, output_field=text),
                name=F(name),
                detail=F(detail) if detail else nothing,
                known=F(capacity) if capacity else nothing,
            )
            .values_list("tag", "name", "detail", "known")
        )

    of_suggestion = Q(suggestion=suggestion)
    of_brief = Q(brief=suggestion.brief_id)
    linked = SuggestionMaterial.objects.filter(of_suggestion)
    asked = BriefMaterial.objects.filter(of_brief)
    materials = Q(material__suggestion_links__suggestion=suggestion) | Q(
        material__brief_links__brief=suggestion.brief_id
    )
    who = "contributor__external_id"
    called = "contributor__name"
    parts = [
        tagged(linked, "material", name="material__external_id", detail="material__title", capacity="material__kind"),
        tagged(asked, "asked", name="material__external_id", detail="material__title", capacity="material__kind"),
        tagged(
            SuggestionContribution.objects.filter(of_suggestion),
            "suggestion",
            name=who,
            detail=called,
            capacity="capacity",
        ),
        tagged(BriefContribution.objects.filter(of_brief), "brief", name=who, detail=called, capacity="capacity"),
        tagged(
            MaterialContribution.objects.filter(materials).distinct(),
            "of_material",
            name=who,
            detail=called,
            capacity="capacity",
        ),
    ]
    rows = parts[0].union(*parts[1:])
    return [dict(zip(columns, row, strict=True)) for row in sorted(rows)]


def capacity_words(capacity: str) -> str:
    """author_of_source -> Author of the source; an unknown one is said, because it denies."""
    return str(Capacity(capacity).label) if capacity in Capacity.values else "Capacity unknown"


def exports_of(decisions: list[Decision]) -> list[dict[str, Any]]:
    """The releases that carry a row made of these decisions, newest first. One query."""
    ids = [each.pk for each in decisions]
    rows: Any = (
        ExportRow.objects.filter(Q(decision__in=ids) | Q(other_decision__in=ids))
        .filter(dropped__isnull=True)
        .order_by()
        .values(
            number=F("export__number"),
            uid=F("export__uid"),
            state=F("export__state"),
            profile=F("export__profile"),
            purpose=F("export__purpose"),
            recipient=F("export__recipient__name"),
            published_at=F("export__published_at"),
        )
        .distinct()
    )
    return sorted(rows, key=lambda row: int(row["number"]), reverse=True)


def events_of(desk: Desk, production: Production, objects: list[UUID]) -> list[dict[str, Any]]:
    """What the log says of these objects, as far as this login reads the trail; newest first. One query."""
    try:
        visible = readable(desk, production)
    except PermissionDenied:
        return []
    found = log.trail(log.TrailFilter(production_id=production.pk), visible=visible).filter(object_uid__in=objects)
    return [
        {
            "uid": event.uid,
            "type": event.type,
            "sentence": log.describe(event),
            "at": event.at,
            "index": log.log_index(event),
            "leaf": bytes(event.leaf_hash).hex(),
        }
        for event in found[:EVENTS]
    ]

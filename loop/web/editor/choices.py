"""What the filters of the queue offer: what occurs in the production."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import CharField, Exists, F, OuterRef, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce, NullIf

from loop.material.models import Production, Scene, Stage
from loop.queue.assign import judges_of
from loop.suggestion.models import Brief, ModelVersion, Suggestion
from loop.web.editor.wanted import NOBODY, Wanted, kind_words

MOST: Final = 2_000


def choices_of(production: Production, filters: Wanted, *, hides_model: bool) -> dict[str, Any]:
    """{fields: the selects of the filter row, people: whom one may assign to}. One query.

    Scenes are those that briefs name; a scene that only came with a text can be asked for in the address.
    """
    found: dict[str, list[tuple[str, str]]] = {"suggestion": [], "scene": [], "person": [], "model": []}
    for what, first, second in _rows(production):
        found[what].append((first, second))
    order = {stage: place for place, stage in enumerate(Stage.values)}
    stages = sorted({stage for stage, _ in found["suggestion"] if stage}, key=lambda one: order.get(one, len(order)))
    people = sorted(found["person"], key=lambda one: one[1].casefold())
    scenes = [number for number, _ in sorted(found["scene"], key=lambda one: (one[1], one[0]))]
    if filters.scene and filters.scene not in scenes:
        scenes.append(filters.scene)
    offered = {
        "stage": ("Stage", [(each, Stage(each).label.lower()) for each in stages]),
        "kind": ("Kind", [(each, kind_words(each)) for each in sorted({kind for _, kind in found["suggestion"]})]),
        "model": ("Model", [(each, each) for each in sorted(model for model, _ in found["model"])]),
        "scene": ("Scene", [(each, each) for each in scenes]),
        "person": ("Assigned to", [(NOBODY, "nobody"), *people]),
    }
    if hides_model:
        del offered["model"]
    return {
        "fields": [
            {"name": name, "label": label, "value": getattr(filters, name), "choices": choices}
            for name, (label, choices) in offered.items()
            if choices
        ],
        "people": people,
    }


def _rows(production: Production) -> list[tuple[str, str, str]]:
    """(what it is, and two texts of it), in one query of four parts."""
    in_use = Brief.objects.filter(scene=OuterRef("pk"))
    scenes = Scene.objects.filter(Exists(in_use), production=production)
    known_as = Coalesce(NullIf("name", Value("")), F("external_id"))
    of_production = Suggestion.objects.filter(production=production)
    kinds = _texts(of_production, "suggestion", "stage", "kind")
    models = ModelVersion.objects.filter(Exists(of_production.filter(model=OuterRef("pk"))))
    found = kinds.distinct()[:MOST].union(
        _texts(scenes, "scene", "number", "sort_key"),
        _texts(judges_of(production), "person", "uid", known_as),
        _texts(models, "model", "label"),
        all=True,
    )
    return [(what, one, two or "") for what, one, two in found]


def _texts(found: QuerySet[Any], what: str, *columns: str | Coalesce) -> QuerySet[Any, Any]:
    two = [*columns, Value("")][:2]
    named = {f"text_{place}": Cast(column, TextField()) for place, column in enumerate(two)}
    told: QuerySet[Any, Any] = found.order_by().annotate(what=Value(what, output_field=CharField()), **named)
    return told.values_list("what", *named)

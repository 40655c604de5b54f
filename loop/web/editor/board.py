"""The pictures beside a picture: the storyboard panel before and the one after."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import CharField, FilteredRelation, Q, QuerySet, Value

from loop.material.models import Production
from loop.media.models import Rendition
from loop.media.rules import THUMB
from loop.suggestion.models import Suggestion
from loop.web.editor.media import rendition_url
from loop.web.editor.rows import address, short_name
from loop.web.editor.wanted import Wanted

_COLUMNS = ("uid", "external_id", "media__uid", "made__fence", "made__stored_name", "side")


def beside(production: Production, suggestion: Suggestion, filters: Wanted) -> list[dict[str, Any]]:
    """[before, after] of the same kind, in the order in which they were asked for; the first answer to each that has a
    thumbnail. What does not exist is left out. One query.
    """
    thumb = FilteredRelation("media__renditions", condition=Q(media__renditions__kind=THUMB))
    found = Suggestion.objects.filter(production=production, kind=suggestion.kind).annotate(made=thumb)
    found = found.filter(made__stored_name__gt="")
    before = found.filter(brief__lt=suggestion.brief_id).order_by("-brief_id", "pk")
    after = found.filter(brief__gt=suggestion.brief_id).order_by("brief_id", "pk")
    rows = _on(before, "before").union(_on(after, "after"), all=True)
    panels = {
        row["side"]: {
            "side": row["side"],
            "name": short_name(row["external_id"]),
            "url": address(production, filters, row["uid"]),
            "uid": row["uid"],
            "thumb": rendition_url(
                production,
                row["media__uid"],
                Rendition(kind=THUMB, fence=row["made__fence"], stored_name=row["made__stored_name"]),
            ),
        }
        for row in rows
    }
    return [panels[side] for side in ("before", "after") if side in panels]


def _on(found: QuerySet[Suggestion], side: str) -> QuerySet[Suggestion, dict[str, Any]]:
    told = found.annotate(side=Value(side, output_field=CharField())).values(*_COLUMNS)[:1]
    return cast("QuerySet[Suggestion, dict[str, Any]]", told)

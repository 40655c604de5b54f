"""Named reads of models and of their suppliers' terms."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from loop.material.models import Production
from loop.suggestion.models import ModelTerms, ModelVersion, Suggestion


def models_with_terms(production: Production) -> QuerySet[ModelVersion]:
    """The models that suggested something on the production, by label; `terms.all()` begins with the newest."""
    used = Suggestion.objects.filter(model=OuterRef("pk"), production=production)
    newest_first = ModelTerms.objects.select_related("evidence").order_by("-id")
    return ModelVersion.objects.filter(Exists(used)).prefetch_related(Prefetch("terms", newest_first)).order_by("label")

"""Recipes under a name: the parameters of an order, kept so that it can be placed again as it was."""

from collections.abc import Mapping
from typing import Any

from loop.export import recipe as recipes
from loop.export.models import SavedRecipe
from loop.export.splits import said
from loop.kernel.errors import NotFoundError
from loop.material.models import Production


def saved_recipe(production: Production, name: str, version: int | None = None) -> SavedRecipe:
    """That version of it, the newest by default. Raises NotFoundError."""
    own = SavedRecipe.objects.select_related("recipient", "production").filter(production=production, name=name)
    found = (own if version is None else own.filter(version=version)).order_by("version").last()
    if found is None:
        what = f"recipe {name!r}" if version is None else f"version {version} of recipe {name!r}"
        raise NotFoundError(f"{production.code} has no {what}")
    return found


def arguments_of(recipe: SavedRecipe) -> Mapping[str, Any]:
    """The arguments of `order` and `preview` that the recipe fixes."""
    stored = recipes.read(recipe.recipe)
    return {
        "production": recipe.production, "profile": recipe.profile, "purpose": recipe.purpose,
        "recipient": recipe.recipient, "labels": stored.labels, "filters": stored.filters, "form": stored.form,
        "formats": stored.formats, "splits": said(stored.splits), "split_seed": stored.split_seed,
    }  # fmt: skip

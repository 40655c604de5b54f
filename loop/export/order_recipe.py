"""Somebody of the data team orders by a saved recipe."""

from typing import Any

from loop.export.models import Export, SavedRecipe
from loop.export.order import order
from loop.export.saved import arguments_of
from loop.kernel.actor import Actor
from loop.kernel.errors import ConflictError


class RetiredError(ConflictError):
    """The recipe was retired: it stays as a record, and orders nothing."""

    code = "retired"


def order_recipe(*, recipe: SavedRecipe, actor: Actor, **more: Any) -> Export:
    """Orders what it says (`more`: checkpoint, gate_date, second, idempotency_key of order.py) and says whence it came.

    The bytes are those of the same order without a name. Raises RetiredError, and whatever `order` raises.
    """
    if recipe.retired_at is not None:
        raise RetiredError(f"recipe {recipe.name!r} was retired; save it again to order it", name=recipe.name)
    return order(**arguments_of(recipe), actor=actor, saved=recipe, **more)

"""Somebody of the data team ends a recipe."""

from django.db import transaction

from loop.audit.record import record
from loop.export.models import SavedRecipe
from loop.export.saved import saved_recipe
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.material.models import Production
from loop.people.querysets import require
from loop.people.roles import Permission


def retire_recipe(*, production: Production, name: str, actor: Actor) -> SavedRecipe:
    """No version of it is ordered any more; all stay readable. Retired again it answers the same. Durable."""
    at = now()
    require(actor, production, Permission.ORDER_EXPORT)
    with transaction.atomic(durable=True):
        found = saved_recipe(production, name)
        if found.retired_at is None:
            SavedRecipe.objects.filter(production=production, name=name, retired_at=None).update(retired_at=at)
            found.retired_at = at
            record(
                event="recipe.retired", actor=actor, obj_table="loop_saved_recipe", obj_uid=found.uid,
                production_id=production.pk, at=at, facts={"name": name, "version": str(found.version)},
            )  # fmt: skip
    return found

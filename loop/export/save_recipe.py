"""Somebody of the data team keeps an order under a name."""

from typing import Any

from django.db import transaction
from django.db.models import Max

from loop.audit.record import record
from loop.consent.models import Recipient
from loop.export import recipe as recipes
from loop.export.beside import check_formats
from loop.export.filters import check_filters
from loop.export.models import Profile, SavedRecipe
from loop.export.order import check_question
from loop.kernel.actor import Actor
from loop.kernel.clock import now, utc_date
from loop.kernel.errors import NotValidError
from loop.material.models import Production
from loop.people.querysets import require
from loop.people.roles import Permission

LONGEST_NAME = 60


def save_recipe(
    *, production: Production, name: str, profile: str, purpose: str, recipient: Recipient, actor: Actor,
    **parameters: Any,
) -> SavedRecipe:  # fmt: skip
    """Keeps the parameters of an order (order.py) under `name`, as the next version; earlier versions stay as they are.

    Refused as the order would be today, so that what is kept can be ordered; and for a name that is empty or too long.
    Equal to the newest version, it answers with that one. Durable.
    """
    at = now()
    require(actor, production, Permission.ORDER_EXPORT)
    if not name.strip() or name != name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise NotValidError(
            f"name: expected 1 to {LONGEST_NAME} printable characters without spaces around, found {name[:80]!r}",
            field="name",
        )
    if profile not in Profile.values:
        raise NotValidError(f"profile: expected {' or '.join(Profile.values)}, found {profile!r}", field="profile")
    recipe = recipes.write(profile=profile, **parameters)
    check_filters(production, recipe)
    check_formats(profile, recipe.formats)
    check_question(production, profile=profile, purpose=purpose, recipient=recipient, on=utc_date(at), at=at)
    with transaction.atomic(durable=True):
        Production.objects.select_for_update(no_key=True).get(pk=production.pk)  # versions take turns
        own = SavedRecipe.objects.filter(production=production, name=name)
        newest = own.order_by("version").last()
        wanted = (profile, purpose, recipient.pk, recipe.stored())
        if newest is not None and newest.retired_at is None and newest.said == wanted:
            return newest
        found = SavedRecipe.objects.create(
            production=production, name=name, version=(own.aggregate(last=Max("version"))["last"] or 0) + 1,
            profile=profile, purpose=purpose, recipient=recipient, recipe=recipe.stored(), saved_by_id=actor.user_id,
            saved_at=at,
        )  # fmt: skip
        record(
            event="recipe.saved", actor=actor, obj_table="loop_saved_recipe", obj_uid=found.uid,
            production_id=production.pk, at=at, facts={"name": name, "version": str(found.version)},
        )  # fmt: skip
    return found

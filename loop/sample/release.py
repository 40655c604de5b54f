"""The release that the demo orders: what of the sample may leave, and the one that is there already."""

from loop.audit.querysets import cutoff_for_export
from loop.audit.seal import seal_all
from loop.consent.models import Recipient
from loop.export import places, recipe
from loop.export.models import Export, Profile
from loop.export.order import order
from loop.export.rules import AWAITING, PUBLISHED, UNFINISHED
from loop.kernel.actor import Actor
from loop.kernel.clock import now, utc_date
from loop.material.models import Production

PURPOSE = "ai_generative_training"
RECIPIENT = "night-ferry-research"
PROFILE = Profile.PREFERENCE


def order_release(*, production: Production, actor: Actor) -> tuple[Export, bool]:
    """The release of all preference pairs that may leave today, and whether it was ordered now.

    A release of the same order (recipe, cut-off, date) that is published and still on the disk, or on its way, is
    answered with instead of a second one. Durable. Raises what `order` raises.
    """
    on = utc_date(now())
    recipient = Recipient.objects.get(code=RECIPIENT)
    seal_all()
    digest = recipe.order_digest(
        recipe.write(),
        production=production.uid,
        profile=PROFILE,
        purpose=PURPOSE,
        recipient=RECIPIENT,
        checkpoint_size=cutoff_for_export().size,
        gate_date=on,
    )
    there = [PUBLISHED, AWAITING, *UNFINISHED]
    alike = Export.objects.filter(production=production, order_digest=digest, state__in=there)
    for export in alike.order_by("-number"):
        if export.state != PUBLISHED or (places.root() / export.folder).is_dir():
            return export, False
    made = order(
        production=production, profile=PROFILE, purpose=PURPOSE, recipient=recipient, actor=actor, gate_date=on
    )
    return made, True

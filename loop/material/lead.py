"""Naming the person whose judgement leads."""

from datetime import datetime

from django.db import transaction

from loop.audit.record import record
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import NotValidError
from loop.material.models import Production
from loop.people.models import Contributor, Credit
from loop.people.querysets import require
from loop.people.roles import Permission


def set_lead(*, production: Production, contributor: Contributor, actor: Actor, at: datetime | None = None) -> None:
    """Makes `contributor` the production's lead, whose labels count under the policy `lead_wins`.

    Does nothing if that is so already. Raises NotValidError for somebody without a credit on the production,
    NotAllowedError. Joins the caller's transaction or opens one.
    """
    require(actor, production, Permission.MANAGE_PEOPLE)
    if not Credit.objects.filter(production=production, contributor=contributor).exists():
        raise NotValidError(
            f"lead: expected somebody credited on {production.code}, found {contributor.external_id!r}", field="lead"
        )
    with transaction.atomic():
        changed = Production.objects.filter(pk=production.pk).exclude(lead=contributor).update(lead=contributor)
        if changed:
            record(
                event="production.changed",
                actor=actor,
                obj_table="loop_production",
                obj_uid=production.uid,
                production_id=production.pk,
                at=at or now(),
                facts={"lead": str(contributor.uid)},
            )
    production.lead = contributor

"""Closing a contributor's own door."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from loop.audit.record import record
from loop.consent.models import ContributorLink
from loop.consent.permission import require_authorise
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import NotAllowedError


def close_link(*, link: ContributorLink, actor: Actor, at: datetime | None = None) -> ContributorLink:
    """Ends the link from its next use on. Done twice it changes and records nothing.

    Allowed: a consent officer of the production, and the contributor who came by this very link.
    """
    own = actor.party_id is not None and actor.pid == f"link:{link.uid}"
    if not own:
        require_authorise(actor, link.production, [link.contributor])
        if actor.party_id is not None:
            raise NotAllowedError("A link closes itself only.")
    moment = at or now()
    with transaction.atomic(durable=True):
        if ContributorLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=moment):
            link.revoked_at = moment
            record(
                event="contributor.link_closed", actor=actor, obj_table="loop_contributor_link", obj_uid=link.uid,
                production_id=link.production_id, at=moment, facts={"contributor": str(link.contributor.uid)},
            )  # fmt: skip
    return link

"""Having the failed renditions of a file made again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from loop.audit.record import record
from loop.kernel.actor import Actor
from loop.material.models import Media
from loop.media.models import Rendition
from loop.people.querysets import require
from loop.people.roles import Permission


def retry(*, media: Media, actor: Actor, at: datetime) -> int:
    """Puts every failed rendition of `media` back into the queue with all its attempts; how many there were.

    Nothing failed changes nothing. Raises NotAllowedError, NotFoundError.
    """
    require(actor, media.production, Permission.BRING_IN)
    with transaction.atomic(durable=True):
        failed = Rendition.objects.select_for_update().filter(media=media, state=Rendition.State.FAILED)
        kinds = list(failed.order_by("id").values_list("kind", flat=True))
        if kinds:
            Rendition.objects.filter(media=media, state=Rendition.State.FAILED).update(
                state=Rendition.State.WAITING, attempts=0, progress=0, problem="", finished_at=None
            )
            record(
                event="media.retried", actor=actor, obj_table="loop_media", obj_uid=media.uid,
                production_id=media.production_id, at=at, facts={"kinds": ", ".join(kinds)},
            )  # fmt: skip
    return len(kinds)

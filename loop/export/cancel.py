"""Somebody does not want the release any more."""

from django.db import transaction

from loop.audit.record import record
from loop.export import places
from loop.export.models import Export
from loop.export.rules import CANCELLED, may_become
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError
from loop.people.querysets import require
from loop.people.roles import Permission


class NotUnfinishedError(ConflictError):
    """A release that has ended cannot be cancelled: what was published is recalled, never undone."""

    code = "not_unfinished"


def cancel(*, export: Export, actor: Actor) -> Export:
    """Ends an unfinished release. Workers that are at it notice when their result finds no state to change.

    Cancelling twice changes nothing. Durable. Raises NotAllowedError, NotUnfinishedError.
    """
    require(actor, export.production, Permission.ORDER_EXPORT)
    with transaction.atomic(durable=True):
        row = Export.objects.select_for_update(of=("self",)).select_related("production").get(pk=export.pk)
        if row.state == CANCELLED:
            return row
        if not may_become(row.state, CANCELLED):
            raise NotUnfinishedError(f"expected an unfinished release, found a {row.state} one", state=row.state)
        row.state = CANCELLED
        row.lease_token = row.lease_until = None
        row.save(update_fields=["state", "lease_token", "lease_until"])
        record(
            event="export.cancelled",
            actor=actor,
            obj_table="loop_export",
            obj_uid=row.uid,
            production_id=row.production_id,
            at=now(),
            facts={},
        )
    places.remove_shards(row)
    return row

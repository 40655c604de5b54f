"""A person looked at why a release failed, and lets it go on."""

from django.db import transaction

from loop.audit.record import record
from loop.export.approval import request_of
from loop.export.models import Export, ExportShard
from loop.export.rules import FAILED, FROZEN, ORDERED
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError
from loop.people.querysets import require
from loop.people.roles import Permission


class NotFailedError(ConflictError):
    """Only a failed release is retried."""

    code = "not_failed"


class RefusedReleaseError(ConflictError):
    """Somebody refused to let it leave the studio; a new order asks again."""

    code = "refused_release"


def retry(*, export: Export, actor: Actor) -> Export:
    """Failed -> frozen, or -> ordered if membership was never frozen. Finished shards stay, attempts count anew.

    Membership is not chosen again: what has changed since is found by the last check before publishing. The door sends
    the message on commit. Durable. Raises NotAllowedError, NotFailedError, RefusedReleaseError.
    """
    require(actor, export.production, Permission.ORDER_EXPORT)
    with transaction.atomic(durable=True):
        row = Export.objects.select_for_update(of=("self",)).select_related("production").get(pk=export.pk)
        if row.state != FAILED:
            raise NotFailedError(f"expected a failed release, found a {row.state} one", state=row.state)
        asked = request_of(row)
        if asked is not None and hasattr(asked, "decision") and not asked.decision.approved:
            raise RefusedReleaseError("expected a release that may be approved, found one that was refused; order anew")
        row.state = FROZEN if row.frozen_at else ORDERED
        row.attempts = 0
        row.failure = ""
        row.lease_token = row.lease_until = None
        row.save(update_fields=["state", "attempts", "failure", "lease_token", "lease_until"])
        ExportShard.objects.filter(export=row).exclude(state=ExportShard.State.DONE).update(
            state=ExportShard.State.PENDING, attempts=0, failure="", lease_token=None, lease_until=None
        )
        record(
            event="export.ordered",
            actor=actor,
            obj_table="loop_export",
            obj_uid=row.uid,
            production_id=row.production_id,
            at=now(),
            facts={"profile": row.profile, "purpose": row.purpose, "retry": True},
        )
    return row

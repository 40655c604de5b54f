"""All Celery messages: an id in, one verb called. The rows are the truth, so each may be lost or delivered twice."""

from uuid import UUID

import structlog
from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from loop.audit.seal import seal_all
from loop.export import advance as advancing
from loop.export import heartbeat as heart
from loop.export import sweep as sweeping
from loop.export.models import Export

log = structlog.get_logger(__name__)


@shared_task(name="loop.tasks.advance_export")  # type: ignore[untyped-decorator]
def advance_export(export_uid: str) -> None:
    """The next step of a release; sends on what should be looked at next."""
    heart.beat("worker export")
    export_id = Export.objects.values_list("id", flat=True).filter(uid=UUID(export_uid)).first()
    if export_id is None:  # ordered in a transaction that was rolled back, or a message from another database
        return
    step = advancing.advance(export_id)
    for _ in range(step.messages):
        send(export_uid)


@shared_task(name="loop.tasks.seal_log")  # type: ignore[untyped-decorator]
def seal_log() -> None:
    """Gives committed events their place in the log and signs it."""
    seal_all()


@shared_task(name="loop.tasks.sweep")  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Sends on every release that waits for a message which was lost."""
    for uid in Export.objects.filter(id__in=sweeping.sweep()).order_by("id").values_list("uid", flat=True):
        send(str(uid))


@shared_task(name="loop.tasks.heartbeat")  # type: ignore[untyped-decorator]
def heartbeat() -> None:
    """A worker shows that it is alive."""
    heart.beat("worker control")


def send(export_uid: str) -> bool:
    """Sends the message for a release. False if the broker is down: the sweep or `run_worker` finds the row anyway."""
    try:
        advance_export.delay(export_uid)
    except OperationalError as error:
        log.warning("broker_down", export=export_uid, error=type(error).__name__)
        return False
    return True


def nudge(export: Export) -> None:
    """For doors: sends the message once the order is committed (at once outside a transaction)."""
    uid = str(export.uid)
    transaction.on_commit(lambda: send(uid))

"""All Celery messages: an id in, one verb called. The rows are the truth, so each may be lost or delivered twice."""

import time
from uuid import UUID

import structlog
from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from loop.audit.seal import seal_all
from loop.decision.sweep_drafts import sweep_drafts
from loop.export import advance as advancing
from loop.export import heartbeat as heart
from loop.export import sweep as sweeping
from loop.export.models import Export
from loop.intake.reread import reread
from loop.media import sweep as media_sweep
from loop.media.render import RENDER_S, render_next
from loop.media.tidy import tidy
from loop.recall.expire import expire
from loop.screening.querysets import runs_under_way

MOST_RENDERERS = 4
MESSAGE_S = 15
SCREEN_S = 8  # of the sweep's 15: whatever waits for the same worker gets its turn

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
    """Sends on every release, and the makers of media, that wait for a message which was lost."""
    for uid in Export.objects.filter(id__in=sweeping.sweep()).order_by("id").values_list("uid", flat=True):
        send(str(uid))
    for run_id in runs_under_way():
        screen_recorded.apply_async(args=[run_id], expires=MESSAGE_S)
    for _ in range(min(media_sweep.sweep(), MOST_RENDERERS)):
        send_media()


# Acknowledged at once and with limits of its own: a film takes longer than a message may stay unacknowledged, and what
# a killed worker had in hand is found by the lease in its row.
@shared_task(  # type: ignore[untyped-decorator]
    name="loop.tasks.render_media", acks_late=False, soft_time_limit=RENDER_S + 60, time_limit=RENDER_S + 120
)
def render_media() -> None:
    """Makes one rendition, whichever is next, and has the next one looked for."""
    heart.beat("worker media")
    if render_next(lambda: heart.beat("worker media")) is not None:
        send_media()


@shared_task(name="loop.tasks.screen_recorded")  # type: ignore[untyped-decorator]
def screen_recorded(run_id: int) -> None:
    """A few seconds of a screening that somebody asked for; the next sweep sends on what is left."""
    heart.beat("worker export")
    until = time.monotonic() + SCREEN_S
    while time.monotonic() < until and reread(run_id) is not None:
        pass


@shared_task(name="loop.tasks.tidy_media")  # type: ignore[untyped-decorator]
def tidy_media() -> None:
    """Removes what killed workers and broken uploads left behind."""
    tidy()


@shared_task(name="loop.tasks.forget_drafts")  # type: ignore[untyped-decorator]
def forget_drafts() -> None:
    """Removes drafts that nobody came back for."""
    sweep_drafts()


@shared_task(name="loop.tasks.expire_authorisations")  # type: ignore[untyped-decorator]
def expire_authorisations() -> None:
    """Recalls what left under authorisations that have ended and asked for copies to be deleted."""
    expire()


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


def send_media() -> bool:
    """Sends a worker to what waits. The message is worthless once the next sweep sends another, so it expires then."""
    try:
        render_media.apply_async(expires=MESSAGE_S)
    except OperationalError as error:
        log.warning("broker_down", task="render_media", error=type(error).__name__)
        return False
    return True


def nudge_media() -> None:
    """For doors: has what was stored made once that is committed (at once outside a transaction)."""
    transaction.on_commit(send_media)


def nudge(export: Export) -> None:
    """For doors: sends the message once the order is committed (at once outside a transaction)."""
    uid = str(export.uid)
    transaction.on_commit(lambda: send(uid))

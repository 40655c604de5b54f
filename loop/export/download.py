"""Somebody takes a file of a release. Nothing leaves unrecorded."""

from django.db import transaction

from loop.audit.record import record
from loop.export.files import path_of
from loop.export.models import Download, Export, ExportRow
from loop.kernel.actor import Actor
from loop.kernel.clock import now, utc_date
from loop.kernel.errors import ConflictError
from loop.kernel.ids import uuid7
from loop.people.querysets import require
from loop.people.roles import Permission


class RecalledError(ConflictError):
    """A withdrawal or the end of an authorisation has reached the release: it no longer leaves the house."""

    code = "recalled"


def download(*, export: Export, file: str, actor: Actor) -> Download:
    """Records that `actor` takes `file`, and returns the entry; the door then hands out the bytes.

    1. Needs the permission to download on the production.
    2. Refuses a release that is not published, that a recall notice names, or with a row whose authorisations ended.
    3. The ledger entry and its audit event are one transaction.

    Durable: call it outside any transaction. Raises NotFoundError, NotAllowedError, NotPublishedError, RecalledError.
    """
    require(actor, export.production, Permission.DOWNLOAD_EXPORT)
    path_of(export, file)
    refuse_recalled(export)
    at = now()
    uid = uuid7()
    with transaction.atomic(durable=True):
        event = record(
            event="export.downloaded", actor=actor, obj_table="loop_download", obj_uid=uid,
            production_id=export.production_id, at=at, facts={"file": file, "export": str(export.uid)},
        )  # fmt: skip
        return Download.objects.create(uid=uid, export=export, actor_pid=actor.pid, file=file, event=event, at=at)


def refuse_recalled(export: Export) -> None:
    """Raises RecalledError if the release may no longer be handed out. Two queries."""
    if export.recalls.exists():
        raise RecalledError(
            "expected a release without a recall, found a recall notice; take the release that replaces it"
        )
    ended = ExportRow.objects.filter(export=export, dropped__isnull=True, expires_on__lt=utc_date(now()))
    if ended.exists():
        raise RecalledError(
            "expected authorisations in force, found rows whose authorisation has ended; order it again"
        )

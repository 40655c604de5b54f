"""Tells the worker that there is something to do. A lost message costs time, never work: the sweep finds the row."""

import logging
from uuid import UUID

from kombu.exceptions import OperationalError

from loop.tasks import advance_export

log = logging.getLogger("circled.api")


def nudge_export(uid: UUID) -> None:
    """Sends the message for the export; without a broker it only says so in the log."""
    try:
        advance_export.delay(str(uid))
    except OperationalError as error:
        log.warning("api_nudge_lost", exc_info=error)

"""Giving a file to every suggestion and material of a production that names its digest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from loop.kernel.actor import Actor
from loop.kernel.errors import NotFoundError
from loop.material.models import Media, Production
from loop.media.places import path_of
from loop.media.store import store
from loop.people.querysets import require
from loop.people.roles import Permission


def attach(
    *,
    production: Production,
    sha256: str,
    source: BinaryIO | Path,
    actor: Actor,
    at: datetime,
    progress: Callable[[int], None] | None = None,
) -> list[Media]:
    """Stores the bytes of `source` for all rows of the production with that digest; the rows, those that had them too.

    Raises NotFoundError if no row names it, and what `store` raises: nothing half-written stays.
    """
    require(actor, production, Permission.BRING_IN)
    rows = list(Media.objects.select_related("production").filter(production=production, sha256=sha256).order_by("id"))
    if not rows:
        raise NotFoundError("expected a file that the production names by its SHA-256, found no such")
    for number, row in enumerate(rows):
        given = path_of(rows[0].stored_name) if number else source  # a stream is read once
        store(media=row, source=given, actor=actor, at=at, progress=None if number else progress)
    return rows

"""Bringing in the bytes of a media file that is known by its digest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.db import transaction

from loop.audit.record import record
from loop.kernel.actor import Actor
from loop.kernel.errors import NotValidError
from loop.material.models import Media
from loop.media.models import MediaFacts, Rendition
from loop.media.places import Draft, name_of, received, settle
from loop.media.probe import Probe, probe
from loop.media.rules import OTHER, VERSION, must_be_media, wanted
from loop.people.querysets import require
from loop.people.roles import Permission


def store(
    *,
    media: Media,
    source: BinaryIO | Path,
    actor: Actor,
    at: datetime,
    progress: Callable[[int], None] | None = None,
) -> Media:
    """Keeps the bytes of `media` and finds out what they are. Renders nothing; joins or opens a transaction.

    1. The bytes are received to the end and digested. Another digest than `media.sha256` is refused.
    2. They are probed. What came as a video, picture or sound and is none is refused; any other file is kept unseen.
    3. They get their name, readable by the owner only; then the row, its facts, the renditions that wait to be made
       and the event are written together. A file that a rolled back transaction leaves has nobody's name and harms
       nobody: its name is its content.

    The same bytes again change nothing. Bytes that another row or production has are stored once.
    Raises NotValidError (field "sha256", "file"), NotAllowedError, NotFoundError, OSError.
    """
    require(actor, media.production, Permission.BRING_IN)
    with received(source, progress=progress) as draft:
        if draft.sha256 != media.sha256:
            raise NotValidError(
                f"sha256: expected a file with the SHA-256 {media.sha256}, found {draft.sha256}"
                f" ({draft.size_bytes:,} bytes)",
                field="sha256", expected=media.sha256, found=draft.sha256,
            )  # fmt: skip
        found = _probed(draft, media.mime)
        settle(draft.path, name_of(draft.sha256))
        return _write(media, draft, found, actor, at)


def _probed(draft: Draft, mime: str) -> Probe | None:
    try:
        return probe(draft.path)
    except NotValidError:
        if must_be_media(mime):
            raise
        return None


def _write(media: Media, draft: Draft, found: Probe | None, actor: Actor, at: datetime) -> Media:
    with transaction.atomic():
        row = Media.objects.select_for_update(of=("self",)).get(pk=media.pk)
        is_new = not row.stored_name
        row.stored_name, row.size_bytes = name_of(draft.sha256), draft.size_bytes
        row.save(update_fields=["stored_name", "size_bytes"])
        if is_new or not MediaFacts.objects.filter(media=row).exists():
            MediaFacts.objects.update_or_create(media=row, defaults=_facts(found, at))
        if found is not None:
            kinds = wanted(found.medium, found.codec, found.container, has_sound=found.has_sound)
            for kind in kinds:
                Rendition.objects.get_or_create(
                    media=row, kind=kind, defaults={"version": VERSION, "created_at": at}
                )  # fmt: skip
        if is_new:
            record(
                event="media.stored", actor=actor, obj_table="loop_media", obj_uid=row.uid,
                production_id=row.production_id, at=at,
                facts={"sha256": row.sha256, "size_bytes": draft.size_bytes, "mime": row.mime},
            )  # fmt: skip
    media.stored_name, media.size_bytes = row.stored_name, row.size_bytes
    return media


def _facts(found: Probe | None, at: datetime) -> dict[str, object]:
    if found is None:
        return {"medium": OTHER, "probed_at": at}
    return {
        "medium": found.medium,
        "width": found.width,
        "height": found.height,
        "rate_num": found.rate.numerator if found.rate else None,
        "rate_den": found.rate.denominator if found.rate else None,
        "drop_frame": found.drop_frame,
        "frame_count": found.frame_count,
        "start_frame": found.start_frame,
        "duration_ms": found.duration_ms,
        "is_variable": found.is_variable,
        "has_sound": found.has_sound,
        "sample_rate": found.sample_rate,
        "codec": found.codec[:40],
        "probed_at": at,
    }

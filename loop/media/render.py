"""Making the next rendition that waits. What a message, a sweep and `run_worker` call."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av

from loop.kernel.errors import NotValidError
from loop.media import pictures, proxies, sounds
from loop.media.lease import LateError, Lease, claim
from loop.media.models import MediaFacts, Rendition
from loop.media.places import drafted, path_of, rendition_name, settle
from loop.media.probe import Probe, probe
from loop.media.reading import said
from loop.media.rules import AUDIO, PEAKS, POSTER, PROXY, STILL, SUFFIXES, THUMB, VIDEO

RENDER_S: Final = 4 * 3600.0
THUMB_AT: Final = Fraction(1, 3)  # of the length: films begin with black

Tick = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Made:
    """What lies in the draft."""

    mime: str
    width: int | None = None
    height: int | None = None
    remark: str = ""  # for people, of a rendition that is ready all the same


def render_next(alive: Callable[[], None] | None = None) -> Rendition | None:
    """Makes one rendition, whichever is next, and answers with its row; None if nothing waits or another took over.

    `alive` is called about once a second meanwhile.

    1. It is taken under a lease and a fence in one statement; progress renews the lease, at most once a second.
    2. It is made into a draft, flushed, given a name of this run's own, and then the row is made ready, if the fence
       is still ours. A killed worker leaves a draft that `clean` removes and a lease that runs out.
    3. A file that cannot be shown leaves it failed with what was found, for people to read. Any other trouble (a full
       disk) hands it back; after MAX_ATTEMPTS it is failed too.

    Opens no transaction while it works. Decodes here and nowhere else.
    """
    lease = claim(alive)
    if lease is None:
        return None
    row = Rendition.objects.select_related("media").get(pk=lease.rendition_id)
    try:
        _make(row, lease)
    except LateError:
        return None
    except NotValidError as error:
        _give_up(lease, str(error), final=True)
    except av.error.FFmpegError as error:
        _give_up(lease, f"file: expected one that can be decoded, found {said(error)}", final=True)
    except (OSError, MemoryError) as error:
        _give_up(lease, f"The {row.get_kind_display().lower()} could not be made: {type(error).__name__}", final=False)
    row.refresh_from_db()
    return row


def _make(row: Rendition, lease: Lease) -> None:
    source = path_of(row.media.stored_name)
    if not row.media.stored_name or not source.is_file():
        raise NotValidError("file: expected the stored bytes, found none; bring the file in again", field="file")
    before = row.stored_name
    with drafted() as draft:
        made = _made(row, source, draft, _ticking(lease))
        size = draft.stat().st_size
        stored_name = rendition_name(row.uid, lease.fence, SUFFIXES[made.mime])
        settle(draft, stored_name)
    try:
        lease.publish(
            stored_name=stored_name, mime=made.mime, size_bytes=size, width=made.width, height=made.height,
            problem=made.remark,
        )  # fmt: skip
    except LateError:
        path_of(stored_name).unlink(missing_ok=True)
        raise
    if before and before != stored_name:
        path_of(before).unlink(missing_ok=True)


def _ticking(lease: Lease) -> Tick:
    until = time.monotonic() + RENDER_S

    def tick(share: float) -> None:
        lease.report(share)
        if time.monotonic() > until:
            raise NotValidError(f"file: expected one that is made in {RENDER_S / 3600:.0f} hours", field="file")

    return tick


def _made(row: Rendition, source: Path, draft: Path, tick: Tick) -> Made:
    found = probe(source)
    tick(0)
    if row.kind == PROXY and found.medium == VIDEO:
        width, height, remark = proxies.video(source, draft, found, tick)
        return Made("video/mp4", width, height, remark)
    if row.kind == PROXY and found.medium == AUDIO:
        proxies.sound(source, draft, found, tick)
        return Made("audio/mp4")
    if row.kind == PROXY and found.medium == STILL:
        picture = pictures.first(source)
        draft.write_bytes(pictures.png(picture.frame, (picture.width, picture.height)))
        return Made("image/png", picture.width, picture.height)
    if row.kind == PEAKS:
        draft.write_text(json.dumps(sounds.peaks(source, found, tick), separators=(",", ":")))
        return Made("application/json")
    return _small(row, source, draft, found)


def _small(row: Rendition, source: Path, draft: Path, found: Probe) -> Made:
    side = {POSTER: pictures.POSTER_SIDE, THUMB: pictures.THUMB_SIDE}[row.kind]
    seconds = Fraction(found.duration_ms or 0, 1000) * THUMB_AT if row.kind == THUMB else Fraction(0)
    # Moments in the file count from where its own clock begins.
    picture = pictures.at(source, found.starts + seconds) if seconds else pictures.first(source)
    size = pictures.fitted(picture.width, picture.height, side)
    draft.write_bytes(pictures.webp(picture.frame, size))
    if picture.turns % 2:  # only a decoded picture tells that the camera was held upright
        MediaFacts.objects.filter(media=row.media).update(width=picture.width, height=picture.height)
    return Made("image/webp", *size)


def _give_up(lease: Lease, problem: str, *, final: bool) -> None:
    told = problem.removeprefix("file: ")
    try:
        lease.give_up(f"{told[:1].upper()}{told[1:].rstrip('.')}.", final=final)
    except LateError:  # somebody else makes it now, and will find the same
        return

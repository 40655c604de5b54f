"""The sample's pictures, clips and sounds: our own drawings, stored like any production's files."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from loop.kernel.actor import Actor
from loop.material.models import Media, Production
from loop.media.models import Rendition
from loop.media.places import path_of
from loop.media.store import store
from loop.sample.content import FOLDER

MANIFEST = FOLDER / "media" / "MANIFEST.json"


@dataclass(frozen=True, slots=True)
class Stored:
    """How many files of the sample are stored, and how many of them only now."""

    files: int
    new: int


def add_pictures(production: Production, *, actor: Actor, at: datetime) -> Stored:
    """Stores the file of every suggestion that names one of ours; what is stored and on the disk is left alone.

    What a page shows of them is made by the media worker, which this does not wait for. One suggestion names a file
    that is nowhere, so that a page shows what it says then.
    Durable, one transaction a file. Raises what `store` raises.
    """
    found = new = 0
    for media, path in _ours(production):
        found += 1
        if not media.stored_name or not path_of(media.stored_name).is_file():
            store(media=media, source=path, actor=actor, at=at)
            new += 1
    return Stored(found, new)


def prepared(production: Production) -> int:
    """How many of the stored files have everything that a page shows of them."""
    unfinished = Rendition.objects.exclude(state=Rendition.State.READY).values("media_id")
    return Media.objects.filter(production=production).exclude(stored_name="").exclude(pk__in=unfinished).count()


def _ours(production: Production) -> Iterator[tuple[Media, Path]]:
    names = [entry["file"] for entry in json.loads(MANIFEST.read_text(encoding="utf-8"))["files"]]
    paths = {f"{FOLDER.name}/media/{name}": MANIFEST.with_name(name) for name in names}
    for media in Media.objects.filter(production=production, uri__in=paths).order_by("id"):
        yield media, paths[media.uri]

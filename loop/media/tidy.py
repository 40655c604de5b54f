"""Removing what killed workers and broken uploads left behind, and noticing what somebody else removed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from django.conf import settings

from loop.media.models import Rendition
from loop.media.places import INCOMING, RENDITIONS

ABANDONED_S: Final = 3600  # a file that is being written is touched more often


def tidy() -> int:
    """Removes drafts that nobody writes any more and renditions that no row names; how many files went.

    1. A row is looked for after the file's age, so nothing that was just published goes. Originals are never removed.
    2. Renditions whose file is lost (a restored backup without them) wait to be made again, if the original is there.
    """
    root = Path(settings.MEDIA_ROOT)
    drafts = _old(root / INCOMING)
    made = {str(path.relative_to(root)): path for path in _old(root / RENDITIONS)}
    named = set(Rendition.objects.filter(stored_name__in=made).values_list("stored_name", flat=True))
    gone = drafts + [path for name, path in made.items() if name not in named]
    for path in gone:
        path.unlink(missing_ok=True)
    _make_again(root)
    return len(gone)


def _make_again(root: Path) -> None:
    ready = Rendition.objects.filter(state=Rendition.State.READY)
    names = ready.values_list("pk", "stored_name", "media__stored_name")
    lost = [
        pk for pk, name, original in names if original and not (root / name).exists() and (root / original).exists()
    ]
    # Still ready: whoever made it again meanwhile keeps what was made.
    ready.filter(pk__in=lost).update(state=Rendition.State.WAITING, attempts=0, progress=0, stored_name="")


def _old(folder: Path) -> list[Path]:
    before = time.time() - ABANDONED_S
    found = []
    for path in folder.rglob("*") if folder.is_dir() else ():
        try:
            if path.is_file() and path.stat().st_mtime < before:
                found.append(path)
        except FileNotFoundError:  # published or removed meanwhile
            continue
    return found

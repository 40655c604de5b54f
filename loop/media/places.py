"""Where the bytes lie: originals by their SHA-256, renditions by their own identity, everything private.

    ab/cd/<sha256>                       originals
    renditions/ab/<uid>-<fence><suffix>  what was made of them
    incoming/<uuid>.part                 what is being received or made; `clean` removes what nobody writes any more

A file is written below `incoming`, flushed to the disk and renamed: it is whole or not there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from django.conf import settings

from loop.kernel.errors import NotValidError
from loop.kernel.ids import uuid7

INCOMING: Final = "incoming"
RENDITIONS: Final = "renditions"
CHUNK_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Draft:
    """Bytes that were received whole and have no name yet."""

    path: Path
    sha256: str
    size_bytes: int


def path_of(stored_name: str) -> Path:
    """Where a stored name lies."""
    return Path(settings.MEDIA_ROOT) / stored_name


def name_of(sha256: str) -> str:
    """The stored name of an original."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def rendition_name(uid: UUID, fence: int, suffix: str) -> str:
    """The stored name of a rendition: of one run of one worker, so that two runs never write the same file."""
    return f"{RENDITIONS}/{uid.hex[-2:]}/{uid}-{fence}{suffix}"


@contextmanager
def received(source: BinaryIO | Path, *, progress: Callable[[int], None] | None = None) -> Iterator[Draft]:
    """The bytes of `source`, on the disk and digested; gone after the block unless `settle` gave them a name.

    `progress` is called with the bytes received so far. Raises NotValidError for more than CIRCLED_MEDIA_MAX_BYTES.
    """
    with drafted() as path:
        if isinstance(source, Path):
            with source.open("rb") as file:
                yield _receive(file, path, progress)
        else:
            yield _receive(source, path, progress)


@contextmanager
def drafted() -> Iterator[Path]:
    """A path to write to; what lies there after the block and was not settled is removed."""
    path = _folder(INCOMING) / f"{uuid7()}.part"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def settle(draft: Path, stored_name: str) -> None:
    """Flushes a draft and gives it its name. The same name again is the same content and is left alone."""
    final = path_of(stored_name)
    folder = _folder(*final.relative_to(settings.MEDIA_ROOT).parent.parts)
    if final.exists():
        return
    draft.chmod(0o600)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(final)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)  # the name is as durable as the bytes
    finally:
        os.close(descriptor)


def _receive(file: BinaryIO, path: Path, progress: Callable[[int], None] | None) -> Draft:
    most, size, digest = settings.CIRCLED_MEDIA_MAX_BYTES, 0, hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while chunk := file.read(CHUNK_BYTES):
            size += len(chunk)
            if size > most:
                raise NotValidError(f"file: expected at most {most:,} bytes, found more", field="file")
            digest.update(chunk)
            out.write(chunk)
            if progress is not None:
                progress(size)
    return Draft(path, digest.hexdigest(), size)


def _folder(*parts: str) -> Path:
    folder = Path(settings.MEDIA_ROOT)
    for part in parts:
        folder /= part
        folder.mkdir(mode=0o700, exist_ok=True, parents=True)
    return folder

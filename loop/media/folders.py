"""Files on a disk and the rows that wait for them: by digest, or by the address that the row names."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from loop.material.models import Media, Production
from loop.media.places import CHUNK_BYTES

HERE: Final = frozenset({"", "file"})  # the schemes of an address that may lead into a folder of ours


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Every file named or below a folder named, in order; hidden ones and what links lead to are left out."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                found = Path(folder) / name
                if not name.startswith(".") and found.is_file() and not found.is_symlink():
                    yield found


def digest(path: Path, progress: Callable[[int], None] | None = None) -> str:
    """The SHA-256 of a file. `progress` is called with the bytes of each chunk."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            found.update(chunk)
            if progress is not None:
                progress(len(chunk))
    return found.hexdigest()


def waiting(production: Production) -> list[Media]:
    """The rows of a production whose bytes have not come, in the order in which they were recorded. One query."""
    return list(Media.objects.select_related("production").filter(production=production, stored_name="").order_by("id"))


def named_in(folder: Path, uri: str) -> Path | None:
    """The file that a relative address names below `folder`; None for another address, and for one that leads out."""
    parts = urlsplit(uri)
    name = unquote(parts.path)
    if parts.scheme not in HERE or parts.netloc or not name or "\0" in name or PurePosixPath(name).is_absolute():
        return None
    root = folder.resolve()
    found = (root / name).resolve()
    return found if found.is_relative_to(root) and found.is_file() else None

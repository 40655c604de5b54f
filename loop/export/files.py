"""Which files a published release consists of, and where they lie. A name that is not listed here opens nothing."""

import json
from dataclasses import dataclass
from pathlib import Path

from loop.export import places
from loop.export.models import Export
from loop.kernel.errors import ConflictError, NotFoundError

MANIFEST = "manifest.json"


class NotPublishedError(ConflictError):
    """The release has no files to take yet, or no more."""

    code = "not_published"


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """One file: its path in the folder with forward slashes, its size, and the digest the manifest states for it.

    `sha256` is None for what the manifest cannot list: itself and its signature.
    """

    name: str
    size_bytes: int
    sha256: str | None


def release_files(export: Export) -> list[ReleaseFile]:
    """All files of a published release by name. Raises NotPublishedError, NotFoundError if the folder is gone."""
    folder = folder_of(export)
    digests = _digests(folder)
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not path.is_symlink():
            found.append(ReleaseFile(name, path.stat().st_size, digests.get(name)))
    return found


def folder_of(export: Export) -> Path:
    """The folder of a published release. Raises NotPublishedError, NotFoundError if it is gone from the disk."""
    if export.state != Export.State.PUBLISHED:
        raise NotPublishedError(f"expected a published release, found one that is {export.state}", state=export.state)
    folder = places.release(export)
    if not folder.is_dir():
        raise NotFoundError("expected the release's folder in the store, found none")
    return folder


def path_of(export: Export, name: str) -> Path:
    """The place of the listed file `name`. Raises NotFoundError for anything that is not exactly such a name."""
    if not any(file.name == name for file in release_files(export)):
        raise NotFoundError("expected the name of a file of the release, found another")
    return folder_of(export) / name


def _digests(folder: Path) -> dict[str, str]:
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return {}
    listed = json.loads(manifest.read_bytes()).get("files", [])
    if isinstance(listed, dict):
        return {name: entry if isinstance(entry, str) else entry["sha256"] for name, entry in listed.items()}
    return {entry["path"]: entry["sha256"] for entry in listed}

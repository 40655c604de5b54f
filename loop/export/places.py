"""Where the files of a release lie while it is made and after.

<RELEASES_ROOT>/<export uid>/shards/00000-<sha256>.parquet   finished shards, named by their content
<RELEASES_ROOT>/<export uid>/shards/.<token>.tmp             half-written ones, never looked at
<RELEASES_ROOT>/<export uid>/.<token>.tmp/                   a folder being assembled
<RELEASES_ROOT>/<export uid>/night-ferry-e1-preference/      the release
"""

import shutil
from pathlib import Path
from uuid import UUID

from django.conf import settings

from loop.export.models import Export
from loop.export.rules import folder_name


def root() -> Path:
    """The place of all releases; `Export.folder` is relative to it."""
    return Path(settings.RELEASES_ROOT)


def home(export: Export) -> Path:
    """The release's own place, made if it is missing. Only this account may look in."""
    path = root() / str(export.uid)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def shards(export: Export) -> Path:
    """Where finished shards lie."""
    path = home(export) / "shards"
    path.mkdir(exist_ok=True)
    return path


def shard(export: Export, number: int, sha256: str) -> Path:
    """The place of a finished shard."""
    return shards(export) / f"{number:05d}-{sha256}.parquet"


def unfinished(folder: Path, token: UUID) -> Path:
    """A name within `folder` that nobody looks at; the token keeps two workers apart."""
    return folder / f".{token.hex}.tmp"


def release(export: Export) -> Path:
    """The place of the release's folder."""
    return home(export) / folder_name(export.production.code, export.number, export.profile)


def sweep_litter(export: Export) -> None:
    """Removes half-written files and folders of a release that nobody works on any more."""
    for path in [*home(export).glob(".*.tmp"), *shards(export).glob(".*.tmp")]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def remove_shards(export: Export) -> None:
    """Removes the shards beside the folder, which has links to them; a cancelled or published release needs none."""
    shutil.rmtree(shards(export), ignore_errors=True)

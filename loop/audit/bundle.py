"""A folder that an auditor checks without us: the log's entries, its checkpoints and the public key.

    checkpoint            the newest checkpoint (C2SP tlog-checkpoint)
    checkpoints/<size>    all of them
    tile/entries/...      the exact entries, 256 a bundle, each after its length in two bytes (C2SP tlog-tiles)
    log.vkey              the public key, for convenience: an auditor uses the one that was handed over before

Entries name people by opaque ids only; facts and texts are not in it.
"""

from collections.abc import Iterator
from pathlib import Path

from loop.audit.keys import load_or_create
from loop.audit.models import AuditCheckpoint, AuditLeaf
from loop.audit.seal import seal_all

TILE_WIDTH = 256
LENGTH_BYTES = 2


def write_bundle(folder: Path) -> AuditCheckpoint:
    """Seals the log and writes the bundle into `folder`, which must be new or empty; returns its checkpoint.

    Raises FileExistsError for a folder with something in it. Memory for one bundle of entries.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder}: expected a new or empty folder")
    newest = seal_all()
    (folder / "checkpoints").mkdir()
    for checkpoint in AuditCheckpoint.objects.filter(size__lte=newest.size).order_by("size").iterator(chunk_size=1000):
        (folder / "checkpoints" / str(checkpoint.size)).write_text(checkpoint.note, encoding="utf-8")
    for first in range(0, newest.size, TILE_WIDTH):
        end = min(first + TILE_WIDTH, newest.size)
        path = folder / "tile" / "entries" / tile_path(first // TILE_WIDTH, end - first)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(_entries(first, end)))
    (folder / "log.vkey").write_text(f"{load_or_create().verifier}\n", encoding="utf-8")
    (folder / "checkpoint").write_text(newest.note, encoding="utf-8")
    return newest


def tile_path(number: int, width: int) -> str:
    """The path of tile `number` as tlog-tiles spells it: 1234067 is "x001/x234/067", with ".p/<width>" if not full."""
    groups = [f"{number % 1000:03d}"]
    while number >= 1000:  # noqa: PLR2004  (groups of three digits)
        number //= 1000
        groups.insert(0, f"x{number % 1000:03d}")
    return "/".join(groups) + ("" if width == TILE_WIDTH else f".p/{width}")


def _entries(first: int, end: int) -> Iterator[bytes]:
    leaves = AuditLeaf.objects.filter(log_index__gte=first, log_index__lt=end).order_by("log_index")
    for entry in leaves.values_list("event__entry", flat=True):
        yield len(entry).to_bytes(LENGTH_BYTES, "big") + bytes(entry)

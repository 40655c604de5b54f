"""Media files of a release, on request: as files, and as WebDataset tar files.

    media/<sha256>.mp4                              the file as it was brought in
    media/<sha256>.cawg.json, media/<sha256>.c2pa   what may be done with it, in plain words and as a C2PA credential
    webdataset/<profile>/train-00000-of-00001.tar   samples <sha256>.{mp4,json,cawg.json}: file, its rows, the same

A file leaves with the rows that name it and under their authorisations; what may be done with it is the strictest of
what they say. Only files that were brought in for this production are taken, whatever else the store holds.
"""

import io
import os
import shutil
import tarfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow.parquet as pq

from loop.consent.terms import NOT_ALLOWED, USE_VALUES
from loop.export.columns import Shape
from loop.export.credentials import ASSERTION, SUFFIX, credential
from loop.export.manifest import FileEntry, pretty
from loop.export.models import Export
from loop.export.rows import columns
from loop.export.rules import shard_file
from loop.export.tally import USES
from loop.export.writers import sha256_of
from loop.kernel.canonical import Json
from loop.kernel.errors import LoopError
from loop.material.models import Media
from loop.media.places import path_of

MEDIA: Final = "media"
WEBDATASET: Final = "webdataset"
CAWG: Final = {
    "fb_use_generative_training": "cawg.ai_generative_training",
    "fb_use_training": "cawg.ai_training",
    "fb_use_inference": "cawg.ai_inference",
    "fb_use_data_mining": "cawg.data_mining",
}
TAR_BYTES: Final = 1024**3  # a tar file is closed once its files reach this
SUFFIXES: Final = {
    "video/mp4": "mp4", "video/quicktime": "mov", "video/webm": "webm", "video/x-matroska": "mkv",
    "video/mpeg": "mpg", "application/mxf": "mxf", "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp",
    "image/gif": "gif", "image/tiff": "tif", "image/x-exr": "exr", "image/avif": "avif", "audio/wav": "wav",
    "audio/x-wav": "wav", "audio/vnd.wave": "wav", "audio/mpeg": "mp3", "audio/flac": "flac", "audio/aac": "aac",
    "audio/mp4": "m4a", "audio/ogg": "ogg",
}  # fmt: skip


class DamagedMediaError(LoopError):
    """A stored file does not have the digest it is named by; no release takes it."""

    code = "damaged_media"


@dataclass(slots=True)
class Piece:
    """A media file that rows name: its rows, and the strictest value of each use over them."""

    sha256: str
    mime: str
    uses: dict[str, str]
    rows: list[dict[str, Json]] = field(default_factory=list)

    @property
    def suffix(self) -> str:
        return SUFFIXES.get(self.mime, "bin")


def media_columns(shape: Shape) -> tuple[str, ...]:
    """The `x` of every pair of columns `x_sha256` and `x_mime`: where rows of this profile name media."""
    names = {column.name for column in columns(shape)}
    found = (column.name.removesuffix("_sha256") for column in columns(shape) if column.name.endswith("_sha256"))
    return tuple(name for name in found if f"{name}_mime" in names)


def pieces(shape: Shape, paths: Iterable[Path]) -> list[Piece]:
    """The media that the rows of these Parquet files name, each once, in the order of its first row."""
    named = media_columns(shape)
    own = [f"{name}_{part}" for name in named for part in ("sha256", "mime")]
    found: dict[str, Piece] = {}
    for path in paths:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                wanted = [*own, *USES, "fb_row_id", "fb_verdict", "fb_brief"]
                for row in file.read_row_group(group, columns=wanted).to_pylist():
                    for name in named:
                        _add(found, name, row)
    return list(found.values())


def _add(found: dict[str, Piece], name: str, row: Mapping[str, Any]) -> None:
    sha256 = row[f"{name}_sha256"]
    if sha256 is None:
        return
    piece = found.get(sha256)
    if piece is None:
        mime = row[f"{name}_mime"] or ""
        piece = found[sha256] = Piece(sha256, mime, {use: row[use] for use in USES})
    for use in USES:
        piece.uses[use] = max(piece.uses[use], row[use], key=_rank)
    told = {key: row[key] for key in ("fb_row_id", "fb_verdict", "fb_brief")}
    piece.rows.append({"named_by": f"{name}_sha256", **told})


def _rank(value: str) -> int:
    return USE_VALUES.index(value) if value in USE_VALUES else USE_VALUES.index(NOT_ALLOWED)


def brought_in(export: Export, wanted: Sequence[Piece]) -> dict[str, Path]:
    """{SHA-256: its place in the store}, for files that this production has. One query."""
    digests = [piece.sha256 for piece in wanted]
    stored = Media.objects.filter(production=export.production_id, sha256__in=digests).exclude(stored_name="")
    places = {sha256: path_of(name) for sha256, name in stored.values_list("sha256", "stored_name")}
    return {sha256: path for sha256, path in places.items() if path.is_file()}


def assertion(piece: Piece) -> dict[str, Json]:
    """CAWG training and data mining 1.1, with the digest of the file that it is about."""
    entries: dict[str, Json] = {}
    for use, name in CAWG.items():
        value = piece.uses[use]
        entries[name] = (
            {"use": value, "constraint_info": "consents.jsonl"} if value == "constrained" else {"use": value}
        )
    return {
        "label": ASSERTION,
        "data": {"entries": entries},
        "asset": {"alg": "sha256", "hash": piece.sha256, "format": piece.mime},
    }


def write_media(
    export: Export, found: Sequence[Piece], stored: Mapping[str, Path], folder: Path, check: Callable[[], None]
) -> list[FileEntry]:
    """`media/`: linked (copied where the file system has no links), each with its assertion and its credential."""
    target = folder / MEDIA
    target.mkdir(mode=0o700, exist_ok=True)
    written = []
    for piece in found:
        if piece.sha256 not in stored:
            continue
        check()
        path = target / f"{piece.sha256}.{piece.suffix}"
        try:
            os.link(stored[piece.sha256], path)
        except OSError:  # another file system, or one without links
            shutil.copyfile(stored[piece.sha256], path)
        digest, size = _whole(path, piece)
        written.append(FileEntry(str(path.relative_to(folder)), digest, size))
        said = assertion(piece)
        signed = credential(export, path, sha256=piece.sha256, mime=piece.mime, assertion=said)
        for suffix, content in (("cawg.json", pretty(said)), (SUFFIX, signed)):
            if content is not None:
                beside = target / f"{piece.sha256}.{suffix}"
                beside.write_bytes(content)
                written.append(FileEntry(str(beside.relative_to(folder)), *sha256_of(beside)))
    return written


def write_tars(
    found: Sequence[Piece], stored: Mapping[str, Path], folder: Path, profile: str, check: Callable[[], None], *,
    split: str,
) -> list[FileEntry]:  # fmt: skip
    """`webdataset/` of one split: tar files of about TAR_BYTES with fixed owners and times; none where no file is."""
    batches: list[list[Piece]] = []
    size = TAR_BYTES
    for piece in found:
        if piece.sha256 in stored:
            if size >= TAR_BYTES:
                batches.append([])
                size = 0
            batches[-1].append(piece)
            size += stored[piece.sha256].stat().st_size
    written = []
    for number, batch in enumerate(batches):
        name = Path(shard_file(number, len(batches), split)).with_suffix(".tar")
        path = folder / WEBDATASET / profile / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
            for piece in batch:
                check()
                _put(tar, piece, stored[piece.sha256])
        written.append(FileEntry(str(path.relative_to(folder)), *sha256_of(path)))
    return written


def _put(tar: tarfile.TarFile, piece: Piece, source: Path) -> None:
    _, size = _whole(source, piece)
    about = orjson.dumps({"media": piece.sha256, "mime": piece.mime, "rows": piece.rows}, option=orjson.OPT_SORT_KEYS)
    with source.open("rb") as file:
        tar.addfile(_entry(f"{piece.sha256}.{piece.suffix}", size), file)
    for suffix, content in (("json", about), ("cawg.json", pretty(assertion(piece)))):
        tar.addfile(_entry(f"{piece.sha256}.{suffix}", len(content)), io.BytesIO(content))


def _entry(name: str, size: int) -> tarfile.TarInfo:
    """The same for everybody: no owner, no time (TarInfo begins with zeros), readable."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o644
    return entry


def _whole(path: Path, piece: Piece) -> tuple[str, int]:
    digest, size = sha256_of(path)
    if digest != piece.sha256:
        raise DamagedMediaError(f"expected a stored file with the SHA-256 {piece.sha256}, found {digest}")
    return digest, size

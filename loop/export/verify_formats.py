"""The checks on what lies beside the Parquet: the same rows again, and media under their own digests.

That every file has the digest of the signed manifest is checked already; here it is held against the rows.
"""

import hashlib
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import orjson
import pyarrow as pa

from loop.export.credentials import SUFFIX, stated
from loop.export.formats import CSV, JSONL, parts
from loop.export.media_files import MEDIA, WEBDATASET
from loop.export.writers import READ_BYTES

ASSERTED = ".cawg.json"


class Findings(Protocol):
    """Where findings go (verify.Report)."""

    def add(self, path: str, message: str) -> None: ...


def check_formats(folder: Path, manifest: Mapping[str, Any], report: Findings) -> None:
    """JSON Lines and CSV are made again from the Parquet and compared; media are held against their names."""
    for entry in manifest["files"]:
        name = str(entry["path"])
        top = PurePosixPath(name).parts[0]
        try:
            if top in (JSONL, CSV):
                _check_rows(folder, top, name, entry["sha256"], report)
            elif top == MEDIA:
                _check_media(folder, name, entry["sha256"], report)
            elif top == WEBDATASET:
                _check_tar(folder, name, report)
        except (pa.ArrowException, tarfile.TarError, OSError, ValueError, KeyError, TypeError) as error:
            report.add(name, f"expected a file that follows from the rows: {type(error).__name__}")


def _check_rows(folder: Path, kind: str, name: str, digest: str, report: Findings) -> None:
    source = folder / "data" / PurePosixPath(name).relative_to(kind).with_suffix(".parquet")
    state = hashlib.sha256()
    for part in parts(kind, source):
        state.update(part)
    if state.hexdigest() != digest:
        report.add(name, "its rows are not those of the Parquet file of that number")


def _check_media(folder: Path, name: str, digest: str, report: Findings) -> None:
    if name.endswith(f".{SUFFIX}"):
        _check_credential(folder / name, name, report)
    elif not name.endswith(ASSERTED) and PurePosixPath(name).stem != digest:
        report.add(name, "its SHA-256 is not its name")


def _check_credential(path: Path, name: str, report: Findings) -> None:
    told = orjson.loads(path.with_suffix(ASSERTED).read_bytes())
    beside = [each for each in path.parent.glob(f"{path.stem}.*") if not each.name.endswith((ASSERTED, path.suffix))]
    said = stated(beside[0], told["asset"]["format"], path.read_bytes()) if len(beside) == 1 else None
    if said != told["data"]:
        report.add(name, "expected a credential of the file beside it that says what its assertion says")


def _check_tar(folder: Path, name: str, report: Findings) -> None:
    with tarfile.open(folder / name) as tar:
        for member in tar:
            key, _, suffix = member.name.partition(".")
            if not member.isfile() or (member.mtime, member.uid, member.gid) != (0, 0, 0):
                report.add(name, f"{member.name}: expected a plain file without owner and time")
                continue
            if suffix.endswith("json"):
                continue
            state, file = hashlib.sha256(), tar.extractfile(member)
            while file is not None and (piece := file.read(READ_BYTES)):
                state.update(piece)
            if state.hexdigest() != key:
                report.add(name, f"{member.name}: its SHA-256 is not its name")

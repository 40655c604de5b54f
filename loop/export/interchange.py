"""`interchange/`: the rows once more in the form of the tool that a profile is for, written from the finished Parquet.

The Parquet stays what rows are counted and checked by. The files here follow from it, so the house's verification
makes them again and compares; whoever has only the folder checks their digests in the signed manifest.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from loop.export.profiles import argilla, label_studio, openai_ft
from loop.export.profiles.rendering import Files, Reader, Row
from loop.export.splits import by_split

FOLDER = "interchange"
ROWS_AT_ONCE = 2_000

RENDERERS: Mapping[str, Callable[[Reader], Files]] = {
    "label_studio": label_studio.render,
    "argilla": argilla.render,
    "openai_ft": openai_ft.render,
}


class Findings(Protocol):
    """Where findings go (verify.Report)."""

    def add(self, path: str, message: str) -> None: ...


def write_interchange(profile: str, data: Sequence[str], folder: Path, *, splits: bool) -> list[str]:
    """Writes what the profile has beside its Parquet below `folder`; returns the paths relative to it.

    `data` are paths of Parquet files, relative too. With `splits` each has a folder of its own.
    """
    written = []
    for name, pieces in _files(profile, data, folder, splits=splits):
        path = folder / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("wb") as file:
            file.writelines(pieces)
        written.append(f"{FOLDER}/{name}")
    return written


def check_interchange(folder: Path, manifest: Mapping[str, Any], report: Findings) -> None:
    """Adds what of `interchange/` does not follow from the rows. The files' digests are checked already."""
    listed = {entry["path"]: entry["sha256"] for entry in manifest["files"]}
    data = [path for path in sorted(listed) if path.startswith("data/")]
    expected: dict[str, str] = {}
    try:
        order = manifest["order"]
        for name, pieces in _files(order["profile"], data, folder, splits=bool(order.get("splits"))):
            digest = hashlib.sha256()
            for piece in pieces:
                digest.update(piece)
            expected[f"{FOLDER}/{name}"] = digest.hexdigest()
    except (pa.ArrowException, KeyError, TypeError, AttributeError, OSError) as error:
        report.add(FOLDER, f"expected rows that its files follow from: {type(error).__name__}")
        return
    found = {path: digest for path, digest in listed.items() if path.startswith(f"{FOLDER}/")}
    for path in sorted(expected.keys() | found.keys()):
        if expected.get(path) != found.get(path):
            report.add(path, "it does not follow from the rows of the release")


def _files(profile: str, data: Sequence[str], folder: Path, *, splits: bool) -> Files:
    render = RENDERERS.get(profile)
    if render is None:
        return
    if not splits:
        yield from render(partial(_read, [folder / path for path in data]))
        return
    for split, paths in by_split(data).items():
        for name, pieces in render(partial(_read, [folder / path for path in paths])):
            yield f"{split}/{name}", pieces


def _read(paths: Sequence[Path], columns: Sequence[str]) -> Iterator[Row]:
    for path in paths:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=list(columns)):
                yield from batch.to_pylist()

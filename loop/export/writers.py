"""Parquet with the same bytes for the same rows: fixed row groups, pinned settings, nothing that varies.

A file is written under a name nobody looks at, synced, and renamed to a name that holds its digest; so a killed writer
leaves only litter, and two writers of the same shard leave one file.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Thread

import pyarrow as pa
import pyarrow.parquet as pq

from loop.export.rules import ROWS_PER_GROUP

# Everything that shapes the bytes, with pyarrow's version: recorded in the manifest.
SETTINGS: dict[str, str | int | bool] = {
    "compression": "zstd",
    "compression_level": 1,
    "version": "2.6",
    "data_page_version": "1.0",
    "write_statistics": True,
    "use_dictionary": True,
    "data_page_size": 1024 * 1024,
    "dictionary_pagesize_limit": 1024 * 1024,
    "store_schema": True,
}
READ_BYTES = 1024 * 1024
WAITING_GROUPS = 2  # between reading and writing: bounds memory, and lets both cores work
PATIENCE_S = 1.0


@dataclass(frozen=True, slots=True)
class Written:
    """A finished file."""

    path: Path
    rows: int
    size_bytes: int
    sha256: str


def write_parquet(
    tables: Iterable[pa.Table], *, schema: pa.Schema, temporary: Path, named: Callable[[str], Path]
) -> Written:
    """Writes `tables` as one file and renames it to `named(sha256)`. Returns what was written.

    1. Row groups hold exactly ROWS_PER_GROUP rows, whatever the size of the tables that come in.
    2. Reading and writing overlap; at most WAITING_GROUPS groups wait between them.
    3. The file and its folder are synced before and after the rename.
    An error in either half ends both, removes the temporary file and is raised here.
    """
    temporary.parent.mkdir(parents=True, exist_ok=True)
    try:
        rows = _write(tables, schema, temporary)
        digest, size = sha256_of(temporary)
        final = named(digest)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(final)
        sync_folder(final.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return Written(path=final, rows=rows, size_bytes=size, sha256=digest)


def sha256_of(path: Path) -> tuple[str, int]:
    """(hex digest, size in bytes) of a file, read in pieces."""
    state, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(READ_BYTES):
            state.update(piece)
            size += len(piece)
    return state.hexdigest(), size


def sync_folder(folder: Path) -> None:
    """Makes renames within `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(tables: Iterable[pa.Table], schema: pa.Schema, path: Path) -> int:
    waiting: Queue[pa.Table | None] = Queue(maxsize=WAITING_GROUPS)
    failure: list[BaseException] = []

    def drain() -> None:
        try:
            with pq.ParquetWriter(path, schema, **SETTINGS) as writer:
                while (group := waiting.get()) is not None:
                    writer.write_table(group, row_group_size=ROWS_PER_GROUP)
        except BaseException as error:  # noqa: BLE001  (raised in the caller's thread, which must not wait for a dead one)
            failure.append(error)

    writer = Thread(target=drain, name="parquet", daemon=True)
    writer.start()
    rows = 0
    try:
        for group in _groups(tables):
            rows += group.num_rows
            _put(waiting, group, writer)
    finally:
        _put(waiting, None, writer)
        writer.join()
    if failure:
        raise failure[0]
    return rows


def _put(waiting: "Queue[pa.Table | None]", group: pa.Table | None, writer: Thread) -> None:
    """Hands over a group; gives up when the writer has died, as nobody would ever take it."""
    while writer.is_alive():
        try:
            waiting.put(group, timeout=PATIENCE_S)
        except Full:
            continue
        return
    while True:
        try:
            waiting.get_nowait()
        except Empty:
            return


def _groups(tables: Iterable[pa.Table]) -> Iterable[pa.Table]:
    """The rows of `tables` in pieces of exactly ROWS_PER_GROUP, the last one smaller; each piece in one chunk.

    No rows, no piece: the file then has its schema and no row group.
    """
    kept: list[pa.Table] = []
    count = 0
    for table in tables:
        if not table.num_rows:
            continue
        kept.append(table)
        count += table.num_rows
        while count >= ROWS_PER_GROUP:
            joined = pa.concat_tables(kept)
            yield joined.slice(0, ROWS_PER_GROUP).combine_chunks()
            rest = joined.slice(ROWS_PER_GROUP)
            kept, count = [rest], rest.num_rows
    if count:
        yield pa.concat_tables(kept).combine_chunks()

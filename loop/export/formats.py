"""The rows once more in other formats, on request: JSON Lines and CSV, beside the Parquet and made from it.

    jsonl/<profile>/train-00000-of-00001.jsonl    one object a row, columns in the file's order
    csv/<profile>/train-00000-of-00001.csv        RFC 4180, safe to open in a spreadsheet

Same shards, same rows, same order, same bytes for the same order: nothing but the rows goes in.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow.parquet as pq

from loop.export.manifest import FileEntry
from loop.export.writers import sha256_of
from loop.kernel.spreadsheet import harmless

JSONL: Final = "jsonl"
CSV: Final = "csv"

Row = Mapping[str, Any]


def write_rows(
    formats: Sequence[str], data: Sequence[FileEntry], folder: Path, check: Callable[[], None]
) -> list[FileEntry]:
    """Writes every Parquet file of `data` in each of `formats` (those that are not of rows are passed over).

    One row group is in memory at a time. `check` raises once the lease is lost.
    """
    written = []
    for name in (JSONL, CSV):
        if name not in formats:
            continue
        for entry in data:
            source = folder / entry.path
            target = folder / name / Path(entry.path).relative_to("data").with_suffix(f".{name}")
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with target.open("wb") as file:
                for part in parts(name, source):
                    check()
                    file.write(part)
            digest, size = sha256_of(target)
            written.append(FileEntry(str(target.relative_to(folder)), digest, size, entry.rows))
    return written


def parts(name: str, source: Path) -> Iterator[bytes]:
    """A Parquet file in the format `name`, in pieces of one row group."""
    with pq.ParquetFile(source) as file:
        if name == CSV:
            yield _csv([file.schema_arrow.names])
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group).to_pylist()
            yield _csv([[cell(value) for value in row.values()] for row in rows]) if name == CSV else _lines(rows)


def _lines(rows: Sequence[Row]) -> bytes:
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def cell(value: object) -> str:
    """A value as CSV has it: null is empty, lists and objects are JSON, text that looks like a formula gets a quote."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return harmless(orjson.dumps(value).decode())
    if isinstance(value, date):
        return value.isoformat()
    return harmless(value) if isinstance(value, str) else str(value)

"""Reads a release folder with what its recipients use, in a process of its own, without any network; prints JSON.

python tests/support/readers.py {mlcroissant,tables,webdataset} FOLDER PROFILE
"""

import json
import socket
import sys
import warnings
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")


def refuse(*_: object) -> None:
    raise OSError("no network in tests")


socket.socket.connect = refuse  # type: ignore[method-assign, assignment]


def mlcroissant(folder: Path, profile: str) -> dict[str, object]:
    """What the library says of the file, and the records it reads through it."""
    import mlcroissant as mlc

    data = mlc.Dataset(jsonld=str(folder / "croissant.json"))
    metadata = data.metadata
    rows = [{name.partition("/")[2]: value for name, value in row.items()} for row in data.records(profile)]
    sets = [each.id for each in metadata.record_sets]
    return {
        "errors": sorted(metadata.ctx.issues.errors),
        "warnings": sorted(metadata.ctx.issues.warnings),
        "conforms_to": str(metadata.ctx.conforms_to),
        "version": metadata.version,
        "published": str(metadata.date_published)[:10],
        "biases": len(metadata.data_biases or ()),
        "record_sets": sets,
        "authorisations": sum(1 for _ in data.records("authorisations")) if "authorisations" in sets else 0,
        "rows": rows,
    }


def tables(folder: Path, profile: str) -> dict[str, object]:
    """Columns, row ids and one text as pandas, polars and DuckDB read them."""
    import duckdb
    import pandas as pd
    import polars as pl

    data = folder / "data" / profile
    frame = pd.read_parquet(data)
    polar = pl.read_parquet(data / "*.parquet")
    duck = duckdb.connect().execute(
        f"SELECT fb_row_id, prompt FROM read_parquet('{data}/*.parquet') ORDER BY fb_row_id"  # noqa: S608
    )
    return {
        "pandas": sorted(zip(frame["fb_row_id"], frame["prompt"], strict=True)),
        "polars": sorted(zip(polar["fb_row_id"], polar["prompt"], strict=True)),
        "duckdb": duck.fetchall(),
        "columns": [list(frame.columns), polar.columns],
        "lists": [list(value) for value in frame["fb_auth_ids"]] == polar["fb_auth_ids"].to_list(),
    }


def webdataset(folder: Path, profile: str) -> dict[str, object]:
    """Keys and parts of every sample of the tar files."""
    import webdataset as wds

    shards = sorted(str(path) for path in (folder / "webdataset" / profile).glob("*.tar"))
    samples: list[dict[str, Any]] = list(wds.WebDataset(shards, shardshuffle=False)) if shards else []
    return {
        "keys": [sample["__key__"] for sample in samples],
        "parts": [sorted(name for name in sample if not name.startswith("__")) for sample in samples],
        "rows": [json.loads(sample["json"])["rows"] for sample in samples],
    }


def main() -> None:
    what, folder, profile = sys.argv[1:4]
    found = {"mlcroissant": mlcroissant, "tables": tables, "webdataset": webdataset}[what](Path(folder), profile)
    sys.stdout.write(json.dumps(found, default=as_text))


def as_text(value: object) -> str:
    """Bytes and dates for JSON."""
    return value.decode() if isinstance(value, bytes) else str(value)


if __name__ == "__main__":
    main()

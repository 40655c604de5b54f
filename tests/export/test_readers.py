"""`mlcroissant`, pandas, polars and DuckDB read a release as it lies there, offline."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from loop.export.profiles.registry import SHAPES
from tests.support.databases import REPOSITORY, FreshDatabase
from tests.support.releases import PROFILES, Stage, few_lines, stage


def read(what: str, folder: Path, profile: str) -> dict[str, Any]:
    """What a reader saw, as JSON of its own process."""
    command = [sys.executable, str(REPOSITORY / "tests" / "support" / "readers.py"), what, str(folder), profile]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    made.authorises()
    return made


@pytest.mark.parametrize("profile", PROFILES)
def test_mlcroissant_validates_it_and_reads_every_record(show: Stage, profile: str) -> None:
    export, folder = show.releases(profile, rows_per_shard=3)
    seen = read("mlcroissant", folder, profile)
    assert (seen["errors"], seen["warnings"]) == ([], [])
    assert seen["conforms_to"].endswith("V_1_1")
    assert (seen["version"], seen["published"]) == (export.version, export.gate_date.isoformat())
    assert seen["biases"] > 0
    assert seen["record_sets"] == [profile, "authorisations"]
    assert seen["authorisations"] == len((folder / "consents.jsonl").read_text().splitlines()) > 0
    rows = pq.read_table(folder / "data" / profile).to_pylist()
    assert len(seen["rows"]) == len(rows) == export.rows_included > 3
    for found, row in zip(seen["rows"], rows, strict=True):
        assert set(found) == set(row) == {column.name for column in SHAPES[profile].columns} | {"fb_content_sha256"}
        for name, value in row.items():
            if isinstance(value, str | bool | int | float | None):
                assert found[name] == value, name
        assert found["fb_auth_ids"] == row["fb_auth_ids"]
    if profile == "signals":
        spans = [[{part.rpartition("/")[2]: value for part, value in span.items()} for span in row["spans"]]
                 for row in seen["rows"]]  # fmt: skip
        assert spans == [row["spans"] for row in rows]


def test_mlcroissant_validates_a_release_without_rows(fresh_database: FreshDatabase) -> None:
    made = stage()
    made.brings_in(few_lines())
    _, folder = made.releases("preference")
    seen = read("mlcroissant", folder, "preference")
    assert (seen["errors"], seen["warnings"], seen["rows"]) == ([], [], [])


@pytest.mark.parametrize("profile", PROFILES)
def test_pandas_polars_and_duckdb_read_the_same(show: Stage, profile: str) -> None:
    _, folder = show.releases(profile, rows_per_shard=3)
    rows = pq.read_table(folder / "data" / profile)
    seen = read("tables", folder, profile)
    expected = sorted([row["fb_row_id"], row["prompt"]] for row in rows.to_pylist())
    assert expected == seen["pandas"] == seen["polars"] == seen["duckdb"]
    assert seen["columns"] == [rows.column_names] * 2
    assert seen["lists"] is True

"""The library that its user loads a release with loads it, offline, by default and by name; TRL takes it as it is."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loop.export.profiles.registry import SHAPES
from loop.export.rows import columns
from tests.support.databases import REPOSITORY, FreshDatabase
from tests.support.releases import PROFILES, Stage, few_lines, stage

OWN = {
    "signals": {"prompt", "suggestion", "verdict", "revision", "rationale", "reasons", "beats", "spans"},
    "preference": {"prompt", "chosen", "rejected"},
    "unpaired_preference": {"prompt", "completion", "label"},
}
ROWS = {"signals": 8, "preference": 4, "unpaired_preference": 9}


def load(folder: Path, profile: str, *more: str) -> dict[str, Any]:
    command = [sys.executable, str(REPOSITORY / "tests" / "support" / "load.py"), str(folder), profile, *more]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    return made


@pytest.mark.parametrize("profile", PROFILES)
def test_datasets_loads_it_by_default_by_name_and_as_a_stream(show: Stage, profile: str) -> None:
    show.authorises()
    _, folder = show.releases(profile, rows_per_shard=3)
    seen = load(folder, profile)
    assert seen["splits"] == ["train"]
    assert (seen["rows"], seen["streamed"], seen["same"]) == (ROWS[profile], ROWS[profile], True)
    assert seen["columns"] == [column.name for column in columns(SHAPES[profile])]
    assert {name for name in seen["columns"] if not name.startswith("fb_")} == OWN[profile]
    assert seen["first"]["prompt"] == "Scene 0: what is wrong with it?"


@pytest.mark.parametrize("profile", PROFILES)
def test_a_release_without_rows_loads_as_a_stream_and_as_a_table(show: Stage, profile: str) -> None:
    """`datasets` 5.2 knows no empty split: it says so in its own words, which the card and the docs repeat."""
    import pyarrow.parquet as pq

    _, folder = show.releases(profile)
    seen = load(folder, profile, "empty")
    assert seen == {"streamed": 0, "error": 'Instruction "train" corresponds to no data!'}
    assert "corresponds to no data" in (folder / "README.md").read_text()
    table = pq.read_table(folder / "data" / profile)
    assert (table.num_rows, table.column_names) == (0, [column.name for column in columns(SHAPES[profile])])


def test_every_field_of_a_decision_arrives(show: Stage) -> None:
    import pyarrow.parquet as pq

    show.authorises()
    _, folder = show.releases("signals")
    rows = {row["suggestion"][:6]: row for row in pq.read_table(folder / "data").to_pylist()}
    revised = rows["Note 3"]
    assert revised["verdict"] == revised["fb_verdict"] == "revise"
    assert (revised["revision"], revised["rationale"]) == ("The turn waits for the door.", None)
    assert (revised["beats"], revised["fb_confidence"]) == (["dread"], 0.8)
    assert [(span["start"], span["end"], span["name"], span["reason"]) for span in revised["spans"]] == [
        (0, 4, "weak", "continuity.prop"),
        (5, 5, None, ""),
    ]
    assert {span["target"] for span in revised["spans"]} == {"content"}
    assert {span["unit"] for span in revised["spans"]} == {"code_point"}
    assert (revised["fb_suggestion_origin"], revised["fb_revision_origin"]) == ("ai", "ai_edited_by_human")
    assert (revised["fb_latency_ms"], revised["fb_cost_usd"]) == (803, "0.0031")
    rejected = rows["Note 1"]
    assert (rejected["rationale"], rejected["fb_severity"], rejected["spans"]) == ("The lamp was lit.", 3, [])
    assert rejected["reasons"] == rejected["fb_reason_codes"] == ["continuity.prop"]
    assert (rejected["fb_negative_kind"], rejected["fb_suggestion_label"]) == ("explicit", "negative")
    assert rows["Note 4"]["revision"] == ""  # "" is a text
    assert (rows["Note 8"]["prompt"], rows["Note 8"]["fb_prompt_recorded"]) == ("", False)
    assert {row["fb_decided_on"] for row in rows.values()} == {"2026-05"}


def test_trl_takes_it(show: Stage) -> None:
    if importlib.util.find_spec("trl") is None:
        pytest.skip("trl is not installed: pip install --no-deps -r tests/requirements-trl.txt")
    show.authorises()
    _, folder = show.releases("preference")
    seen = load(folder, "preference", "trl")
    assert seen["conversational"] is False
    assert (seen["unpaired"], seen["labels"]) == (8, [False, True])
    assert set(seen["unpaired_columns"]) == {"prompt", "completion", "label"}
    _, folder = show.releases("unpaired_preference")
    assert load(folder, "unpaired_preference", "trl")["conversational"] is False

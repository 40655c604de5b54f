"""Every profile in every form is loaded by its users' libraries, offline; trainers' ones by TRL's data utilities."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loop.export.profiles.registry import shape_of
from loop.export.recipe import TALKING
from loop.export.rows import columns
from tests.export.test_profiles import NOTE, SCENE_0, forms, takes
from tests.export.test_readers import read
from tests.support.databases import REPOSITORY, FreshDatabase
from tests.support.releases import ALL_PROFILES, Stage, few_lines, stage

ROWS = {
    "signals": 12, "label_studio": 12, "argilla": 12, "preference": 4, "reward": 4, "unpaired_preference": 9, "sft": 5,
    "openai_ft": 4, "prompt_only": 3, "stepwise": 1, "span_critique": 3, "pairs_of_takes": 1, "evaluation": 8,
}  # fmt: skip


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in([*few_lines(), *takes()])
    made.authorises()
    return made


def load(folders: list[tuple[Path, str]], *more: str) -> list[dict[str, Any]]:
    given = json.dumps([(str(folder), profile) for folder, profile in folders])
    command = [sys.executable, str(REPOSITORY / "tests" / "support" / "load_many.py"), given, *more]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_datasets_loads_every_profile_by_default_by_name_and_as_a_stream(show: Stage) -> None:
    folders = [(show.releases(profile, form=form, rows_per_shard=3)[1], profile) for profile, form in forms()]
    for (profile, form), seen in zip(forms(), load(folders), strict=True):
        assert (seen["rows"], seen["same"]) == (ROWS[profile], True), (profile, form)
        assert seen["columns"] == [column.name for column in columns(shape_of(profile, form))], (profile, form)
        if form == "conversational":
            assert "'role': Value('string')" in next(iter(seen["features"].values())), profile
        if profile == "stepwise":
            assert seen["features"] == {
                "prompt": "Value('string')",
                "completions": "List(Value('string'))",
                "labels": "List(Value('bool'))",
            }


def test_trl_takes_what_is_meant_for_its_trainers(show: Stage) -> None:
    if importlib.util.find_spec("trl") is None:
        pytest.skip("trl is not installed: pip install --no-deps -r tests/requirements-trl.txt")
    asked = [(profile, form) for profile, form in forms() if profile in TALKING]
    folders = [(show.releases(profile, form=form)[1], profile) for profile, form in asked]
    seen = {key: found["trl"] for key, found in zip(asked, load(folders, "trl"), strict=True)}
    for (profile, form), found in seen.items():
        assert found["conversational"] is (form == "conversational"), profile
        assert len(found["texts"]) == ROWS[profile]
    own = ["completion", "label", "prompt"]
    assert seen["preference", "standard"]["unpaired"] == [8, own]
    assert seen["preference", "conversational"]["unpaired"] == [8, own]
    talk = f"<user>{SCENE_0}<assistant>"
    chosen, rejected = NOTE.format(0), NOTE.format(1)
    assert seen["preference", "conversational"]["texts"][0] == {
        "prompt": talk, "chosen": chosen, "rejected": rejected,
    }  # fmt: skip
    assert seen["reward", "conversational"]["texts"][0] == {"chosen": talk + chosen, "rejected": talk + rejected}
    assert seen["reward", "conversational"]["prompts"][0] == [{"role": "user", "content": SCENE_0}]
    assert all(prompt.startswith("Scene ") for prompt in seen["reward", "standard"]["prompts"])
    assert seen["sft", "conversational"]["texts"][0] == {"prompt": talk, "completion": chosen}
    assert seen["prompt_only", "conversational"]["texts"][0] == {"prompt": talk}
    assert seen["unpaired_preference", "conversational"]["texts"][1] == {
        "prompt": talk, "completion": rejected, "label": False,
    }  # fmt: skip


def test_croissant_describes_every_profile(show: Stage) -> None:
    for profile, form in [*((name, "standard") for name in ALL_PROFILES[3:]), ("reward", "conversational")]:
        _, folder = show.releases(profile, form=form)
        seen = read("mlcroissant", folder, profile)
        assert (seen["errors"], seen["warnings"]) == ([], []), (profile, form)
        assert len(seen["rows"]) == ROWS[profile], (profile, form)

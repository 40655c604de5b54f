"""The later profiles over the real sets, against counts made here from the files and product's words alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from loop.audit.keys import trusted
from loop.export.verify import verify
from tests.export.test_interchange import tasks_of
from tests.export.test_real_sets import MAPS, SETS, counted_pairs, last_words, lines_of
from tests.support.databases import FreshDatabase
from tests.support.releases import ALL_PROFILES, stage

LATER = ALL_PROFILES[2:]


def answers(path: Path) -> Counter[tuple[str | None, str]]:
    """(prompt, text) of what somebody accepted or wrote, the last word of each person."""
    found: Counter[tuple[str | None, str]] = Counter()
    for line, _, one in last_words(path):
        if one["outcome"] == "accept":
            found[line["prompt"], line["content"]] += 1
        elif one["outcome"] == "revise" and one["revised_content"] is not None:
            found[line["prompt"], one["revised_content"]] += 1
    return found


def expected(path: Path) -> dict[str, Any]:
    words = list(last_words(path))
    spans = [
        (line, one, span) for line in lines_of(path) for one in line["decisions"] for span in one.get("spans") or []
    ]
    targets = {line["external_id"]: (line.get("meta") or {}).get("span_target", "content") for line in lines_of(path)}
    marked = {
        (line["external_id"], person)
        for line, person, one in words
        for span in one.get("spans") or []
        if span.get("target", targets[line["external_id"]]) == "content" and span.get("reason") and line["content"]
        and span["start"] < span["end"]
    }  # fmt: skip
    prompts = {
        (line.get("group_id") or line["external_id"], line["prompt"])
        for line, _, _ in words
        if line["prompt"] is not None
    }
    failed = Counter(
        (one["outcome"], line["content"], one["revised_content"])
        for line, _, one in words
        if one["outcome"] != "accept"
    )
    made = answers(path)
    return {
        "sft": made,
        "openai_ft": Counter({key: n for key, n in made.items() if key[1]}),
        "prompt_only": Counter(prompt for _, prompt in prompts),
        "stepwise": len(marked),
        "reward": counted_pairs(path),
        "span_critique": Counter((one["outcome"], span["start"], span["end"]) for _, one, span in spans),
        "pairs_of_takes": 0,
        "evaluation": failed,
        "label_studio": Counter(one["outcome"] for line in lines_of(path) for one in line["decisions"]),
    }


def recorded(row: dict[str, Any]) -> str | None:
    return row["prompt"] if row["fb_prompt_recorded"] else None


@pytest.mark.parametrize("name", SETS)
def test_releases_of_a_real_set_count_as_product_says(fresh_database: FreshDatabase, samples: Path, name: str) -> None:
    path = samples / "data" / name / "neutral.jsonl"
    show = stage(name.replace("_", "-"))
    show.brings_in(path, reason_map=MAPS[name])
    show.authorises()
    folders = {profile: show.releases(profile)[1] for profile in LATER}
    rows = {profile: pq.read_table(folder / "data").to_pylist() for profile, folder in folders.items()}
    wanted = expected(path)
    for profile in ("sft", "openai_ft"):
        assert Counter((recorded(row), row["completion"]) for row in rows[profile]) == wanted[profile]
    assert Counter(row["prompt"] for row in rows["prompt_only"]) == wanted["prompt_only"]
    assert len(rows["stepwise"]) == wanted["stepwise"]
    assert dict(Counter(row["fb_pair_kind"] for row in rows["reward"])) == wanted["reward"]
    critique = Counter((row["fb_verdict"], row["start"], row["end"]) for row in rows["span_critique"])
    assert critique == wanted["span_critique"]
    for row in rows["span_critique"]:
        text = {"content": row["suggestion"], "prompt": recorded(row), "revision": row["revision"]}[row["target"]]
        assert row["excerpt"] == (None if text is None else text[row["start"] : row["end"]])
    assert rows["pairs_of_takes"] == []
    failed = Counter((row["fb_verdict"], row["rejected_answer"], row["reference"]) for row in rows["evaluation"])
    assert failed == wanted["evaluation"]
    assert Counter(row["verdict"] for row in rows["label_studio"]) == wanted["label_studio"]
    tasks = tasks_of(folders["label_studio"])
    assert sum(len(task["annotations"]) for task in tasks) == wanted["label_studio"].total()
    assert len(tasks) == sum(1 for line in lines_of(path) if line["decisions"])
    for profile, folder in folders.items():
        assert verify(folder, keys=trusted()).ok, profile

"""Releases of the real sets against counts made here, from product's table alone and from the file alone."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from loop.audit.keys import trusted
from loop.export.verify import verify
from tests.support.databases import FreshDatabase
from tests.support.releases import stage

SETS = ("halie_metaphor", "r3_edits")
MAPS = {"halie_metaphor": {"sibling_chosen": "sibling", "all_dismissed": "dismissed"}, "r3_edits": {}}


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def last_words(path: Path) -> Iterator[tuple[dict[str, Any], str, dict[str, Any]]]:
    """(suggestion, person, that person's last decision on it)."""
    for line in lines_of(path):
        by_person: dict[str, dict[str, Any]] = {}
        ordered = sorted(enumerate(line["decisions"]), key=lambda item: (item[1].get("decided_at") or "", item[0]))
        for _, one in ordered:
            by_person[one["decided_by"]] = one
        for person, one in by_person.items():
            yield line, person, one


def counted_signals(path: Path) -> dict[str, int]:
    found = Counter(one["outcome"] for line in lines_of(path) for one in line["decisions"])
    return dict(found) | {"effective": sum(1 for _ in last_words(path))}


def counted_unpaired(path: Path) -> dict[bool, int]:
    found: Counter[bool] = Counter()
    for _line, _person, one in last_words(path):
        if one["outcome"] == "revise":
            found[True] += one["revised_content"] is not None
            found[False] += one.get("severity") in {3, 4}
        else:
            found[one["outcome"] == "accept"] += 1
    return dict(found)


def counted_pairs(path: Path) -> dict[str, int]:
    groups: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: {"accept": [], "reject": []})
    found: Counter[str] = Counter()
    for line, person, one in last_words(path):
        if one["outcome"] == "revise":
            found["revise"] += one["revised_content"] is not None and one["revised_content"] != line["content"]
        else:
            groups[line.get("group_id") or line["external_id"], person][one["outcome"]].append(line["content"])
    for group in groups.values():
        found["candidates"] += sum(chosen != other for chosen in group["accept"] for other in group["reject"])
    return {kind: count for kind, count in found.items() if count}


@pytest.mark.parametrize("name", SETS)
def test_releases_of_a_real_set_count_as_product_says(fresh_database: FreshDatabase, samples: Path, name: str) -> None:
    path = samples / "data" / name / "neutral.jsonl"
    show = stage(name.replace("_", "-"))
    show.brings_in(path, reason_map=MAPS[name])
    show.authorises()

    _, folder = show.releases("signals")
    rows = pq.read_table(folder / "data", columns=["verdict", "fb_effective"]).to_pylist()
    seen = dict(Counter(row["verdict"] for row in rows))
    assert seen | {"effective": sum(row["fb_effective"] for row in rows)} == counted_signals(path)
    assert verify(folder, keys=trusted()).ok

    _, folder = show.releases("unpaired_preference")
    labels = Counter(pq.read_table(folder / "data", columns=["label"]).column("label").to_pylist())
    assert dict(labels) == {label: n for label, n in counted_unpaired(path).items() if n}
    assert verify(folder, keys=trusted()).ok

    _, folder = show.releases("preference")
    table = pq.read_table(folder / "data")
    assert dict(Counter(table.column("fb_pair_kind").to_pylist())) == counted_pairs(path)
    assert all(row["chosen"] != row["rejected"] for row in table.select(["chosen", "rejected"]).to_pylist())
    assert verify(folder, keys=trusted()).ok


def test_texts_leave_as_they_came(fresh_database: FreshDatabase, samples: Path) -> None:
    """Outer blanks, empty contents and null prompts included."""
    path = samples / "data" / "r3_edits" / "neutral.jsonl"
    show = stage("r3")
    show.brings_in(path)
    show.authorises()
    _, folder = show.releases("signals")
    table = pq.read_table(folder / "data", columns=["prompt", "suggestion", "fb_prompt_recorded", "spans"])
    rows = table.to_pylist()
    came = Counter((line["prompt"], line["content"]) for line in lines_of(path))
    left = Counter((row["prompt"] if row["fb_prompt_recorded"] else None, row["suggestion"]) for row in rows)
    assert left == came
    assert sum(len(row["spans"]) for row in rows) == 1490
    assert {span["target"] for row in rows for span in row["spans"]} == {"prompt"}

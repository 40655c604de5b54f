"""Rows and flags that the authorisations do not bear out are found even where every digest was made anew."""

import importlib.util
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loop.export.verify import Report
from loop.export.verify_rows import check_rows
from tests.export.test_verify import VERIFIER
from tests.support.databases import FreshDatabase
from tests.support.releases import PURPOSE, few_lines, stage, today

Line = dict[str, Any]


@pytest.fixture
def folder(fresh_database: FreshDatabase) -> Path:
    show = stage()
    show.brings_in(few_lines())
    show.authorises(
        uses={"ai_generative_training": "allowed", "data_mining": "constrained"}, material_kinds=["decision"]
    )
    show.authorises()
    return show.releases("unpaired_preference")[1]


def inside(folder: Path) -> list[str]:
    report = Report()
    check_rows(folder, json.loads((folder / "manifest.json").read_bytes()), report)
    return [str(finding) for finding in report.findings]


def outside(folder: Path) -> list[str]:
    spec = importlib.util.spec_from_file_location("circled_verify", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: list[str] = []
    manifest = json.loads((folder / "manifest.json").read_bytes())
    module.check_rows(folder, manifest, lambda name, message: found.append(f"{name}: {message}"))
    return found


@pytest.fixture(params=[inside, outside], ids=["inside", "outside"])
def check(request: pytest.FixtureRequest) -> Callable[[Path], list[str]]:
    found: Callable[[Path], list[str]] = request.param
    return found


def consents(folder: Path) -> Iterator[Line]:
    yield from map(json.loads, (folder / "consents.jsonl").read_text().splitlines())


def test_a_release_as_it_is_has_no_findings(folder: Path, check: Callable[[Path], list[str]]) -> None:
    assert check(folder) == []
    assert {line["uses"].get("data_mining") for line in consents(folder)} == {"constrained", None}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "ConsentWithdrawn"}, "not permit"),
        ({"uses": {"ai_generative_training": "notAllowed"}}, "not permit"),
        ({"recipient": "somebody-else"}, "is not for|not permit"),
        ({"valid_from": "2099-01-01"}, "in force|not permit"),
        ({"valid_until": "2001-01-01"}, "in force|not permit"),
        ({"valid_until": str(today() + timedelta(days=10))}, "earliest end"),
        ({"territory_allow": ["US"]}, "wider"),
        ({"territory_deny": ["US"]}, "wider"),
        ({"uses": {"ai_generative_training": "allowed", "data_mining": "notAllowed"}}, "fb_use_data_mining"),
    ],
)
def test_an_authorisation_that_says_otherwise_is_found(
    folder: Path, check: Callable[[Path], list[str]], change: Line, words: str
) -> None:
    lines = [line | change for line in consents(folder)]
    (folder / "consents.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = check(folder)
    assert found
    assert any(part in line for line in found for part in words.split("|") if part)


CONDITION = {
    "profiles": ["unpaired_preference"],
    "recipients": ["night-ferry-lab", "another"],
    "not_after": "2999-01-01",
}


@pytest.fixture
def conditional(fresh_database: FreshDatabase) -> Path:
    show = stage()
    show.brings_in(few_lines())
    show.authorises(uses={PURPOSE: {"value": "constrained", "constraint": CONDITION}})
    return show.releases("unpaired_preference")[1]


def test_a_use_under_a_condition_that_is_met_leaves_with_it(
    conditional: Path, check: Callable[[Path], list[str]]
) -> None:
    assert check(conditional) == []
    told = CONDITION | {"recipients": ["night-ferry-lab"]}
    assert [line["condition"] for line in consents(conditional)] == [told, told]
    [file] = (conditional / "data").rglob("*.parquet")
    assert set(pq.read_table(file)["fb_use_generative_training"].to_pylist()) == {"constrained"}


def test_a_condition_that_is_none_is_found(conditional: Path, check: Callable[[Path], list[str]]) -> None:
    lines = [line | {"condition": None} for line in consents(conditional)]
    (conditional / "consents.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert any("not permit" in line for line in check(conditional))


@pytest.mark.parametrize(
    "condition", [{"recipients": []}, {"profiles": ["signals"]}, {"not_after": "2001-01-01"}, {"mood": ["good"]}]
)
def test_a_condition_that_is_not_met_is_found(conditional: Path, condition: Line) -> None:
    lines = [line | {"condition": condition} for line in consents(conditional)]
    (conditional / "consents.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert any("not permit" in line for line in inside(conditional))


def test_an_authorisation_too_many_and_one_too_few_are_found(folder: Path, check: Callable[[Path], list[str]]) -> None:
    lines = list(consents(folder))
    (folder / "consents.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines[1:]))
    assert any("unknown ones" in line for line in check(folder))
    lines.append(lines[0] | {"auth_id": "0" * 32})
    (folder / "consents.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert [line for line in check(folder) if line.startswith("consents.jsonl: ")]


def rewritten(folder: Path, column: str, value: Any) -> None:
    """The file with `column` of its first row set to `value`."""
    path = next((folder / "data").rglob("*.parquet"))
    table = pq.read_table(path)
    rows = table.to_pylist()
    rows[0][column] = rows[1][column] if value is ... else value
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("completion", "another text", "digest"),
        ("prompt", "another prompt", "digest"),
        ("fb_row_id", ..., "not the only one"),
        ("fb_auth_ids", [], "authorisations"),
        ("fb_auth_ids", ["f" * 32], "authorisations"),
        ("fb_use_data_mining", "allowed", "fb_use_data_mining"),
        ("fb_use_training", "allowed", "fb_use_training"),
        ("fb_use_generative_training", "perhaps", "fb_use_generative_training"),
        ("fb_expires_on", None, "fb_expires_on"),
        ("fb_log_index", "999999", "later than the checkpoint"),
    ],
)
def test_a_row_that_says_otherwise_is_found(
    folder: Path, check: Callable[[Path], list[str]], column: str, value: Any, words: str
) -> None:
    rewritten(folder, column, value)
    found = check(folder)
    assert found, f"{column} = {value!r} went unnoticed"
    assert any(words in line for line in found), found


def test_rows_too_few_are_found(folder: Path, check: Callable[[Path], list[str]]) -> None:
    path = next((folder / "data").rglob("*.parquet"))
    pq.write_table(pq.read_table(path).slice(1), path)
    found = check(folder)
    assert any("expected 9 rows, found 8" in line for line in found)
    assert any(line.startswith("manifest.json: it counts 9 rows") for line in found)

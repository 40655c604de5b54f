"""Releases in splits: whole briefs, the same ones for ever, in every file of the folder, loaded by `datasets`."""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from loop.audit.keys import trusted
from loop.export import recipe as recipes
from loop.export.keys import Pseudonyms
from loop.export.models import Export, ExportRow
from loop.export.order import order
from loop.export.preview import preview
from loop.export.splits import names, place_of, split_of_file
from loop.export.verify import Report, verify
from loop.export.verify_splits import check_drawn, check_splits
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.kernel.errors import NotValidError
from loop.media.attach import attach
from tests.export.test_formats import picture, take
from tests.export.test_readers import read
from tests.export.test_verify import outside
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, decision, stage, suggestion

SPLITS = "train=0.6,validation=0.2,test=0.2"
MANY = 40  # briefs of three candidates


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(lines(0, MANY))
    made.authorises()
    return made


def lines(first: int, end: int) -> Iterator[dict[str, Any]]:
    for number in range(first * 3, end * 3):
        verdict = ("accept", "reject", "revise")[number % 3]
        changes = {"revised_content": f"Better {number}."} if verdict == "revise" else {}
        yield suggestion(number, decision(verdict, **changes))


def outsiders_agree(folder: Path) -> bool:
    """What the one file for outsiders says of the folder."""
    key = folder.parent / "log.vkey"
    key.write_text((folder / "audit" / "log.vkey").read_text())
    done = outside(folder, key)
    assert done.returncode == 0, done.stderr
    return True


def homes(folder: Path) -> dict[str, set[str]]:
    """{split: its names of briefs}, by the files."""
    found: dict[str, set[str]] = {}
    for path in sorted((folder / "data").rglob("*.parquet")):
        found.setdefault(split_of_file(path.name), set()).update(pq.read_table(path).column("fb_brief").to_pylist())
    return found


def drawn(export: Export, folder: Path) -> dict[str, str]:
    """{our id of a brief: the split its rows are in}, by the files."""
    name_of = Pseudonyms(recipient=export.recipient.code, order_digest=bytes(export.order_digest))
    rows = ExportRow.objects.filter(export=export).select_related("decision__suggestion__brief")
    uids = {row.decision.suggestion.brief.uid for row in rows}
    split = {name: split for split, found in homes(folder).items() for name in found}
    return {str(uid): split[name_of.of("brief", uid)] for uid in uids}


def test_every_row_of_a_brief_is_in_the_split_that_its_brief_drew(show: Stage) -> None:
    export, folder = show.releases("signals", splits=SPLITS, rows_per_shard=20)
    found = homes(folder)
    assert set(found) == {"train", "validation", "test"}
    assert sum(map(len, found.values())) == len(set().union(*found.values())) == MANY
    recipe = recipes.read(export.recipe)
    for row in ExportRow.objects.filter(export=export).select_related("decision__suggestion__brief"):
        uid = row.decision.suggestion.brief.uid
        assert drawn(export, folder)[str(uid)] == names(recipe.splits)[place_of(uid, recipe.splits, "")]
    counts = json.loads((folder / "manifest.json").read_text())["counts"]["splits"]
    assert {name: each["briefs"] for name, each in counts.items()} == {name: len(each) for name, each in found.items()}
    assert sum(each["rows"] for each in counts.values()) == export.rows_included == MANY * 3
    assert sum(sum(each["label_balance"].values()) for each in counts.values()) == MANY * 3
    assert verify(folder, keys=trusted()).ok
    assert outsiders_agree(folder)


def test_later_briefs_move_no_earlier_one_and_another_recipient_gets_the_same(show: Stage) -> None:
    first = drawn(*show.releases("signals", splits=SPLITS))
    show.brings_in(lines(MANY, MANY + 20))
    show.authorises()
    later = drawn(*show.releases("preference", splits=SPLITS))
    assert {uid: later[uid] for uid in first} == first
    assert len(later) == MANY + 20
    other = stage("other-show").recipient
    show.authorises(recipients=[other.code])
    assert drawn(*show.releases("signals", splits=SPLITS, recipient=other)) == later
    assert drawn(*show.releases("signals", splits=SPLITS, split_seed="again")) != later


def test_the_same_order_twice_gives_the_same_bytes_and_the_order_of_names_does_not_matter(show: Stage) -> None:
    first, one = show.releases("signals", splits=SPLITS, formats=["jsonl"])
    again = ",".join(reversed(SPLITS.split(",")))
    _, two = show.releases("signals", splits=again, formats=["jsonl"], checkpoint=first.checkpoint_size)
    for path in sorted(one.rglob("*")):
        name = path.relative_to(one)
        if path.is_file() and name.parts[0] != "audit" and not name.name.startswith("manifest"):
            assert path.read_bytes() == (two / name).read_bytes(), name


def test_one_split_is_as_ever(show: Stage) -> None:
    first, plain = show.releases("signals")
    _, whole = show.releases("signals", splits="train=1", checkpoint=first.checkpoint_size)
    assert [path.name for path in (plain / "data" / "signals").iterdir()] == ["train-00000-of-00001.parquet"]
    for name in ("README.md", "croissant.json", "data/signals/train-00000-of-00001.parquet"):
        assert (plain / name).read_bytes() == (whole / name).read_bytes()
    manifest = json.loads((plain / "manifest.json").read_text())
    assert "splits" not in manifest["order"]
    assert "splits" not in manifest["counts"]


@pytest.mark.parametrize("streaming", ["0", "1"])
def test_datasets_loads_every_split_of_every_file_and_trl_needs_nothing_else(show: Stage, streaming: str) -> None:
    _, folder = show.releases("preference", splits=SPLITS, rows_per_shard=7, formats=["jsonl"])
    code = (
        "import json, sys, datasets\n"
        "datasets.disable_progress_bars()\n"
        "folder, streaming = sys.argv[1], sys.argv[2] == '1'\n"
        "found = {}\n"
        "for name in (None, 'preference'):\n"
        "    loaded = datasets.load_dataset(folder, name, streaming=streaming)\n"
        "    found[str(name)] = {s: [r['fb_brief'] for r in rows] for s, rows in loaded.items()}\n"
        "one = datasets.load_dataset(folder, split='test', streaming=streaming)\n"
        "found['test'] = [r['fb_brief'] for r in one]\n"
        "print(json.dumps(found))\n"
    )
    seen = python(code, folder, streaming)
    stated = json.loads((folder / "manifest.json").read_text())["counts"]["splits"]
    assert {split: len(rows) for split, rows in seen["None"].items()} == {s: each["rows"] for s, each in stated.items()}
    assert seen["None"] == seen["preference"]
    assert {split: set(rows) for split, rows in seen["None"].items()} == homes(folder)
    assert seen["test"] == seen["None"]["test"]
    rows = sum(len((folder / "jsonl" / "preference" / path.name).with_suffix(".jsonl").read_text().splitlines())
               for path in (folder / "data" / "preference").iterdir())  # fmt: skip
    assert rows == sum(each["rows"] for each in stated.values())


def python(code: str, *arguments: object) -> Any:
    environment = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(arguments[0]) + "-hf", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False,
        env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_mlcroissant_reads_the_split_of_every_row(show: Stage) -> None:
    _, folder = show.releases("sft", splits=SPLITS, rows_per_shard=9)
    seen = read("mlcroissant", folder, "sft")
    assert (seen["errors"], seen["warnings"]) == ([], [])
    assert seen["record_sets"] == ["sft", "splits", "authorisations"]
    found: dict[str, set[str]] = {}
    for row in seen["rows"]:
        found.setdefault(row["split"], set()).add(row["fb_brief"])
    assert found == homes(folder)


def test_the_card_lists_the_splits_and_says_which_are_empty(fresh_database: FreshDatabase) -> None:
    show = stage()
    show.brings_in(lines(0, 1))
    show.authorises()
    _, folder = show.releases("signals", splits="train=0.000001,test=0.999998,rest=0.000001")
    card = (folder / "README.md").read_text()
    head = yaml.safe_load(card.split("---")[1])
    assert head["configs"][0]["data_files"] == [{"split": "test", "path": "data/signals/test-*.parquet"}]
    assert "No brief fell into train, rest: there is no file, as loaders refuse empty splits." in card
    assert [path.name for path in (folder / "data" / "signals").iterdir()] == ["test-00000-of-00001.parquet"]
    counts = json.loads((folder / "manifest.json").read_text())["counts"]["splits"]
    assert {name: each["rows"] for name, each in counts.items()} == {"train": 0, "test": 3, "rest": 0}
    assert "split by brief into train 0, test 3, rest 0" in (folder / "dps.json").read_text()
    assert verify(folder, keys=trusted()).ok
    assert outsiders_agree(folder)


def test_a_release_in_splits_without_rows_has_one_empty_file(fresh_database: FreshDatabase) -> None:
    show = stage()
    show.brings_in(lines(0, 3))
    _, folder = show.releases("signals", splits=SPLITS)
    assert [path.name for path in (folder / "data" / "signals").iterdir()] == ["train-00000-of-00001.parquet"]
    assert verify(folder, keys=trusted()).ok
    assert outsiders_agree(folder)


@pytest.mark.parametrize(
    ("profile", "expected"),
    [("openai_ft", "chat.jsonl"), ("label_studio", "config.xml"), ("argilla", "records.json")],
)
def test_files_for_other_tools_lie_split_by_split(show: Stage, profile: str, expected: str) -> None:
    _, folder = show.releases(profile, splits=SPLITS)
    assert {path.name for path in (folder / "interchange").iterdir()} == {"train", "validation", "test"}
    for split, briefs in homes(folder).items():
        assert briefs
        assert (folder / "interchange" / split / expected).is_file()
    assert verify(folder, keys=trusted()).ok


def test_a_tar_tells_of_its_own_split(fresh_database: FreshDatabase) -> None:
    show = stage()
    pictures = [picture(number) for number in range(6)]
    takes = [take(number, raw, group_id=f"t{number}") for number, raw in enumerate(pictures)]
    takes.append(take(90, pictures[0], group_id="t1"))  # the same file in two briefs
    show.brings_in(takes)
    for raw in pictures:
        digest = hashlib.sha256(raw).hexdigest()
        attach(production=show.production, sha256=digest, source=io.BytesIO(raw), actor=SYSTEM, at=now())
    show.authorises()
    _, folder = show.releases("signals", splits="train=0.5,test=0.5", formats=["webdataset"])
    tars = sorted((folder / "webdataset" / "signals").iterdir())
    assert {split_of_file(path.name) for path in tars} == set(homes(folder))
    for path in tars:
        own = homes(folder)[split_of_file(path.name)]
        with tarfile.open(path) as tar:
            for member in tar:
                file = tar.extractfile(member)
                assert file is not None
                raw = file.read()
                if member.name.endswith(".png"):
                    assert hashlib.sha256(raw).hexdigest() == member.name.partition(".")[0]
                elif not member.name.endswith(".cawg.json"):
                    assert {row["fb_brief"] for row in json.loads(raw)["rows"]} <= own
    assert verify(folder, keys=trusted()).ok


@pytest.mark.parametrize("changes", [{"splits": "train=0.5"}, {"split_seed": "7"}, {"splits": "train=0.5,train=0.5"}])
def test_bad_splits_are_refused_by_order_and_preview(show: Stage, changes: Mapping[str, str]) -> None:
    asked: dict[str, Any] = {"production": show.production, "profile": "signals", "purpose": "ai_generative_training",
                             "recipient": show.recipient}  # fmt: skip
    before = Export.objects.count()
    for verb in (order, preview):
        with pytest.raises(NotValidError) as refused:
            verb(**asked, actor=SYSTEM, **changes)  # type: ignore[operator]
        assert refused.value.facts["field"] in ("splits", "split_seed")
    assert Export.objects.count() == before
    assert preview(**asked, actor=SYSTEM, splits=SPLITS).rows == MANY * 3


def test_verification_finds_a_brief_in_two_splits_and_one_that_drew_another(show: Stage) -> None:
    export, folder = show.releases("signals", splits="train=0.5,test=0.5")
    manifest = json.loads((folder / "manifest.json").read_text())
    sane = Report()
    check_splits(folder, manifest, sane)
    check_drawn(folder, export, sane)
    assert sane.ok
    data = folder / "data" / "signals"
    train, test = (data / f"{name}-00000-of-00001.parquet" for name in ("train", "test"))
    moved = pq.read_table(train)
    test.unlink()
    pq.write_table(pa.concat_tables([moved.slice(0, 1), moved.slice(0, 1)]), test)
    found = Report()
    check_splits(folder, manifest, found)
    check_drawn(folder, export, found)
    assert any("has rows in" in str(finding) for finding in found.findings)
    assert any("rows of" in str(finding) for finding in found.findings)
    assert any("found it in another split" in str(finding) for finding in found.findings)
    train.rename(data / "other-00000-of-00001.parquet")
    manifest["files"] = [{"path": "data/signals/other-00000-of-00001.parquet"}]
    strange = Report()
    check_splits(folder, manifest, strange)
    assert "expected a file of train or test" in str(strange.findings[0])

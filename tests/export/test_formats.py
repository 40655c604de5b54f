"""What an order may have beside its Parquet: the same rows as JSON Lines and CSV, and media files, plain and in tar."""

import csv
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.core.management import call_command
from PIL import Image

from loop.audit.keys import load_or_create, trusted
from loop.export import verify_formats
from loop.export.advance import advance
from loop.export.assemble import assemble
from loop.export.beside import check_formats
from loop.export.credentials import credential, stated
from loop.export.lease import claim_export, release
from loop.export.media_files import DamagedMediaError, Piece, assertion
from loop.export.order import order
from loop.export.preview import preview
from loop.export.tally import USES
from loop.export.verify import Report, verify
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.kernel.errors import NotValidError
from loop.media.attach import attach
from loop.media.places import name_of, path_of
from tests.export.test_readers import read
from tests.export.test_verify import outside
from tests.support.clips import make_clip
from tests.support.databases import FreshDatabase
from tests.support.releases import PURPOSE, Stage, decision, few_lines, finished, stage, suggestion

FORMULA = "=HYPERLINK(1)"


def picture(number: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 9), (number * 40, 0, 0)).save(file, "PNG")
    return file.getvalue()


def take(number: int, raw: bytes, **changes: Any) -> dict[str, Any]:
    media = {"uri": f"takes/{number}.png", "sha256": hashlib.sha256(raw).hexdigest(), "mime": "image/png"}
    return suggestion(number, decision("accept"), content=None, media=media, kind="previs_clip", **changes)


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in([*few_lines(), suggestion(30, decision("reject", rationale=FORMULA), content='a "b",\nc; «d»')])
    made.authorises()
    return made


@pytest.fixture
def filmed(show: Stage) -> Stage:
    """Three takes, two of them of the same file; one file was never brought in."""
    show.brings_in([take(40, picture(1)), take(41, picture(1)), take(42, picture(2)), take(43, picture(3))])
    show.authorises()
    for number in (1, 2):
        raw = picture(number)
        digest = hashlib.sha256(raw).hexdigest()
        attach(production=show.production, sha256=digest, source=io.BytesIO(raw), actor=SYSTEM, at=now())
    return show


def files(folder: Path, top: str) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in (folder / top).rglob("*") if path.is_file())


@pytest.mark.parametrize("profile", ["signals", "preference"])
def test_the_same_rows_in_the_same_order_in_every_format(show: Stage, profile: str) -> None:
    export, folder = show.releases(profile, formats=["csv", "jsonl", "parquet"], rows_per_shard=3)
    assert export.recipe["formats"] == ["csv", "jsonl"]
    rows = pq.read_table(folder / "data" / profile).to_pylist()
    lines = [json.loads(line) for name in files(folder, "jsonl") for line in (folder / name).read_bytes().splitlines()]
    assert lines == json.loads(json.dumps(rows, default=str))
    assert len(files(folder, "jsonl")) == len(files(folder, "csv")) == len(files(folder, "data")) > 1
    tables = [io.StringIO((folder / name).read_bytes().decode()) for name in files(folder, "csv")]
    cells = [row for table in tables for row in csv.DictReader(table)]
    assert [cell["fb_row_id"] for cell in cells] == [row["fb_row_id"] for row in rows]
    assert [json.loads(cell["fb_auth_ids"]) for cell in cells] == [row["fb_auth_ids"] for row in rows]
    if profile == "signals":
        told = {cell["suggestion"]: cell for cell in cells}['a "b",\nc; «d»']
        assert told["rationale"] == f"'{FORMULA}"
        assert told["fb_effective"] == "true"
        assert told["revision"] == ""
    listed = {entry["path"]: entry for entry in json.loads((folder / "manifest.json").read_bytes())["files"]}
    assert sum(listed[name]["rows"] for name in files(folder, "jsonl")) == len(rows)
    assert verify(folder, keys=trusted()).ok


def test_datasets_and_pandas_read_them(show: Stage) -> None:
    _, folder = show.releases("signals", formats=["csv", "jsonl"])
    code = (
        "import os, sys, tempfile; os.environ['HF_HUB_OFFLINE'] = '1'; os.environ['HF_HOME'] = tempfile.mkdtemp()\n"
        "import datasets, pandas; datasets.disable_progress_bars(); folder = sys.argv[1]\n"
        "lines = datasets.load_dataset('json', data_files=folder + '/jsonl/signals/*.jsonl', split='train')\n"
        "table = datasets.load_dataset('csv', data_files=folder + '/csv/signals/*.csv', split='train')\n"
        "frame = pandas.read_csv(folder + '/csv/signals/train-00000-of-00001.csv')\n"
        "rows = datasets.load_dataset(folder)['train']\n"
        "assert rows['fb_row_id'][:] == lines['fb_row_id'][:] == table['fb_row_id'][:] == list(frame['fb_row_id'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_orders_without_them_keep_their_digest(show: Stage) -> None:
    plain = show.orders("signals")
    again = show.orders("signals", formats=["parquet"], checkpoint=plain.checkpoint_size)
    other = show.orders("signals", formats=["csv"], checkpoint=plain.checkpoint_size)
    assert "formats" not in plain.recipe
    assert bytes(plain.order_digest) == bytes(again.order_digest) != bytes(other.order_digest)


def test_equal_orders_have_equal_bytes_in_every_format(filmed: Stage) -> None:
    every = ["csv", "jsonl", "media", "webdataset"]
    first, one = filmed.releases("signals", formats=every, rows_per_shard=4)
    _, two = filmed.releases("signals", formats=every, rows_per_shard=4, checkpoint=first.checkpoint_size)
    for top in ("data", "csv", "jsonl", "media", "webdataset"):
        assert files(one, top) == files(two, top) != []
        for name in files(one, top):
            if not name.endswith(".c2pa"):  # C2PA draws random identifiers
                assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_a_text_that_was_changed_in_a_copy_is_found(show: Stage) -> None:
    """Somebody who can sign again could still not make a copy that says other things than the Parquet."""
    _, folder = show.releases("signals", formats=["jsonl"])
    name = files(folder, "jsonl")[0]
    raw = (folder / name).read_bytes().replace(b"The lamp was lit.", b"The lamp was out.")
    (folder / name).write_bytes(raw)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    entry = next(each for each in manifest["files"] if each["path"] == name)
    entry["sha256"] = hashlib.sha256(raw).hexdigest()
    (folder / "manifest.json").write_bytes(json.dumps(manifest).encode())
    (folder / "manifest.dsse.json").unlink()
    found = [str(finding) for finding in verify(folder, keys=trusted()).findings]
    assert f"{name}: its rows are not those of the Parquet file of that number" in found


def test_media_leave_where_the_order_asks_and_the_house_has_them(filmed: Stage) -> None:
    _, folder = filmed.releases("signals", formats=["media"])
    here = [hashlib.sha256(picture(number)).hexdigest() for number in (1, 2)]
    assert files(folder, "media") == sorted(
        f"media/{digest}{suffix}" for digest in here for suffix in (".c2pa", ".cawg.json", ".png")
    )
    assert (folder / "media" / f"{here[0]}.png").read_bytes() == picture(1)
    said = json.loads((folder / "media" / f"{here[0]}.cawg.json").read_bytes())
    assert said["label"] == "cawg.training-mining"
    assert said["asset"] == {"alg": "sha256", "hash": here[0], "format": "image/png"}
    assert said["data"]["entries"]["cawg.ai_generative_training"] == {"use": "allowed"}
    assert said["data"]["entries"]["cawg.data_mining"] == {"use": "notAllowed"}
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert manifest["counts"]["media"] == {"named": 3, "included": 2, "missing": 1, "credentials": 2}
    assert (
        "Media files that rows name: 3; here: 2; not brought in by the house: 1; with a C2PA credential: 2"
        in (folder / "README.md").read_text()
    )
    assert verify(folder, keys=trusted()).ok
    seen = read("mlcroissant", folder, "signals")
    assert (seen["errors"], seen["warnings"]) == ([], [])
    assert not (filmed.releases("signals")[1] / "media").exists()


def test_a_credential_is_valid_for_its_file_and_no_other_and_says_the_same(filmed: Stage) -> None:
    _, folder = filmed.releases("signals", formats=["media"])
    here = [hashlib.sha256(picture(number)).hexdigest() for number in (1, 2)]
    one, other = (folder / "media" / f"{digest}.png" for digest in here)
    raw = one.with_suffix(".c2pa").read_bytes()
    said = json.loads(one.with_suffix(".cawg.json").read_bytes())
    assert stated(one, "image/png", raw) == said["data"]
    assert stated(other, "image/png", raw) is None
    assert stated(one, "image/png", raw[:-9] + b"x" * 9) is None
    one.with_suffix(".c2pa").write_bytes(other.with_suffix(".c2pa").read_bytes())
    entry = {"path": f"media/{here[0]}.c2pa", "sha256": ""}
    report = Report()
    verify_formats.check_formats(folder, {"files": [entry]}, report)
    assert [finding.path for finding in report.findings] == [entry["path"]]


def test_assembling_again_takes_the_same_credentials(filmed: Stage) -> None:
    """Approval comes after the folder was built: what is published then must be what was approved."""
    export = filmed.orders("signals", formats=["media"])
    while export.state != "verifying":
        advance(export.pk)
        export.refresh_from_db()
    taken = []
    for _ in range(2):
        token = claim_export(export.pk, "verifying")
        assert token is not None
        folder = assemble(export, token, lambda: None)
        taken.append({path.name: path.read_bytes() for path in (folder / "media").glob("*.c2pa")})
        release("loop_export", export.pk, token)
    assert taken[0] == taken[1] != {}


@pytest.mark.parametrize(
    ("mime", "raw"),
    [
        ("image/x-exr", b"a kind that C2PA has no binding for"),
        ("image/png", b"no picture"),
        ("audio/flac", b"fLaC\x80\x00\x00\x22" + bytes(34)),
    ],
)
def test_where_c2pa_cannot_bind_the_assertion_stands_alone(
    filmed: Stage, tmp_path: Path, mime: str, raw: bytes
) -> None:
    export, _ = filmed.releases("signals")
    path = tmp_path / "file"
    path.write_bytes(raw)
    said = assertion(Piece("0" * 64, mime, dict.fromkeys(USES, "allowed")))
    assert credential(export, path, sha256="0" * 64, mime=mime, assertion=said) is None


def test_a_clip_has_a_credential_too(filmed: Stage, tmp_path: Path) -> None:
    export, _ = filmed.releases("signals")
    clip = make_clip(tmp_path / "clip.mp4", rate=Fraction(24), frames=12)
    said = assertion(Piece("1" * 64, "video/mp4", dict.fromkeys(USES, "constrained")))
    raw = credential(export, clip, sha256="1" * 64, mime="video/mp4", assertion=said)
    assert raw is not None
    assert stated(clip, "video/mp4", raw) == said["data"]


def test_outsiders_check_all_of_it_too(filmed: Stage, tmp_path: Path) -> None:
    _, folder = filmed.releases("signals", formats=["csv", "jsonl", "media", "webdataset"])
    key = tmp_path / "house.vkey"
    key.write_text(f"{load_or_create().verifier}\n")
    assert outside(folder, key).returncode == 0
    for top in ("csv", "jsonl", "media", "webdataset"):
        for name in files(folder, top):
            raw = (folder / name).read_bytes()
            (folder / name).write_bytes(
                raw[: len(raw) // 2] + bytes([raw[len(raw) // 2] ^ 1]) + raw[len(raw) // 2 + 1 :]
            )
            assert f"{name}: " in outside(folder, key).stderr
            assert name in {finding.path for finding in verify(folder, keys=trusted()).findings}
            (folder / name).write_bytes(raw)
    assert verify(folder, keys=trusted()).ok


def test_the_command_asks_for_them(show: Stage) -> None:
    call_command(
        "export", "--production", "night-ferry", "--purpose", PURPOSE, "--recipient", show.recipient.code,
        "--profile", "signals", "--format", "csv", "--format", "jsonl",
    )  # fmt: skip
    assert show.production.exports.get().recipe["formats"] == ["csv", "jsonl"]


def test_webdataset_reads_the_tar_files(filmed: Stage) -> None:
    _, folder = filmed.releases("signals", formats=["webdataset"])
    here = [hashlib.sha256(picture(number)).hexdigest() for number in (1, 2)]
    rows = pq.read_table(folder / "data" / "signals").to_pylist()
    seen = read("webdataset", folder, "signals")
    assert seen["keys"] == here
    assert seen["parts"] == [["cawg.json", "json", "png"]] * 2
    for digest, told in zip(here, seen["rows"], strict=True):
        own = [row["fb_row_id"] for row in rows if row["fb_media_sha256"] == digest]
        assert [each["fb_row_id"] for each in told] == own
    assert [len(told) for told in seen["rows"]] == [2, 1]
    with tarfile.open(folder / files(folder, "webdataset")[0]) as tar:
        owners = {(member.mtime, member.uid, member.gid, member.uname, member.mode) for member in tar}
    assert owners == {(0, 0, 0, "", 0o644)}
    assert verify(folder, keys=trusted()).ok


def test_a_file_that_only_another_production_has_stays_there(filmed: Stage) -> None:
    """Naming a digest is not having the file: the store is shared, what was brought in for whom is not."""
    other = stage("day-boat")
    other.brings_in([take(1, picture(1))])
    other.authorises()
    assert path_of(name_of(hashlib.sha256(picture(1)).hexdigest())).is_file()
    _, folder = other.releases("signals", formats=["media", "webdataset"])
    assert files(folder, "media") == files(folder, "webdataset") == []
    assert json.loads((folder / "manifest.json").read_bytes())["counts"]["media"]["missing"] == 1


def test_a_damaged_store_is_noticed_before_anything_leaves(filmed: Stage) -> None:
    path_of(name_of(hashlib.sha256(picture(2)).hexdigest())).write_bytes(b"not the picture")
    export = filmed.orders("signals", formats=["media"])
    with pytest.raises(DamagedMediaError):
        finished(export)
    export.refresh_from_db()
    assert export.state == "verifying"


def test_the_strictest_use_over_the_rows_of_a_file_is_asserted() -> None:
    piece = Piece("0" * 64, "video/mp4", {
        "fb_use_generative_training": "allowed", "fb_use_training": "constrained", "fb_use_inference": "notAllowed",
        "fb_use_data_mining": "notAllowed",
    })  # fmt: skip
    entries = assertion(piece)["data"]["entries"]  # type: ignore[index, call-overload]
    assert entries["cawg.ai_training"] == {"use": "constrained", "constraint_info": "consents.jsonl"}
    assert entries["cawg.ai_inference"] == {"use": "notAllowed"}


def test_bad_formats_are_refused_before_anything_runs(show: Stage) -> None:
    asked = {
        "production": show.production, "profile": "preference", "purpose": PURPOSE, "recipient": show.recipient,
        "actor": SYSTEM,
    }  # fmt: skip
    for call in (order, preview):
        with pytest.raises(NotValidError, match=r"expected any of parquet, csv.*found 'xlsx'"):
            call(**asked, formats=["xlsx"])
        with pytest.raises(NotValidError, match="expected media for a profile whose rows name media") as refused:
            call(**asked, formats=["media"])
        assert refused.value.facts["field"] == "formats"
    check_formats("signals", ["media", "webdataset"])
    assert show.production.exports.count() == 0

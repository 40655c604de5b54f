"""One flipped byte anywhere in a release is found, and the file is named: by the house, and by outsiders without it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from loop.audit.keys import load_or_create, trusted
from loop.export.rules import ENVELOPE, EVENT, KEY, MANIFEST, PROOF
from loop.export.verify import verify
from tests.support.databases import REPOSITORY, FreshDatabase
from tests.support.releases import PROFILES, few_lines, stage

VERIFIER = REPOSITORY / "loop" / "verifier" / "circled_verify.py"
FLIPS = 24  # a file; the small ones are flipped throughout


@pytest.fixture
def folder(fresh_database: FreshDatabase) -> Path:
    show = stage()
    show.brings_in(few_lines())
    show.authorises()
    return show.releases("signals")[1]


def outside(folder: Path, key: Path) -> subprocess.CompletedProcess[str]:
    """The verifier as an outsider runs it: another process, nothing of ours to import."""
    command = [sys.executable, "-I", str(VERIFIER), "export", str(folder), "--key", str(key)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "house.vkey"
    path.write_text(f"{load_or_create().verifier}\n")
    return path


@pytest.mark.parametrize("profile", PROFILES)
def test_it_verifies_a_release_of_every_profile(fresh_database: FreshDatabase, key: Path, profile: str) -> None:
    show = stage()
    show.brings_in(few_lines())
    show.authorises()
    export, folder = show.releases(profile)
    report = verify(folder, keys=trusted())
    assert report.ok
    assert report.rows == export.rows_included > 0
    done = outside(folder, key)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert f"{report.rows} rows" in done.stdout


def test_it_names_the_file_of_every_flipped_byte(folder: Path, key: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    assert len(files) == 12
    for path in files:
        raw, name = path.read_bytes(), path.relative_to(folder).as_posix()
        step = max(1, len(raw) // FLIPS)
        for place in range(0, len(raw), step):
            path.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
            report = verify(folder, keys=trusted())
            assert name in {finding.path for finding in report.findings}, f"byte {place} of {name}"
        path.write_bytes(raw)
    assert verify(folder, keys=trusted()).ok


def test_outsiders_find_the_same_flips(folder: Path, key: Path) -> None:
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        raw, name = path.read_bytes(), path.relative_to(folder).as_posix()
        for place in {0, len(raw) // 2, len(raw) - 1}:
            path.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
            done = outside(folder, key)
            assert done.returncode == 1, f"byte {place} of {name}: {done.stdout}{done.stderr}"
            assert f"{name}: " in done.stderr, f"byte {place} of {name}: {done.stderr}"
        path.write_bytes(raw)
    assert outside(folder, key).returncode == 0


def test_it_names_files_that_are_missing_and_files_that_nobody_listed(folder: Path, key: Path) -> None:
    (folder / "LICENSE.md").rename(folder / "data" / "LICENSE.md")
    names = {finding.path for finding in verify(folder, keys=trusted()).findings}
    assert names == {"LICENSE.md", "data/LICENSE.md"}
    done = outside(folder, key)
    assert "LICENSE.md: " in done.stderr
    assert "data/LICENSE.md: " in done.stderr


@pytest.mark.parametrize("name", [MANIFEST, ENVELOPE, PROOF, EVENT, KEY])
def test_a_document_that_is_missing_is_named(folder: Path, key: Path, name: str) -> None:
    (folder / name).unlink()
    assert name in {finding.path for finding in verify(folder, keys=trusted()).findings}
    assert f"{name}: " in outside(folder, key).stderr


def test_a_link_out_of_the_folder_is_no_file_of_the_release(folder: Path, tmp_path: Path, key: Path) -> None:
    shutil.move(folder / "README.md", tmp_path / "README.md")
    (folder / "README.md").symlink_to(tmp_path / "README.md")
    assert "README.md" in {finding.path for finding in verify(folder, keys=trusted()).findings}
    assert outside(folder, key).returncode == 1


def test_a_folder_that_somebody_else_signed_is_not_believed(folder: Path, own_home: Path, tmp_path: Path) -> None:
    """A forger can build a folder that is whole in itself; only the caller's key tells."""
    mine = trusted()
    shutil.rmtree(own_home / "keys")
    other = load_or_create().verifier
    names = {finding.path for finding in verify(folder, keys=[other]).findings}
    assert {ENVELOPE, PROOF, KEY} <= names
    assert verify(folder, keys=mine).ok
    path = tmp_path / "other.vkey"
    path.write_text(str(other))
    assert outside(folder, path).returncode == 1


def test_a_signature_with_anything_beside_it_is_refused(folder: Path, key: Path) -> None:
    path = folder / ENVELOPE
    envelope = json.loads(path.read_bytes())
    envelope["signatures"].append({"keyid": "x", "sig": envelope["signatures"][0]["sig"]})
    path.write_bytes(json.dumps(envelope, sort_keys=True, separators=(",", ":")).encode())
    assert ENVELOPE in {finding.path for finding in verify(folder, keys=trusted()).findings}
    assert outside(folder, key).returncode == 1

"""The log as a folder, checked by the one file that outsiders run."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from loop.audit import bundle, keys
from loop.audit.models import AuditCheckpoint
from loop.audit.seal import seal_all
from tests.audit.test_seal import happens
from tests.support.databases import REPOSITORY

pytestmark = pytest.mark.usefixtures("fresh_database")
VERIFIER = REPOSITORY / "loop" / "verifier" / "circled_verify.py"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    happens(300)
    seal_all()
    happens(3)
    path = tmp_path / "bundle"
    call_command("export_audit", str(path), verbosity=0)
    (tmp_path / "key").write_text(str(keys.load_or_create().verifier))
    return path


def checks(folder: Path, *arguments: object) -> tuple[int, str]:
    command = [sys.executable, "-I", str(VERIFIER), "audit", str(folder), "--key", str(folder.parent / "key")]
    done = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_it_verifies_without_us(folder: Path) -> None:
    code, said = checks(folder)
    assert (code, said) == (0, "Verified: 304 entries of the log, and 3 checkpoints over them.\n")
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files == [
        "checkpoint", "checkpoints/301", "checkpoints/304", "log.vkey", "tile/entries/000", "tile/entries/001.p/48"
    ]  # fmt: skip


def test_a_checkpoint_that_was_kept_must_follow_from_it(folder: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text((folder / "checkpoints" / "301").read_text())
    assert checks(folder, "--checkpoint", kept)[0] == 0
    happens(2)
    kept.write_text(seal_all().note)
    code, said = checks(folder, "--checkpoint", kept)
    assert code == 1
    assert "kept: does not follow from the 304 entries" in said


def test_any_flipped_bit_is_found(folder: Path) -> None:
    chance = random.Random(20261120)  # noqa: S311  (repeatable)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        good = path.read_bytes()
        for position in chance.sample(range(len(good) * 8), 3):
            changed = bytearray(good)
            changed[position // 8] ^= 1 << position % 8
            path.write_bytes(changed)
            code, said = checks(folder)
            assert code == 1, (path, position, said)
            assert "Traceback" not in said
        path.write_bytes(good)
    assert checks(folder)[0] == 0


def test_missing_and_moved_entries_are_found(folder: Path) -> None:
    tile = folder / "tile" / "entries" / "001.p" / "48"
    good = tile.read_bytes()
    length = 2 + int.from_bytes(good[:2], "big")
    second = length + 2 + int.from_bytes(good[length : length + 2], "big")
    for changed in (good[length:], good[length:second] + good[:length] + good[second:], good + good[:length], b""):
        tile.write_bytes(changed)
        assert checks(folder)[0] == 1
    tile.unlink()
    assert checks(folder)[0] == 1


def test_another_key_verifies_nothing(folder: Path) -> None:
    stranger = keys.load_or_create("release", name=keys.origin()).verifier
    (folder.parent / "key").write_text(str(stranger))
    code, said = checks(folder)
    assert code == 1
    assert "log.vkey: is not the trusted key" in said


def test_it_writes_only_into_an_empty_folder(folder: Path) -> None:
    with pytest.raises(CommandError, match="empty"):
        call_command("export_audit", str(folder))


def test_an_empty_log_has_a_bundle(tmp_path: Path) -> None:
    checkpoint = bundle.write_bundle(tmp_path / "bundle")
    assert checkpoint == AuditCheckpoint.objects.get()
    (tmp_path / "key").write_text(str(keys.load_or_create().verifier))
    assert checks(tmp_path / "bundle")[0] == 0


@pytest.mark.parametrize(("number", "width", "path"), [
    (0, 256, "000"), (1, 3, "001.p/3"), (999, 256, "999"), (1000, 256, "x001/000"), (1234067, 1, "x001/x234/067.p/1"),
])  # fmt: skip
def test_paths_of_tiles_are_those_of_the_specification(number: int, width: int, path: str) -> None:
    assert bundle.tile_path(number, width) == path

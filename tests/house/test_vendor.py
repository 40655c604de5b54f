"""What we ship from others is what was reviewed: every vendored file is locked by digest and has its licence."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[2] / "loop" / "static" / "loop" / "vendor"
LOCK = VENDOR / "VENDOR.lock"


def locked() -> dict[str, dict[str, object]]:
    """The lock's entries by file name."""
    return {entry["file"]: entry for entry in json.loads(LOCK.read_text(encoding="utf-8"))["files"]}


def test_every_locked_file_has_its_digest() -> None:
    for name, entry in locked().items():
        digest = hashlib.sha256((VENDOR / name).read_bytes()).hexdigest()
        assert digest == entry["sha256"], f"{name} was changed by hand: run scripts/vendor.py and review the difference"


def test_nothing_unlocked_lies_in_the_vendor_folder() -> None:
    present = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()} - {LOCK.name}
    assert present == set(locked()), "list the file in scripts/vendor.py, so that its origin and licence are known"


def test_every_package_brings_its_licence() -> None:
    entries = locked()
    for folder in {name.split("/")[0] for name in entries}:
        assert f"{folder}/LICENSE" in entries, f"{folder} has no licence file"

"""Copy the few third-party browser files we ship from their npm packages and write VENDOR.lock.

Run by hand when a version changes: `python scripts/vendor.py`. It needs npm; nothing else in the house does. The copied
files and the lock are committed, so an installation without a network serves exactly what was reviewed.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "loop" / "static" / "loop" / "vendor"


@dataclass(frozen=True, slots=True)
class Package:
    """One npm package: `files` maps a path inside the package to the name it gets here."""

    name: str
    version: str
    licence: str
    folder: str
    files: dict[str, str]


PACKAGES = (
    Package("htmx.org", "2.0.11", "0BSD", "htmx", {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "LICENSE"}),
    Package(
        "@fontsource-variable/inter",
        "5.3.0",
        "OFL-1.1",
        "inter",
        {"files/inter-latin-wght-normal.woff2": "inter-latin-variable.woff2", "LICENSE": "LICENSE"},
    ),
    Package(
        "@fontsource/courier-prime",
        "5.3.0",
        "OFL-1.1",
        "courier-prime",
        {
            "files/courier-prime-latin-400-normal.woff2": "courier-prime-latin-400.woff2",
            "files/courier-prime-latin-700-normal.woff2": "courier-prime-latin-700.woff2",
            "LICENSE": "LICENSE",
        },
    ),
)


def fetch(package: Package, scratch: Path) -> list[dict[str, str | int]]:
    """Unpack one package and copy its listed files; returns their lock entries. Raises if npm or a file is missing."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", f"{package.name}@{package.version}"],
        cwd=scratch,
        check=True,
        capture_output=True,
        text=True,
    )
    entries: list[dict[str, str | int]] = []
    with tarfile.open(scratch / packed.stdout.strip().splitlines()[-1]) as archive:
        for inside, name in sorted(package.files.items()):
            member = archive.extractfile(f"package/{inside}")
            if member is None:
                raise FileNotFoundError(f"{package.name}@{package.version} has no file {inside}")
            data = member.read()
            target = VENDOR / package.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            entries.append(
                {
                    "file": f"{package.folder}/{name}",
                    "sha256": hashlib.sha256(data).hexdigest(),
                    "size_bytes": len(data),
                    "package": package.name,
                    "version": package.version,
                    "path": inside,
                    "licence": package.licence,
                }
            )
    return entries


def main() -> int:
    """Fetch every package and write the lock; returns the exit code."""
    with tempfile.TemporaryDirectory() as scratch:
        entries = [entry for package in PACKAGES for entry in fetch(package, Path(scratch))]
    lock = {"files": sorted(entries, key=lambda entry: str(entry["file"]))}
    (VENDOR / "VENDOR.lock").write_text(json.dumps(lock, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(entries)} files from {len(PACKAGES)} packages\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

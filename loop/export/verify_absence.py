"""The proof that a release replaces another one: what was recalled from that one is not in this one.

Names of rows differ from release to release. What stays is what a row rests on: the places in the house's log of its
decisions, and which text of the decision it shows. Two rows with the same of these are the same row; in profiles that
are not listed, two with the same decision and the same texts.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from loop.export.rules import MANIFEST
from loop.export.verify_rows import MOST_FINDINGS, Findings
from loop.export.writers import sha256_of

RESTS_ON = {
    "signals": ("fb_log_index",),
    "preference": ("fb_log_index", "fb_rejected_log_index"),
    "unpaired_preference": ("fb_log_index", "fb_side"),
    "sft": ("fb_log_index", "fb_side"),
    "openai_ft": ("fb_log_index", "fb_side"),
    "prompt_only": ("fb_log_index",),
    "stepwise": ("fb_log_index",),
    "reward": ("fb_log_index", "fb_rejected_log_index"),
    "span_critique": ("fb_log_index", "fb_span"),
    "pairs_of_takes": ("fb_log_index", "fb_rejected_log_index"),
    "evaluation": ("fb_log_index",),
    "label_studio": ("fb_log_index",),
    "argilla": ("fb_log_index",),
}
OTHERWISE = ("fb_log_index", "fb_content_sha256")
READ_AT_ONCE = 5_000

Manifest = Mapping[str, Any]
Key = tuple[str, ...]


def check_absence(new: Path, old: Path, report: Findings, *, recalled: Collection[str] = ()) -> None:
    """Adds what speaks against `new` replacing `old`: both folders as they were handed out, each verified by itself.

    1. The manifest of `new` names `old` by uid, version and the digest of its manifest.
    2. Every row that it states as `absent`, and every one of `recalled` (a feed's), is a row of `old`.
    3. No row of `new` is the same as one of these.
    """
    try:
        stated, replaced = _manifest(new), _manifest(old)
        named, release = stated["release"]["replaces"], replaced["release"]
        if named is None or named["uid"] != release["uid"]:
            report.add(MANIFEST, f"expected a release that replaces {release['uid']}, found another")
            return
        if named["manifest_sha256"] != sha256_of(old / MANIFEST)[0]:
            report.add(MANIFEST, "it replaces a release with another manifest")
        if stated["order"]["profile"] != replaced["order"]["profile"]:
            report.add(MANIFEST, "it replaces a release of another profile")
            return
        absent = set(stated["absent"]) | set(recalled)
        gone: dict[Key, str] = {}
        for row_id, key, _path in _rows(old, replaced):
            if row_id in absent:
                absent.discard(row_id)
                gone[key] = row_id
        for row_id in sorted(absent)[:MOST_FINDINGS]:
            report.add(MANIFEST, f"expected recalled rows of the release it replaces, found {row_id}, which is none")
        found = 0
        for row_id, key, path in _rows(new, stated):
            if key in gone and found < MOST_FINDINGS:
                found += 1
                report.add(path, f"row {row_id}: is row {gone[key]} of the release it replaces, which was recalled")
    except (KeyError, TypeError, ValueError, OSError, pa.ArrowException) as error:
        report.add(MANIFEST, f"expected a release and the one it replaces: {type(error).__name__}")


def _manifest(folder: Path) -> Manifest:
    found: Manifest = orjson.loads((folder / MANIFEST).read_bytes())
    return found


def _rows(folder: Path, manifest: Manifest) -> Iterator[tuple[str, Key, str]]:
    """(name, what it rests on, file) of every row; one batch is in memory at a time."""
    columns = RESTS_ON.get(manifest["order"]["profile"], OTHERWISE)
    for entry in manifest["files"]:
        if not entry["path"].startswith("data/"):
            continue
        with pq.ParquetFile(folder / entry["path"]) as file:
            for batch in file.iter_batches(batch_size=READ_AT_ONCE, columns=["fb_row_id", *columns]):
                values = [batch.column(name).to_pylist() for name in ("fb_row_id", *columns)]
                for row_id, *key in zip(*values, strict=True):
                    yield row_id, tuple(key), entry["path"]

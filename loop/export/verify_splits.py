"""The checks on splits: no brief in two, counts as stated, and (in the house) every brief where its lot put it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.db import connection

from loop.export import recipe as recipes
from loop.export.keys import Pseudonyms
from loop.export.models import Export
from loop.export.rules import MANIFEST
from loop.export.splits import names, place_of, read_splits, split_of_file
from loop.kernel.errors import NotValidError

MOST_FINDINGS = 20
_BRIEFS = """
SELECT DISTINCT b.uid FROM loop_export_row r
JOIN loop_decision d ON d.id = r.decision_id JOIN loop_suggestion s ON s.id = d.suggestion_id
JOIN loop_brief b ON b.id = s.brief_id WHERE r.export_id = %s
"""


class Findings(Protocol):
    """Where findings go (verify.Report)."""

    def add(self, path: str, message: str) -> None: ...


def check_splits(folder: Path, manifest: Mapping[str, Any], report: Findings) -> None:
    """Adds files of splits that were not ordered, briefs in two splits, and counts that are not the manifest's."""
    try:
        ordered = read_splits(str(manifest["order"].get("splits", "")))
        paths = [str(entry["path"]) for entry in manifest["files"] if entry["path"].startswith("data/")]
        for path in paths:
            if split_of_file(path) not in names(ordered):
                report.add(path, f"expected a file of {' or '.join(names(ordered))}")
        if ordered:
            _check_counts(folder, paths, manifest["counts"]["splits"], report)
    except (NotValidError, pa.ArrowException, KeyError, TypeError, AttributeError, ValueError, OSError) as error:
        report.add(MANIFEST, f"expected splits of a release: {type(error).__name__}")


def check_drawn(folder: Path, export: Export, report: Findings) -> None:
    """Adds briefs of the folder that lie in another split than the one they drew. One query; none for one split."""
    recipe = recipes.read(export.recipe)
    if not recipe.splits:
        return
    pseudonyms = Pseudonyms(recipient=export.recipient.code, order_digest=bytes(export.order_digest))
    with connection.cursor() as cursor:
        cursor.execute(_BRIEFS, [export.pk])
        briefs: list[UUID] = [row[0] for row in cursor.fetchall()]
    drawn = {
        pseudonyms.of("brief", uid): names(recipe.splits)[place_of(uid, recipe.splits, recipe.split_seed)]
        for uid in briefs
    }
    paths = sorted(str(path.relative_to(folder)) for path in (folder / "data").rglob("*.parquet"))
    wrong = {name for path, found, _ in _read(folder, paths) for name in found if drawn.get(name) != path}
    for name in sorted(wrong)[:MOST_FINDINGS]:
        report.add(MANIFEST, f"brief {name}: expected it in {drawn.get(name)}, found it in another split")


def _check_counts(folder: Path, paths: list[str], stated: Mapping[str, Any], report: Findings) -> None:
    home: dict[str, str] = {}
    rows, leaks = dict.fromkeys(stated, 0), 0
    for split, found, count in _read(folder, paths):
        rows[split] += count
        for name in found:
            if home.setdefault(name, split) != split and leaks < MOST_FINDINGS:
                leaks += 1
                report.add(MANIFEST, f"brief {name}: has rows in {home[name]} and in {split}")
    briefs = dict.fromkeys(stated, 0)
    for split in home.values():
        briefs[split] += 1
    for split, counts in stated.items():
        if (rows[split], briefs[split]) != (counts["rows"], counts["briefs"]):
            report.add(MANIFEST, f"{split}: expected {counts['rows']} rows of {counts['briefs']} briefs, "
                                 f"found {rows[split]} of {briefs[split]}")  # fmt: skip


def _read(folder: Path, paths: list[str]) -> Iterator[tuple[str, list[str], int]]:
    """(split, its distinct briefs, rows) of every row group."""
    for path in paths:
        with pq.ParquetFile(folder / path) as file:
            for group in range(file.num_row_groups):
                column = file.read_row_group(group, columns=["fb_brief"]).column("fb_brief")
                yield split_of_file(path), pc.unique(column).to_pylist(), len(column)

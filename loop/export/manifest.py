"""`manifest.json`: the order, the checkpoint, versions, counts, and the digest of every file. Release id and times too.

Nothing else in the folder holds an id or a time, so two equal orders differ in the manifest, its signature and its
proof, and in nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
import pyarrow as pa

from loop.export.addresses import FEED, address_of
from loop.export.models import Export
from loop.export.record import ReleaseRecord
from loop.export.rows import columns
from loop.export.rules import KEPT_INSIDE
from loop.export.splits import said
from loop.export.writers import SETTINGS
from loop.kernel.canonical import Json, canonical
from loop.kernel.clock import rfc3339

FORMAT = "circled/release@1"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of the folder; `rows` for Parquet."""

    path: str
    sha256: str
    size_bytes: int
    rows: int | None = None

    def stored(self) -> dict[str, Json]:
        entry: dict[str, Json] = {"path": self.path, "sha256": self.sha256, "size_bytes": self.size_bytes}
        return entry if self.rows is None else {**entry, "rows": self.rows}


def manifest(record: ReleaseRecord, files: Sequence[FileEntry]) -> bytes:
    """The file's bytes: indented for people. All of it are facts of the database and the files."""
    export = record.export
    return pretty(
        {
            "format": FORMAT,
            "release": {
                "uid": str(export.uid),
                "number": export.number,
                "version": export.version,
                "production": {"uid": str(export.production.uid), "code": export.production.code},
                "ordered_at": rfc3339(export.ordered_at),
                "frozen_at": rfc3339(export.frozen_at) if export.frozen_at else None,
                "replaces": _named(export.replaces),
                **({"recipe": {"name": export.saved.name, "version": export.saved.version}} if export.saved else {}),
                **({"next_of": _named(export.next_of)} if export.next_of else {}),
            },
            "recall_feed": address_of(FEED, export.uid),
            **({"absent": list(record.absent)} if export.replaces else {}),
            "order": order_part(record),
            "checkpoint": record.checkpoint_note,
            "versions": {
                **record.versions,
                "pyarrow": pa.__version__,
                "parquet": dict(SETTINGS),
            },
            "columns": [{"name": column.name, "type": str(column.type)} for column in columns(record.shape)],
            "counts": counts_part(record),
            "files": [entry.stored() for entry in sorted(files, key=lambda entry: entry.path)],
        }
    )


def _named(old: Export | None) -> dict[str, Json] | None:
    """An earlier release, so that nobody can take another for it."""
    if old is None:
        return None
    return {"uid": str(old.uid), "version": old.version, "manifest_sha256": old.manifest_sha256}


def order_part(record: ReleaseRecord) -> dict[str, Json]:
    """What was ordered; equal orders give equal parts. Names of briefs and people stay inside: numbers say enough."""
    export, recipe = record.export, record.recipe
    filters: dict[str, Json] = {
        name: list(values) for name, values in recipe.filters.items() if name not in KEPT_INSIDE
    }
    filters |= {name: len(values) for name, values in recipe.filters.items() if name in KEPT_INSIDE}
    return {
        "digest": bytes(export.order_digest).hex(),
        "profile": export.profile,
        "purpose": export.purpose,
        "recipient": export.recipient.code,
        "labels": recipe.labels,
        "form": recipe.form,
        "formats": list(recipe.formats),
        "filters": filters,
        **({"splits": said(recipe.splits), "split_seed": recipe.split_seed} if recipe.splits else {}),
        "rows_per_shard": recipe.rows_per_shard,
        "checkpoint_size": str(export.checkpoint_size),
        "gate_date": export.gate_date.isoformat(),
    }


def counts_part(record: ReleaseRecord) -> dict[str, Json]:
    """Rows and what stayed out. The number of rows considered would give suppressed numbers away, so it is not here."""
    tally = record.tally
    return {
        "rows": tally.rows,
        "shards": len(record.shards),
        "label_balance": {"column": record.shape.label_balance, "rows": tally.of(record.shape.label_balance)},
        "origins": {name: tally.of(name) for name in record.shape.origins},
        "authorisations": len(tally.auths),
        "contributors": dict(record.parties),
        "excluded_by_code": dict(record.excluded),
        "dropped_after_freeze": dict(record.dropped),
        "not_made": dict(sorted(record.export.not_made.items())),
        "expires_on": tally.expires_on.isoformat() if tally.expires_on else None,
        **({"splits": splits_part(record)} if record.recipe.splits else {}),
        **({"media": dict(record.media)} if record.media else {}),
    }


def splits_part(record: ReleaseRecord) -> dict[str, Json]:
    """Rows, briefs and labels of each split, those without rows included: they have no file."""
    return {
        name: {"rows": each.rows, "briefs": len(each.briefs), "label_balance": dict(sorted(each.labels.items()))}
        for name, each in record.tally.splits.items()
    }


def pretty(value: Mapping[str, Json]) -> bytes:
    """Sorted, indented JSON with a final newline. Floats and odd keys are refused first, as in canonical form."""
    canonical(value)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

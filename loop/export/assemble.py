"""The folder of a release, put together from finished shards and facts of the database."""

import os
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from uuid import UUID

from loop.audit.keys import load_or_create
from loop.export import places
from loop.export import recipe as recipes
from loop.export.beside import write_beside
from loop.export.card import card
from loop.export.consents import snapshot
from loop.export.croissant import croissant
from loop.export.disclosures import disclosures
from loop.export.dps import dps
from loop.export.interchange import write_interchange
from loop.export.keys import Pseudonyms
from loop.export.licence import licence
from loop.export.line import settle_version
from loop.export.manifest import FileEntry, counts_part, manifest, order_part
from loop.export.models import Export, ExportShard
from loop.export.profiles.registry import SHAPES
from loop.export.proof import log_manifest, write_proof
from loop.export.questions import judged_at
from loop.export.record import ReleaseRecord, gather
from loop.export.rules import CONSENTS, CROISSANT, DPS, ENVELOPE, MANIFEST, shard_file
from loop.export.sign import sign, statement
from loop.export.tally import tally
from loop.export.writers import sha256_of, sync_folder
from loop.kernel.canonical import Json


def assemble(export: Export, token: UUID, check: Callable[[], None]) -> Path:
    """Puts the folder together under a name nobody looks at, and returns it.

    1. Shards are linked (copied where the file system has no links), never rewritten.
    2. The version of one that follows another, by its rows.
       Documents, the manifest with the digest of every file, the signature over it.
    3. The manifest's digest goes into the log; the proof of that goes into the folder.

    Run again, it gives the same manifest, which is not logged twice. `check` raises once the lease is lost.
    """
    if export.frozen_at is None:
        raise ValueError(f"release {export.uid}: expected a frozen one, found none of its rows frozen")
    folder = places.unfinished(places.home(export), token)
    shutil.rmtree(folder, ignore_errors=True)
    recipe = recipes.read(export.recipe)
    shards = _shown(list(ExportShard.objects.filter(export=export).order_by("number")))
    data = _link(export, shards, folder)
    check()
    settle_version(export, token)
    shape = SHAPES[export.profile]  # what is counted is the same in every form
    more = write_beside(export, shape, recipe.formats, data, folder, check)
    counted = tally([folder / entry.path for entry in data], shape, splits=[name for name, _ in recipe.splits])
    found = replace(gather(export, shards, counted), media=more.media)
    names = Pseudonyms(recipient=export.recipient.code, order_digest=bytes(export.order_digest))
    documents = {
        "README.md": card(found),
        "LICENSE.md": licence(found),
        "disclosures.json": disclosures(found),
        CONSENTS: snapshot(
            export, found.authorisations, names, found.tally.auths, moment=judged_at(export, export.frozen_at)
        ),
    }
    files = [*data, *more.files, *(_write(folder, name, content) for name, content in documents.items())]
    rendered = write_interchange(export.profile, [entry.path for entry in data], folder, splits=bool(recipe.splits))
    files += [FileEntry(name, *sha256_of(folder / name)) for name in rendered]
    files.append(_write(folder, DPS, dps(found, files)))
    files.append(_write(folder, CROISSANT, croissant(found, files)))
    check()
    stated = _write(folder, MANIFEST, manifest(found, files))
    _write(folder, ENVELOPE, _signed(found, [*files, stated]))
    log_manifest(export, token, manifest_sha256=stated.sha256, counts=counts_part(found))
    write_proof(export, folder)
    _sync(folder)
    return folder


def _shown(shards: list[ExportShard]) -> list[ExportShard]:
    """Without the splits that have no row, as `datasets` refuses empty ones; the first of them if none has any."""
    full = {shard.split for shard in shards if shard.rows}
    return [shard for shard in shards if shard.split in (full or {shards[0].split})]


def _link(export: Export, shards: list[ExportShard], folder: Path) -> list[FileEntry]:
    target = folder / "data" / export.profile
    target.mkdir(parents=True, mode=0o700)
    entries = []
    in_split = Counter(shard.split for shard in shards)
    numbers = {name: count() for name in in_split}
    for shard in shards:
        path = target / shard_file(next(numbers[shard.split]), in_split[shard.split], shard.split)
        source = places.shard(export, shard.number, shard.sha256)
        try:
            os.link(source, path)
        except OSError:  # another file system, or one without links
            shutil.copyfile(source, path)
        digest, size = sha256_of(path)
        entries.append(FileEntry(str(path.relative_to(folder)), digest, size, shard.rows))
    return entries


def _write(folder: Path, name: str, content: bytes) -> FileEntry:
    path = folder / name
    path.write_bytes(content)
    digest, size = sha256_of(path)
    return FileEntry(name, digest, size)


def _signed(found: ReleaseRecord, files: list[FileEntry]) -> bytes:
    release = str(found.export.uid)
    predicate: dict[str, Json] = {"order": order_part(found), "rows": found.tally.rows, "release": release}
    return sign(statement({entry.path: entry.sha256 for entry in files}, predicate), load_or_create())


def _sync(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        else:
            sync_folder(path)
    sync_folder(folder)

"""Keeping the document that proves an authorisation, an agreement or a model's terms."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from loop.audit.record import record
from loop.consent.models import Evidence
from loop.kernel.actor import Actor
from loop.kernel.clock import rfc3339
from loop.kernel.errors import NotValidError
from loop.kernel.ids import uuid7

FOLDER = "evidence"
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it was handed in, read whole and found fit to keep."""

    file_name: str
    content: bytes
    kind: str = ""
    signed_at: datetime | None = None
    method: str = ""

    @property
    def sha256(self) -> str:
        """The name it is known by."""
        return hashlib.sha256(self.content).hexdigest()


def read_document(
    path: Path, *, kind: str = "", signed_at: datetime | None = None, method: str = "", field: str = "evidence"
) -> Document:
    """The document at `path`. Raises NotValidError if it is missing, no file, empty, too large or cannot be read."""
    try:
        if path.is_dir():
            raise NotValidError(f"{field}: expected a file, found the folder {path}", field=field)
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise NotValidError(f"{field}: expected at most {MOST_BYTES} bytes, found {size} in {path}", field=field)
        content = path.read_bytes()
    except OSError as error:
        raise NotValidError(
            f"{field}: expected a readable file, found {error.strerror or error} for {path}", field=field
        ) from error
    return document_of(path.name, content, kind=kind, signed_at=signed_at, method=method, field=field)


def document_of(
    file_name: str,
    content: bytes,
    *,
    kind: str = "",
    signed_at: datetime | None = None,
    method: str = "",
    field: str = "evidence",
) -> Document:
    """The document with these bytes, as an upload brings it. Raises NotValidError if it is empty or too large."""
    if not content:
        raise NotValidError(f"{field}: expected a document, found an empty file {file_name!r}", field=field)
    if len(content) > MOST_BYTES:
        raise NotValidError(f"{field}: expected at most {MOST_BYTES} bytes, found {len(content)}", field=field)
    return Document(Path(file_name).name[:200] or "evidence", content, kind[:64], signed_at, method[:64])


def matching(document: Document, sha256: str, *, field: str = "evidence_sha256") -> Document:
    """`document`, if its SHA-256 is the one that was named; "": none was. Raises NotValidError."""
    if sha256 and document.sha256 != sha256.strip().lower():
        raise NotValidError(
            f"{field}: expected a document of SHA-256 {sha256.strip()[:80]}, found {document.sha256}", field=field
        )
    return document


def store_evidence(*, document: Document, actor: Actor, production_id: int | None, at: datetime) -> Evidence:
    """Keeps `document` under its SHA-256, readable by the owner only, and records it, in the caller's transaction.

    1. The same document with the same particulars is kept once.
    2. The file is written beside its final name, flushed to the disk and renamed, so it is whole or not there. A file
       that a rolled back transaction leaves behind has nobody's name and harms nobody: its name is its content.
    """
    known = Evidence.objects.filter(
        sha256=document.sha256, file_name=document.file_name, kind=document.kind,
        signed_at=document.signed_at, method=document.method,
    ).first()  # fmt: skip
    _write(document)
    if known is not None:
        return known
    evidence = Evidence.objects.create(
        sha256=document.sha256,
        kind=document.kind,
        file_name=document.file_name,
        size_bytes=len(document.content),
        stored_name=f"{FOLDER}/{document.sha256}",
        signed_at=document.signed_at,
        method=document.method,
        recorded_at=at,
    )
    record(
        event="evidence.stored", actor=actor, obj_table="loop_evidence", obj_uid=evidence.uid,
        production_id=production_id, at=at,
        facts={
            "sha256": evidence.sha256, "kind": evidence.kind, "file_name": evidence.file_name,
            "size_bytes": evidence.size_bytes, "method": evidence.method,
            "signed_at": None if evidence.signed_at is None else rfc3339(evidence.signed_at),
        },
    )  # fmt: skip
    return evidence


def _write(document: Document) -> None:
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    final = folder / document.sha256
    if final.exists():
        return
    draft = folder / f"{document.sha256}.{uuid7()}.part"
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(document.content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(final)
    finally:
        draft.unlink(missing_ok=True)

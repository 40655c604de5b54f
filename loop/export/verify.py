"""Checks a release folder as its recipient does: nothing in it is believed because it stands in it.

The key comes from the caller, never from the folder. `loop/verifier/circled_verify.py export` makes the same checks in
one file without us; a test flips every kind of byte and compares the two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from securesystemslib.exceptions import VerificationError

from loop.audit.note import VerifierKey
from loop.export.interchange import check_interchange
from loop.export.manifest import FORMAT
from loop.export.rules import ENVELOPE, EVENT, KEY, MANIFEST, PROOF
from loop.export.sign import PAYLOAD_TYPE, STATEMENT_TYPE, public_key, read_envelope
from loop.export.verify_formats import check_formats
from loop.export.verify_proof import check_proof
from loop.export.verify_rows import check_rows
from loop.export.verify_splits import check_splits
from loop.export.writers import sha256_of

UNLISTED = frozenset({MANIFEST, ENVELOPE, PROOF, EVENT, KEY})  # vouched for by signature and log, not by the manifest


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be. `path` names the file, relative to the folder."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass(slots=True)
class Report:
    """What was checked and what was found. `ok` only if nothing was found and there was something to check."""

    findings: list[Finding] = field(default_factory=list)
    files: int = 0
    rows: int = 0
    checkpoint_size: int = 0

    @property
    def ok(self) -> bool:
        return not self.findings

    def add(self, path: str, message: str) -> None:
        self.findings.append(Finding(path, message))


def verify(folder: Path, *, keys: Sequence[VerifierKey]) -> Report:
    """Every check on the folder; never raises for what the folder holds, findings say it.

    1. The signature over the manifest, by one of `keys`. 2. Digest and size of every file; files that are missing and
    files that nobody listed. 3. The manifest's digest in the log, under a signed checkpoint. 4. Rows: counts, schema,
    unique names, content digests, consent flags against consents.jsonl.
    """
    report = Report()
    if not folder.is_dir():
        report.add(str(folder.name), "expected a folder, found none")
        return report
    if not keys:
        report.add(KEY, "expected a trusted key from the caller, found none")
        return report
    stated = _check_signature(folder, keys, report)
    manifest = _check_manifest(folder, stated, report)
    if manifest is None:
        return report
    is_whole = _check_files(folder, manifest, stated, report)
    check_proof(folder, keys, report)
    if is_whole:
        check_rows(folder, manifest, report)
        check_splits(folder, manifest, report)
        check_formats(folder, manifest, report)
        check_interchange(folder, manifest, report)
    return report


def _check_signature(folder: Path, keys: Sequence[VerifierKey], report: Report) -> dict[str, str]:
    """{path: SHA-256} of the signed statement; empty if it cannot be believed."""
    try:
        envelope = read_envelope(folder / ENVELOPE)
        envelope.verify([public_key(key) for key in keys], threshold=1)
        if len(envelope.signatures) != 1 or envelope.payload_type != PAYLOAD_TYPE:
            report.add(ENVELOPE, f"expected one signature over {PAYLOAD_TYPE}, found another envelope")
            return {}
        statement = orjson.loads(envelope.payload)
        if statement["_type"] != STATEMENT_TYPE:
            report.add(ENVELOPE, f"expected a statement {STATEMENT_TYPE}, found {statement['_type']!r}")
            return {}
        return {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    except FileNotFoundError:
        report.add(ENVELOPE, "expected the signature over the manifest, found no file")
    except VerificationError:
        report.add(ENVELOPE, "the signature is not by a trusted key, or does not fit what it signs")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        report.add(ENVELOPE, f"expected a DSSE envelope in canonical form: {type(error).__name__}")
    return {}


def _check_manifest(folder: Path, stated: Mapping[str, str], report: Report) -> dict[str, object] | None:
    path = folder / MANIFEST
    if not path.is_file():
        report.add(MANIFEST, "expected the manifest, found no file")
        return None
    digest, _size = sha256_of(path)
    if stated and stated.get(MANIFEST) != digest:
        report.add(MANIFEST, "its SHA-256 is not the signed one")
    try:
        manifest = orjson.loads(path.read_bytes())
        if manifest["format"] != FORMAT:
            raise ValueError(f"expected {FORMAT}, found {manifest['format']!r}")
        for entry in manifest["files"]:
            if not isinstance(entry["path"], str) or not isinstance(entry["sha256"], str):
                raise TypeError("expected paths and digests as text")
    except (ValueError, KeyError, TypeError) as error:
        report.add(MANIFEST, f"expected a manifest of format {FORMAT}: {type(error).__name__}")
        return None
    found: dict[str, object] = manifest
    return found


def _check_files(folder: Path, manifest: Mapping[str, object], stated: Mapping[str, str], report: Report) -> bool:
    before = len(report.findings)
    entries = manifest["files"]
    listed = {entry["path"]: entry for entry in entries} if isinstance(entries, list) else {}
    for name, entry in listed.items():
        path = folder / name
        if path.is_symlink() or not path.is_file() or folder.resolve() not in path.resolve().parents:
            report.add(name, "the manifest lists it, found no such file in the folder")
            continue
        digest, size = sha256_of(path)
        report.files += 1
        if digest != entry["sha256"] or size != entry["size_bytes"]:
            report.add(
                name, f"expected SHA-256 {entry['sha256']} and {entry['size_bytes']} bytes, found {digest}, {size}"
            )
        elif stated and stated.get(name) != digest:
            report.add(name, "its SHA-256 is not the signed one")
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if (path.is_symlink() or not path.is_dir()) and name not in listed and name not in UNLISTED:
            report.add(name, "the manifest does not list it: it is no part of the release")
    return len(report.findings) == before

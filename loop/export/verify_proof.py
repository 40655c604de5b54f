"""The checks on `audit/`: the manifest's digest is a fact of an entry that stands in the log."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import orjson

from loop.audit.entry import parse
from loop.audit.merkle import leaf_hash, verify_inclusion
from loop.audit.note import NoteError, VerifierKey, open_checkpoint, parse_proof
from loop.export.proof import BUILT, Opening
from loop.export.rules import EVENT, KEY, MANIFEST, PROOF
from loop.export.writers import sha256_of
from loop.kernel.canonical import NotCanonicalError, commitment


class Findings(Protocol):
    """Where findings go (verify.Report)."""

    checkpoint_size: int

    def add(self, path: str, message: str) -> None: ...


def check_proof(folder: Path, keys: Sequence[VerifierKey], report: Findings) -> None:
    """Adds what is wrong with the three files of `audit/`.

    Every file must have its one canonical form, so that no byte of it is free to change.
    """
    _check_key(folder, keys, report)
    entry = _check_event(folder, report)
    try:
        raw = (folder / PROOF).read_bytes()
        proof = parse_proof(raw.decode())
        if proof.text().encode() != raw:
            report.add(PROOF, "expected a tlog-proof in canonical form, found other bytes of the same meaning")
            return
        checkpoint = open_checkpoint(proof.note, keys)
        signatures = proof.note.rpartition("\n\n")[2].count("\n")
        if signatures != 1:
            report.add(PROOF, f"expected one signature on the checkpoint, found {signatures}")
            return
        report.checkpoint_size = checkpoint.size
        if entry is not None and not verify_inclusion(
            leaf=leaf_hash(entry),
            index=proof.index,
            size=checkpoint.size,
            proof=proof.hashes,
            root_hash=checkpoint.root,
        ):
            for name in (EVENT, PROOF):  # either of the two may be the altered one
                report.add(name, f"the entry does not stand at {proof.index} of the log of {checkpoint.size}")
    except FileNotFoundError:
        report.add(PROOF, "expected the proof of inclusion, found no file")
    except (NoteError, UnicodeDecodeError, ValueError) as error:
        report.add(PROOF, f"{error}" if isinstance(error, NoteError) else f"expected a proof: {type(error).__name__}")


def _check_key(folder: Path, keys: Sequence[VerifierKey], report: Findings) -> None:
    path = folder / KEY
    if not path.is_file():
        report.add(KEY, "expected the log's key beside its proof, found no file")
    elif path.read_bytes() not in [f"{key}\n".encode() for key in keys]:
        report.add(KEY, "is not the trusted key; a key in the folder is never believed")


def _check_event(folder: Path, report: Findings) -> bytes | None:
    """The bytes of the entry, if it opens to the digest of this folder's manifest."""
    try:
        raw = (folder / EVENT).read_bytes()
        value = orjson.loads(raw)
        opening = Opening(entry=value["entry"].encode(), salt=bytes.fromhex(value["salt"]), facts=value["facts"])
        entry = parse(opening.entry)
        if opening.stored() != raw:
            report.add(EVENT, "expected canonical form, found other bytes of the same meaning")
        elif entry.event != BUILT or entry.commit != commitment(opening.salt, opening.facts):
            report.add(EVENT, "the entry does not commit to these facts")
        elif opening.facts.get("manifest_sha256") != sha256_of(folder / MANIFEST)[0]:
            report.add(MANIFEST, "its SHA-256 is not the one in the log")
        else:
            return opening.entry
    except FileNotFoundError:
        report.add(EVENT, "expected the log's entry, found no file")
    except (ValueError, KeyError, TypeError, AttributeError, NotCanonicalError) as error:
        report.add(EVENT, f"expected an entry of the log with its opening: {type(error).__name__}")
    return None

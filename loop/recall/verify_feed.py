"""Checks a recall feed, and a release that replaces another one, as whoever receives them does.

`loop/verifier/circled_verify.py` makes the same checks without us; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from securesystemslib.exceptions import VerificationError

from loop.audit.merkle import leaf_hash, verify_inclusion
from loop.audit.note import NoteError, VerifierKey, open_checkpoint, parse_proof
from loop.export.rules import MANIFEST
from loop.export.sign import parse_envelope, public_key
from loop.export.verify import Report, verify
from loop.export.verify_absence import check_absence
from loop.export.writers import sha256_of
from loop.kernel.canonical import canonical
from loop.recall.feed import FORMAT, PAYLOAD_TYPE

FEED = "feed"


def verify_feed(
    raw: bytes, *, keys: Sequence[VerifierKey], moment: datetime, report: Report
) -> Mapping[str, Any] | None:
    """The document of a feed, None if it cannot be believed; adds what is wrong with it.

    1. One signature by one of `keys`, over the one canonical form of the type of a feed.
    2. Fresh: its next update is still to come at `moment`. A stale one may lack what was recalled since.
    3. Its newest notice stands in the log, under a checkpoint signed by one of `keys`.
    """
    try:
        envelope = parse_envelope(raw)
        envelope.verify([public_key(key) for key in keys], threshold=1)
        if len(envelope.signatures) != 1 or envelope.payload_type != PAYLOAD_TYPE:
            raise ValueError(f"expected one signature over {PAYLOAD_TYPE}")
        found: Mapping[str, Any] = orjson.loads(envelope.payload)
        if found["format"] != FORMAT or canonical(found) != envelope.payload:
            raise ValueError(f"expected {FORMAT} in canonical form")
        issued, due = (datetime.fromisoformat(found[name]) for name in ("issued_at", "next_update"))
        if not issued <= moment < due:
            report.add(FEED, f"it is of {found['issued_at']} and good until {found['next_update']}: fetch it again")
        if found["notices"]:
            _check_log(found, keys)
    except VerificationError:
        report.add(FEED, "the signature is not by a trusted key, or does not fit what it signs")
    except (NoteError, ValueError, KeyError, TypeError, AttributeError) as error:
        report.add(FEED, f"expected a signed recall feed: {type(error).__name__} {error}")
    else:
        return found
    return None


def verify_replacement(new: Path, *, old: Path, feed: bytes, keys: Sequence[VerifierKey], moment: datetime) -> Report:
    """Every check on the folder `new`, on `old` which it replaces, on the feed of `old`, and that the recalled is gone.

    What the feed recalled before `new` was frozen must be stated as absent by `new`; what it recalled later is the
    business of the next replacement, unless the feed says that `new` is free of it.
    """
    report = verify(new, keys=keys)
    before = verify(old, keys=keys)
    for finding in before.findings:
        report.add(f"{old.name}/{finding.path}", finding.message)
    said = verify_feed(feed, keys=keys, moment=moment, report=report)
    if said is None or not report.ok:
        return report
    try:
        stated = orjson.loads((new / MANIFEST).read_bytes())
        replaced = orjson.loads((old / MANIFEST).read_bytes())
        digest, _size = sha256_of(old / MANIFEST)
        if (said["export"], said["manifest_sha256"]) != (replaced["release"]["uid"], digest):
            report.add(FEED, f"expected the feed of {replaced['release']['uid']}, found that of {said['export']}")
            return report
        before_it, free_of = _due(said, stated)
    except (ValueError, KeyError, TypeError) as error:
        report.add(MANIFEST, f"expected a release and the one it replaces: {type(error).__name__}")
        return report
    unstated = sorted(before_it - set(stated.get("absent", ())))
    if unstated:
        report.add(MANIFEST, f"expected {len(unstated)} more recalled rows among the absent, {unstated[0]} for one")
    check_absence(new, old, report, recalled=before_it | free_of)
    return report


def _due(said: Mapping[str, Any], stated: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """The rows that were recalled before the replacement was frozen, and those that the feed says it is free of."""
    release = stated["release"]
    frozen, name = datetime.fromisoformat(release["frozen_at"]), f"{release['uid']}@{release['version']}"
    before, free = set[str](), set[str]()
    for notice in said["notices"]:
        if datetime.fromisoformat(notice["issued_at"]) <= frozen:
            before.update(notice["rows"])
        if notice["replaced_by"] == name:
            free.update(notice["rows"])
    return before, free


def _check_log(found: Mapping[str, Any], keys: Sequence[VerifierKey]) -> None:
    last, log = found["notices"][-1], found["log"]
    entry = orjson.loads(log["entry"])
    proof = parse_proof(log["proof"])
    checkpoint = open_checkpoint(proof.note, keys)
    is_there = verify_inclusion(
        leaf=leaf_hash(log["entry"].encode()), index=proof.index, size=checkpoint.size, proof=proof.hashes,
        root_hash=checkpoint.root,
    )  # fmt: skip
    is_its = entry["object"]["uid"] == last["id"] == log["notice"] and str(proof.index) == last["log_index"]
    if not is_there or not is_its:
        raise ValueError("its newest notice does not stand in the log where it says")

#!/usr/bin/env python3
"""Checks what Circled hands out, without Circled. Python 3.11+, `pip install cryptography pyarrow`, no network.

    python circled_verify.py export FOLDER --key log.vkey [--replaces OLD_FOLDER --feed FEED_OF_OLD]
    python circled_verify.py feed FEED --key log.vkey
    python circled_verify.py audit FOLDER --key log.vkey [--checkpoint KEPT_FROM_BEFORE]

The key (one line, name+hash+key) must come to you by another way than the folder: what lies in the folder proves
nothing. Exit code 0: everything holds. 1: something does not, named line by line. 2: it could not be checked.
"""

import argparse
import base64
import functools
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Add = Callable[[str, str], None]  # (file, what is wrong with it)


class BadError(ValueError):
    """Something is malformed or does not hold; the message says what."""


# -- keys, notes, Merkle trees (C2SP signed-note and tlog-checkpoint, RFC 6962, RFC 9162) ------------------------------


def unbase64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise BadError(f"expected base64, found {text[:60]!r}") from None
    if base64.b64encode(data).decode() != text:
        raise BadError("expected base64 in its one canonical form")
    return data


def parse_vkey(text: str) -> tuple[str, bytes, bytes]:
    """(name, key id, Ed25519 public key) of "name+hash+key"."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        raise BadError("expected a key name+hash+key")
    data = unbase64(parts[2])
    key_id = hashlib.sha256(parts[0].encode() + b"\n" + data).digest()[:4]
    if data[:1] != b"\x01" or len(data) != 33 or key_id.hex() != parts[1]:
        raise BadError("expected an Ed25519 key whose hash fits its name")
    return parts[0], key_id, data[1:]


def verify_signature(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def open_checkpoint(note: str, vkey: str) -> tuple[int, bytes, int]:
    """(size, root, number of signature lines) of a checkpoint signed by the key under its own name."""
    name, key_id, public = parse_vkey(vkey)
    text, separator, tail = note.rpartition("\n\n")
    lines, text = tail.split("\n"), text + "\n"
    if not separator or lines.pop() or not lines:
        raise BadError("expected a signed note: text, a blank line, signature lines")
    signed = False
    for line in lines:
        match = re.fullmatch(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})", line)
        if match is None:
            raise BadError("expected a signature line")
        data = unbase64(match[2])
        if (match[1], data[:4]) == (name, key_id):
            if not verify_signature(public, data[4:], text.encode()):
                raise BadError("the checkpoint's signature does not fit its text")
            signed = True
    if not signed:
        raise BadError(f"expected a checkpoint signed by {name}")
    body = text.split("\n")
    if len(body) < 4 or body[0] != name or not re.fullmatch("0|[1-9][0-9]{0,18}", body[1]):
        raise BadError("expected a checkpoint: origin, size, root")
    return int(body[1]), unbase64(body[2]), len(lines)


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def verify_inclusion(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    if not 0 <= index < size:
        return False
    fn, sn, found = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            found = node_hash(sibling, found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node_hash(found, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and found == root


def parse_proof(text: str) -> tuple[int, list[bytes], str]:
    """(index, hashes, checkpoint) of a C2SP tlog-proof."""
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != "c2sp.org/tlog-proof@v1" or not re.fullmatch("index (0|[1-9][0-9]{0,18})", lines[1]):
        raise BadError("expected a C2SP tlog-proof with an index")
    return int(lines[1][6:]), [unbase64(line) for line in lines[2:]], note


def canonical(value: Any) -> bytes:
    """RFC 8785 for what we write: text, integers, booleans, null, lists, objects with ASCII keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# -- a release folder --------------------------------------------------------------------------------------------------

MANIFEST, ENVELOPE, CONSENTS = "manifest.json", "manifest.dsse.json", "consents.jsonl"
PROOF, EVENT, KEY = "audit/export.tlog-proof", "audit/event.json", "audit/log.vkey"
UNLISTED = {MANIFEST, ENVELOPE, PROOF, EVENT, KEY}
DIGESTED = {
    "signals": ("prompt", "suggestion", "revision", "rationale"),
    "preference": ("prompt", "chosen", "rejected"),
    "unpaired_preference": ("prompt", "completion"),
    "sft": ("prompt", "completion"),
    "prompt_only": ("prompt",),
    "stepwise": ("prompt", "completions"),
    "reward": ("chosen", "rejected"),
    "span_critique": ("prompt", "suggestion", "revision", "rationale", "name", "note"),
    "pairs_of_takes": (
        "prompt", "chosen_sha256", "chosen_note", "chosen_because", "rejected_sha256", "rejected_note",
        "rejected_because",
    ),
    "evaluation": ("prompt", "rejected_answer", "reference", "rationale"),
    "label_studio": ("prompt", "suggestion", "revision", "rationale"),
    "argilla": ("prompt", "suggestion", "revision", "rationale"),
    "openai_ft": ("prompt", "completion"),
}  # fmt: skip
FLAGS = {
    "fb_use_generative_training": "ai_generative_training",
    "fb_use_training": "ai_training",
    "fb_use_inference": "ai_inference",
    "fb_use_data_mining": "data_mining",
}
RANK = {"allowed": 0, "constrained": 1, "notAllowed": 2}
PERMITTING = {"ConsentGiven", "RenewedConsentGiven"}
MALFORMED = (BadError, ValueError, KeyError, TypeError, AttributeError, OSError)


def check_export(folder: Path, vkey: str, add: Add) -> str:
    """Every check on the folder; returns what was checked, in words."""
    stated = attempt(add, ENVELOPE, lambda: check_envelope(folder, vkey)) or {}
    manifest = attempt(add, MANIFEST, lambda: read_manifest(folder, stated, add))
    if manifest is None:
        return "nothing"
    whole = check_files(folder, manifest, stated, add)
    attempt(add, KEY, lambda: check_key(folder / KEY, vkey))
    entry = attempt(add, EVENT, lambda: check_event(folder))
    size = attempt(add, PROOF, lambda: check_proof(folder, vkey, entry, add))
    rows = attempt(add, MANIFEST, lambda: check_rows(folder, manifest, add)) if whole else 0
    return f"{len(manifest['files'])} files, {rows} rows, the signature, and the place in the log of {size} entries"


def attempt(add: Add, name: str, check: Callable[[], Any]) -> Any:
    try:
        return check()
    except FileNotFoundError:
        add(name, "expected this file, found none")
    except MALFORMED as error:
        add(name, str(error) if isinstance(error, BadError) else f"malformed: {type(error).__name__} {error}")
    return None


def check_envelope(folder: Path, vkey: str) -> dict[str, str]:
    """DSSE over an in-toto statement; {file: SHA-256} that was signed."""
    payload = open_envelope((folder / ENVELOPE).read_bytes(), vkey, "application/vnd.in-toto+json")
    return {each["name"]: each["digest"]["sha256"] for each in json.loads(payload)["subject"]}


def open_envelope(raw: bytes, vkey: str, expected: str) -> bytes:
    """The payload of a DSSE envelope in canonical form, of the type expected, signed by the key and by nobody else."""
    envelope = json.loads(raw)
    if canonical(envelope) != raw or len(envelope["signatures"]) != 1:
        raise BadError("expected an envelope with one signature in canonical form")
    kind, payload = envelope["payloadType"].encode(), unbase64(envelope["payload"])
    message = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    signature = envelope["signatures"][0]
    public = parse_vkey(vkey)[2]
    if signature["keyid"] != vkey or not verify_signature(public, unbase64(signature["sig"]), message):
        raise BadError("the signature is not by the trusted key, or does not fit what it signs")
    if set(envelope) != {"payload", "payloadType", "signatures"} or set(signature) != {"keyid", "sig"}:
        raise BadError("expected an envelope without further fields")
    if envelope["payloadType"] != expected:
        raise BadError(f"expected {expected}, found a signature over something else")
    return payload


def read_manifest(folder: Path, stated: dict[str, str], add: Add) -> dict[str, Any]:
    if stated and stated.get(MANIFEST) != digest_of(folder / MANIFEST):
        add(MANIFEST, "its SHA-256 is not the signed one")
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    if manifest["format"] != "circled/release@1":
        raise BadError(f"expected circled/release@1, found {manifest['format']!r}")
    return manifest


def check_files(folder: Path, manifest: dict[str, Any], stated: dict[str, str], add: Add) -> bool:
    whole = True
    listed = {entry["path"]: entry for entry in manifest["files"]}
    for name, entry in listed.items():
        path = folder / name
        if path.is_symlink() or not path.is_file() or folder.resolve() not in path.resolve().parents:
            problem = "the manifest lists it, found no such file"
        elif digest_of(path) != entry["sha256"] or path.stat().st_size != entry["size_bytes"]:
            problem = "its SHA-256 or size is not that of the manifest"
        elif stated and stated.get(name) != entry["sha256"]:
            problem = "its SHA-256 is not the signed one"
        else:
            continue
        whole = False
        add(name, problem)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if (path.is_symlink() or not path.is_dir()) and name not in listed and name not in UNLISTED:
            whole = False
            add(name, "the manifest does not list it: it is no part of the release")
    return whole


def check_key(path: Path, vkey: str) -> None:
    if path.read_bytes() != f"{vkey}\n".encode():
        raise BadError("is not the trusted key")


def check_event(folder: Path) -> bytes:
    """The entry of the log, if its commitment opens to the digest of this manifest."""
    raw = (folder / EVENT).read_bytes()
    value = json.loads(raw)
    entry: bytes = value["entry"].encode()
    salt = bytes.fromhex(value["salt"])
    if canonical(value) + b"\n" != raw or set(value) != {"entry", "salt", "facts"} or salt.hex() != value["salt"]:
        raise BadError("expected entry, salt and facts in canonical form")
    fields = json.loads(entry)
    commit = hashlib.sha256(salt + canonical(value["facts"])).hexdigest()
    if fields["type"] != "export.built" or fields["commit"] != commit:
        raise BadError("the entry does not commit to these facts")
    if value["facts"]["manifest_sha256"] != digest_of(folder / MANIFEST):
        raise BadError("the log has another manifest for this release")
    return entry


def check_proof(folder: Path, vkey: str, entry: bytes | None, add: Add) -> int:
    index, proof, note = parse_proof((folder / PROOF).read_bytes().decode())
    size, root, signatures = open_checkpoint(note, vkey)
    if signatures != 1:
        raise BadError("expected one signature on the checkpoint")
    if entry is not None and not verify_inclusion(leaf_hash(entry), index, size, proof, root):
        for name in (EVENT, PROOF):  # either of the two may be the altered one
            add(name, "the entry does not stand at this place of the log")
    return size


def check_rows(folder: Path, manifest: dict[str, Any], add: Add) -> int:
    """Counts, unique names, content digests, and consent flags that consents.jsonl bears out."""
    order, total, seen = manifest["order"], 0, set()
    texts = DIGESTED[order["profile"]]
    consents = {each["auth_id"]: each for each in map(json.loads, (folder / CONSENTS).read_bytes().splitlines())}
    judged, used, home = dict[str, str](), set[str](), dict[str, str]()
    for entry in manifest["files"]:
        if not entry["path"].startswith("data/"):
            continue
        rows, split = 0, entry["path"].rpartition("/")[2].rsplit("-", 3)[0]
        for row in read_rows(folder / entry["path"], texts):
            rows += 1
            problem = "its name is not the only one" if row["fb_row_id"] in seen else ""
            seen.add(row["fb_row_id"])
            if text_digest([row[name] for name in texts]) != row["fb_content_sha256"]:
                problem = "its texts do not have the digest it states"
            if int(row["fb_log_index"]) >= int(order["checkpoint_size"]):
                problem = "its decision is later than the checkpoint of the order"
            if home.setdefault(row["fb_brief"], split) != split:
                problem = f"its brief has rows in {home[row['fb_brief']]} too"
            key = repr([row[name] for name in ("fb_auth_ids", *FLAGS, "fb_expires_on", "fb_territory")])
            if key not in judged:
                judged[key] = judge(row, consents, order)
                used.update(row["fb_auth_ids"])
            if problem or judged[key]:
                add(entry["path"], f"row {row['fb_row_id']}: {problem or judged[key]}")
        if rows != entry["rows"]:
            add(entry["path"], f"expected {entry['rows']} rows, found {rows}")
        total += rows
    check_splits(manifest, home, add)
    if total != manifest["counts"]["rows"]:
        add(MANIFEST, f"it counts {manifest['counts']['rows']} rows, the files hold {total}")
    if set(consents) != used:
        add(CONSENTS, "it lists authorisations that no row names")
    return total


def check_splits(manifest: dict[str, Any], home: dict[str, str], add: Add) -> None:
    """`home`: the split of each brief, by the files. Every one is ordered, and has the briefs that are stated."""
    ordered = [each.partition("=")[0] for each in manifest["order"].get("splits", "train=1").split(",")]
    for split in sorted(set(home.values()) - set(ordered)):
        add(MANIFEST, f"expected splits {' and '.join(ordered)}, found rows in {split}")
    for split, counts in manifest["counts"].get("splits", {}).items():
        if counts["briefs"] != (briefs := list(home.values()).count(split)):
            add(MANIFEST, f"{split}: expected {counts['briefs']} briefs, found {briefs}")


def read_rows(path: Path, texts: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq  # only for releases: the log can be checked without it

    named = ("row_id", "brief", "content_sha256", "log_index", "auth_ids", "expires_on", "territory")
    wanted = [*texts, *FLAGS, *(f"fb_{name}" for name in named)]
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=5_000, columns=wanted):
            yield from batch.to_pylist()


def whole(value: Any) -> Any:
    """The text that the pieces of a list make (steps, or contents of messages); anything else as it is."""
    if not isinstance(value, list):
        return value
    return "".join(each["content"] if isinstance(each, dict) else each for each in value)


def text_digest(texts: list[Any]) -> str:
    parts = [b"-," if text is None else b"%d:%b," % (len(text.encode()), text.encode()) for text in map(whole, texts)]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def judge(row: dict[str, Any], consents: dict[str, Any], order: dict[str, Any]) -> str:
    """What is wrong with the consent flags of a row; "" if they follow from its authorisations."""
    if not row["fb_auth_ids"] or any(auth not in consents for auth in row["fb_auth_ids"]):
        return "expected authorisations of consents.jsonl, found none or unknown ones"
    own, on, to = [consents[auth] for auth in row["fb_auth_ids"]], order["gate_date"], order["recipient"]
    for each in own:
        said = each["uses"].get(order["purpose"])  # a condition is the house's to check; that there is one is ours
        permits = each["state"] in PERMITTING and (said == "allowed" or (said == "constrained" and each["condition"]))
        if not (permits and each["valid_from"] <= on <= each["valid_until"] and each["recipient"] == to):
            return f"authorisation {each['auth_id']} does not permit it"
        allow, deny, places = set(each["territory_allow"]), set(each["territory_deny"]), set(row["fb_territory"])
        if (allow or deny) and (not places or (allow and not places <= allow) or places & deny):
            return "fb_territory is wider than its authorisations"
    if row["fb_expires_on"] != min(date.fromisoformat(each["valid_until"]) for each in own):
        return "fb_expires_on is not the earliest end of its authorisations"
    for column, purpose in FLAGS.items():
        said = [RANK.get(each["uses"][purpose], 2) for each in own if purpose in each["uses"]]
        if RANK.get(row[column], -1) < max(said, default=2):
            return f"{column} is less strict than its authorisations"
    return ""


# -- a recall feed, and a release that takes the place of another ------------------------------------------------------

FEED_TYPE = "application/vnd.circled.recall-feed+json"
RESTS_ON = {  # what stays of a row from release to release: its decisions' places in the log, and the side it shows
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


def check_feed(path: Path, vkey: str, add: Add) -> tuple[dict[str, Any] | None, str]:
    """The feed if it can be believed, and what was checked, in words. A stale one is believed and reported."""
    feed = attempt(add, path.name, lambda: read_feed(path, vkey))
    if feed is None:
        return None, "nothing"
    if not moment(feed["issued_at"]) <= datetime.now(UTC) < moment(feed["next_update"]):
        add(path.name, f"it is of {feed['issued_at']} and good until {feed['next_update']}: fetch it again")
    rows = len({row for notice in feed["notices"] for row in notice["rows"]})
    release = f"release {feed['export']} version {feed['version']}"
    return feed, f"{len(feed['notices'])} recall(s) with {rows} rows of {release}, as of {feed['issued_at']}"


def read_feed(path: Path, vkey: str) -> dict[str, Any]:
    payload = open_envelope(path.read_bytes(), vkey, FEED_TYPE)
    feed: dict[str, Any] = json.loads(payload)
    if feed["format"] != "circled/recall-feed@1" or canonical(feed) != payload:
        raise BadError("expected circled/recall-feed@1 in canonical form")
    if feed["notices"]:  # the newest must stand in the log
        last, log = feed["notices"][-1], feed["log"]
        index, proof, note = parse_proof(log["proof"])
        size, root, _ = open_checkpoint(note, vkey)
        named = (json.loads(log["entry"])["object"]["uid"], log["notice"], str(index))
        leaf = leaf_hash(log["entry"].encode())
        if named != (last["id"], last["id"], last["log_index"]) or not verify_inclusion(leaf, index, size, proof, root):
            raise BadError("its newest notice does not stand in the log where it says")
    return feed


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def check_replacement(new: Path, old: Path, feed_path: Path, vkey: str, add: Add) -> str:
    """That nothing which was recalled from `old` is in `new`. `new` was checked by itself before."""
    found: list[tuple[str, str]] = []
    check_export(old, vkey, lambda name, problem: found.append((f"{old.name}/{name}", problem)))
    for name, problem in found:
        add(name, problem)
    feed, recalls = check_feed(feed_path, vkey, add)
    if feed is None or found:
        return "nothing of what it replaces"
    stated, replaced = (json.loads((folder / MANIFEST).read_bytes()) for folder in (new, old))
    release, uid, digest = stated["release"], replaced["release"]["uid"], digest_of(old / MANIFEST)
    if (feed["export"], feed["manifest_sha256"]) != (uid, digest):
        raise BadError(f"expected the feed of release {uid}, found that of {feed['export']}")
    if release["replaces"] is None or (release["replaces"]["uid"], release["replaces"]["manifest_sha256"]) != (
        uid,
        digest,
    ):
        raise BadError(f"expected a release that replaces {uid} with this manifest, found another")
    name, absent = f"{release['uid']}@{release['version']}", set(stated["absent"])
    for notice in feed["notices"]:
        if moment(notice["issued_at"]) <= moment(release["frozen_at"]) and not absent.issuperset(notice["rows"]):
            add(MANIFEST, f"recall {notice['id']} names rows that it does not state as absent")
        if notice["replaced_by"] == name:
            absent.update(notice["rows"])
    gone = {key: row_id for row_id, key, _ in read_keys(old, replaced) if row_id in absent}
    if len(gone) != len(absent):
        add(MANIFEST, "it states rows as absent that the release it replaces does not have")
    for row_id, key, path in read_keys(new, stated):
        if key in gone:
            add(path, f"row {row_id}: is row {gone[key]} of the release it replaces, which was recalled")
    return f"{len(absent)} recalled rows of release {uid} are not in it; {recalls}"


def read_keys(folder: Path, manifest: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    import pyarrow.parquet as pq

    columns = ["fb_row_id", *RESTS_ON.get(manifest["order"]["profile"], OTHERWISE)]
    for path in (entry["path"] for entry in manifest["files"] if entry["path"].startswith("data/")):
        with pq.ParquetFile(folder / path) as file:
            for batch in file.iter_batches(batch_size=5_000, columns=columns):
                for row_id, *key in zip(*(batch.column(name).to_pylist() for name in columns), strict=True):
                    yield row_id, tuple(key), path


# -- a bundle of the log (C2SP tlog-tiles) -----------------------------------------------------------------------------


def check_audit(folder: Path, vkey: str, kept: list[Path], add: Add) -> str:
    """Works every checkpoint of the folder, and those kept elsewhere, out again from the entries."""
    points: list[tuple[int, bytes, str]] = []
    for path in [folder / "checkpoint", *(folder / "checkpoints").iterdir(), *kept]:
        note = path.read_text(encoding="utf-8", errors="replace")
        found = attempt(add, path.name, functools.partial(open_checkpoint, note, vkey))
        points += [(found[0], found[1], path.name)] if found else []
    end = points[0][0] if points else 0
    attempt(add, "log.vkey", lambda: check_key(folder / "log.vkey", vkey))
    roots = dict.fromkeys((size for size, _, _ in points), b"") | {0: hashlib.sha256().digest()}
    frontier: list[bytes] = []
    for size, entry in enumerate(read_entries(folder / "tile" / "entries", end, add)):
        node, level = leaf_hash(entry), size
        while level & 1:
            node, level = node_hash(frontier.pop(), node), level >> 1
        frontier.append(node)
        if size + 1 in roots:
            roots[size + 1] = functools.reduce(lambda right, left: node_hash(left, right), frontier[::-1])
    for size, root, name in points:
        if roots.get(size) != root:
            add(name, f"does not follow from the {end} entries: some before {size} were changed, moved or removed")
    return f"{end} entries of the log, and {len(points)} checkpoints over them"


def read_entries(folder: Path, end: int, add: Add) -> Iterator[bytes]:
    for first in range(0, end, 256):
        number, width = str(first // 256), min(256, end - first)
        groups = re.sub(r"(\d{3})(?=\d)", r"x\1/", number.zfill(-(-len(number) // 3) * 3))  # 1234067: x001/x234/067
        path, entries, place = folder / (groups + ("" if width == 256 else f".p/{width}")), list[bytes](), 0
        raw = path.read_bytes() if path.is_file() else b""
        while place < len(raw):
            entries.append(raw[place + 2 : place + 2 + int.from_bytes(raw[place : place + 2], "big")])
            place += 2 + len(entries[-1])
        if len(entries) != width:
            add(str(path.relative_to(folder)), f"expected {width} entries, found {len(entries)}")
        yield from entries


# -- the command -------------------------------------------------------------------------------------------------------


def run_export(said: argparse.Namespace, vkey: str, add: Add) -> str:
    checked = check_export(said.path, vkey, add)
    if said.replaces is None and said.feed is None:
        return checked
    if said.replaces is None or said.feed is None:
        raise BadError("--replaces and --feed go together: the folder it replaces, and the feed of that one")
    replaced = attempt(add, MANIFEST, lambda: check_replacement(said.path, said.replaces, said.feed, vkey, add))
    return f"{checked}; {replaced}"


COMMANDS: dict[str, tuple[str, Callable[[argparse.Namespace, str, Add], str]]] = {
    "export": ("a release folder", run_export),
    "feed": ("the recall feed of a release", lambda said, key, add: check_feed(said.path, key, add)[1]),
    "audit": ("a bundle of the audit log", lambda said, key, add: check_audit(said.path, key, said.checkpoint, add)),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (about, _run) in COMMANDS.items():
        command = commands.add_parser(name, help=f"check {about}")
        command.add_argument("path", type=Path)
        command.add_argument("--key", type=Path, required=True, help="the key you got from the house by another way")
        if name == "audit":
            command.add_argument("--checkpoint", type=Path, action="append", default=[], help="one that you kept")
        if name == "export":
            command.add_argument(
                "--replaces", type=Path, metavar="OLD_FOLDER", help="prove that its recalled rows are gone"
            )
            command.add_argument("--feed", type=Path, help="the recall feed of the release that is replaced")
    options = parser.parse_args()
    findings: list[str] = []
    try:
        key = options.key.read_text(encoding="utf-8").strip()
        checked = COMMANDS[options.command][1](options, key, lambda name, found: findings.append(f"{name}: {found}"))
    except (BadError, OSError) as error:
        print(f"Could not check: {error}", file=sys.stderr)
        return 2
    sys.stderr.writelines(f"{finding}\n" for finding in findings[:100])
    print(f"NOT VERIFIED: {len(findings)} finding(s)." if findings else f"Verified: {checked}.")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())

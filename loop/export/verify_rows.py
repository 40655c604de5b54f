"""The checks on rows: counts, schema, unique names, content digests, and flags that consents.jsonl bears out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from loop.consent.terms import CONSTRAINTS
from loop.export.keys import text_digest, whole
from loop.export.profiles.registry import SHAPES
from loop.export.rows import DIGEST
from loop.export.rules import CONSENTS, MANIFEST

PERMITTING = frozenset({"ConsentGiven", "RenewedConsentGiven"})
RANK = {"allowed": 0, "constrained": 1, "notAllowed": 2}
FLAGS = {
    "fb_use_generative_training": "ai_generative_training",
    "fb_use_training": "ai_training",
    "fb_use_inference": "ai_inference",
    "fb_use_data_mining": "data_mining",
}
MOST_FINDINGS = 20  # a file: enough to see a pattern
CONSENT_COLUMNS = ("fb_auth_ids", *FLAGS, "fb_expires_on", "fb_territory")


class Findings(Protocol):
    """Where findings go (verify.Report)."""

    rows: int

    def add(self, path: str, message: str) -> None: ...


@dataclass(slots=True)
class _State:
    """What is known while the files are read."""

    consents: Mapping[str, Mapping[str, Any]]
    gate_date: date
    purpose: str
    profile: str
    recipient: str
    checkpoint_size: int
    seen: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    judged: dict[str, str] = field(default_factory=dict)


def check_rows(folder: Path, manifest: Mapping[str, Any], report: Findings) -> None:
    """Adds what is wrong with the rows; one row group is in memory at a time."""
    try:
        order, counts = manifest["order"], manifest["counts"]
        shape = SHAPES[order["profile"]]
        state = _State(
            consents=_read_consents(folder, report),
            gate_date=date.fromisoformat(order["gate_date"]),
            purpose=order["purpose"],
            profile=order["profile"],
            recipient=order["recipient"],
            checkpoint_size=int(order["checkpoint_size"]),
        )
        parts = [entry for entry in manifest["files"] if entry["path"].startswith("data/")]
        expected = counts["rows"]
    except (KeyError, TypeError, ValueError) as error:
        report.add(MANIFEST, f"expected order and counts of a release: {type(error).__name__}")
        return
    for entry in parts:
        _check_file(folder, entry, manifest, shape.digested, state, report)
    if report.rows != expected:
        report.add(MANIFEST, f"it counts {expected} rows, the files hold {report.rows}")
    unused = sorted(set(state.consents) - state.used)
    if unused:
        report.add(CONSENTS, f"expected authorisations of rows only, found {len(unused)} that no row names")


def _read_consents(folder: Path, report: Findings) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    path = folder / CONSENTS
    lines = path.read_bytes().splitlines() if path.is_file() else []
    for number, line in enumerate(lines, start=1):
        try:
            value = orjson.loads(line)
            found[value["auth_id"]] = value
        except (ValueError, KeyError, TypeError):
            report.add(CONSENTS, f"line {number}: expected an authorisation, found something else")
    return found


def _check_file(
    folder: Path, entry: Mapping[str, Any], manifest: Mapping[str, Any], digested: Sequence[str], state: _State,
    report: Findings,
) -> None:  # fmt: skip
    name = entry["path"]
    try:
        with pq.ParquetFile(folder / name) as file:
            described = [{"name": each.name, "type": str(each.type)} for each in file.schema_arrow]
            if described != manifest.get("columns"):
                report.add(name, "its columns are not those of the manifest")
                return
            rows = file.metadata.num_rows
            report.rows += rows
            if rows != entry.get("rows"):
                report.add(name, f"expected {entry.get('rows')} rows, found {rows}")
            wanted = ["fb_row_id", "fb_log_index", DIGEST.name, *digested, *CONSENT_COLUMNS]
            for group in range(file.num_row_groups):
                for finding in _check_group(file.read_row_group(group, columns=wanted), digested, state):
                    report.add(name, finding)
    except (pa.ArrowException, OSError) as error:
        report.add(name, f"expected Parquet: {type(error).__name__}")


def _check_group(table: pa.Table, digested: Sequence[str], state: _State) -> list[str]:
    findings: list[str] = []
    texts = [[whole(value) for value in table.column(column).to_pylist()] for column in digested]
    ids, digests = table.column("fb_row_id").to_pylist(), table.column(DIGEST.name).to_pylist()
    late = pc.greater_equal(pc.cast(table.column("fb_log_index"), pa.int64()), state.checkpoint_size).to_pylist()
    for place, row_id in enumerate(ids):
        if row_id in state.seen:
            findings.append(f"row {row_id}: its name is not the only one")
        state.seen.add(row_id)
        if text_digest(*(column[place] for column in texts)) != digests[place]:
            findings.append(f"row {row_id}: its texts do not have the digest it states")
        if late[place]:
            findings.append(f"row {row_id}: its decision is later than the checkpoint of the order")
    findings += [f"row {ids[place]}: {wrong}" for place, wrong in _judge(table, state)]
    return findings if len(findings) <= MOST_FINDINGS else [*findings[:MOST_FINDINGS], "... and more"]


def _judge(table: pa.Table, state: _State) -> list[tuple[int, str]]:
    """(place, what is wrong) for rows whose flags are not borne out. Rows with equal flags are judged once."""
    parts = [pc.binary_join(table.column("fb_auth_ids"), " ")]
    parts += [table.column(column) for column in FLAGS]
    parts += [pc.cast(table.column("fb_expires_on"), pa.string()), pc.binary_join(table.column("fb_territory"), " ")]
    keys = pc.binary_join_element_wise(*parts, "|", null_handling="replace", null_replacement="none")
    encoded = keys.combine_chunks().dictionary_encode()
    wrong: dict[int, str] = {}
    for number, key in enumerate(encoded.dictionary.to_pylist()):
        known = state.judged.get(key)
        if known is None:
            row = table.slice(pc.index(encoded.indices, number).as_py(), 1).select(CONSENT_COLUMNS).to_pylist()[0]
            flags = {column: row[column] for column in FLAGS}
            known = _judge_anew(row["fb_auth_ids"], flags, row["fb_expires_on"], row["fb_territory"], state)
            state.judged[key] = known
        if known:
            wrong[number] = known
    if not wrong:
        return []
    return [(place, wrong[number]) for place, number in enumerate(encoded.indices.to_pylist()) if number in wrong]


def _judge_anew(
    auths: list[str], flags: dict[str, str], expires: date | None, territory: list[str], state: _State
) -> str:
    state.used.update(auths)
    if not auths or any(auth not in state.consents for auth in auths):
        return f"expected authorisations of {CONSENTS}, found none or unknown ones"
    consents = [state.consents[auth] for auth in auths]
    for each in consents:
        said = each["uses"].get(state.purpose)
        permits = said == "allowed" or (said == "constrained" and _holds(each, state))
        if each["state"] not in PERMITTING or not permits:
            return f"authorisation {each['auth_id']} does not permit {state.purpose}"
        if each["recipient"] != state.recipient:
            return f"authorisation {each['auth_id']} is not for {state.recipient}"
        if not date.fromisoformat(each["valid_from"]) <= state.gate_date <= date.fromisoformat(each["valid_until"]):
            return f"authorisation {each['auth_id']} is not in force on {state.gate_date}"
    return _judge_flags(consents, flags, expires, territory)


def _holds(consent: Mapping[str, Any], state: _State) -> bool:
    """Whether a `constrained` use states a condition, and the parts of it that the order tells of are met.

    Of the recipient's kind and places the folder says nothing; the house has checked them.
    """
    condition = consent.get("condition")
    if not isinstance(condition, Mapping) or not condition or set(condition) - set(CONSTRAINTS):
        return False
    on = state.gate_date.isoformat()
    return (
        state.recipient in condition.get("recipients", [state.recipient])
        and state.profile in condition.get("profiles", [state.profile])
        and condition.get("not_before", on) <= on <= condition.get("not_after", on)
    )


def _judge_flags(
    consents: list[Mapping[str, Any]], flags: dict[str, str], expires: date | None, territory: list[str]
) -> str:
    if expires != min(date.fromisoformat(each["valid_until"]) for each in consents):
        return "fb_expires_on is not the earliest end of its authorisations"
    for column, purpose in FLAGS.items():
        said = [each["uses"][purpose] for each in consents if purpose in each["uses"]]
        if flags[column] not in RANK or any(RANK.get(value, 2) > RANK[flags[column]] for value in said):
            return f"{column} is less strict than its authorisations"
        if not said and flags[column] != "notAllowed":
            return f"{column} allows what no authorisation speaks of"
    for each in consents:
        allow, deny = set(each["territory_allow"]), set(each["territory_deny"])
        if (allow or deny) and (not territory or (allow and not set(territory) <= allow) or set(territory) & deny):
            return "fb_territory is wider than its authorisations"
    return ""

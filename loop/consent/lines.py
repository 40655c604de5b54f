"""The registry as JSON lines, pure: a line in, a party or an authorisation out, or what is wrong with it.

    {"record": "party", "id": "estate-1", "kind": "estate", "name": "...", "functions": ["author"], "minor_until": null}
    {"record": "authorisation", "id": "a-17", "party": "estate-1", "basis": "consent", "uses": {"research": "allowed"},
     "recipients": ["lab"], "valid_from": "2026-01-01", "valid_until": "2026-12-31", "supersedes": "a-3",
     "evidence": {"file": "signed/a-17.pdf", "sha256": "...", "kind": "rider", "signed_at": "..."}, ...}

`id` of an authorisation is known within the file only: `supersedes` names an earlier line by it, or a record by its
uid. The other fields are those of `GrantTerms`, in JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from loop.consent import terms
from loop.kernel.fields import Fields
from loop.kernel.problem import Problem

RECORDS: Final = ("party", "authorisation")
LONGEST_ID: Final = 200

_PARTY: Final = frozenset({"record", "id", "kind", "name", "functions", "minor_until"})
LISTS: Final = (
    "recipients", "recipient_kinds", "territory", "deny_territory", "capacities", "material_kinds", "on_withdrawal",
)  # fmt: skip
TEXTS: Final = ("granted_by", "representative_proof", "withdrawal_method", "jurisdiction")
_AUTHORISATION: Final = frozenset(
    {
        "record", "id", "party", "basis", "uses", "valid_from", "valid_until", "evidence", "notice", "retention_days",
        "compensation", "guild", "supersedes", "every_production", *LISTS, *TEXTS,
    }
)  # fmt: skip
_EVIDENCE: Final = frozenset({"file", "sha256", "kind", "signed_at", "method"})
_NOTICE: Final = frozenset({"version", "language"})


@dataclass(frozen=True, slots=True)
class PartyLine:
    """A party as the line has it; None: the line does not say."""

    id: str
    kind: str | None
    name: str | None
    functions: tuple[str, ...]
    minor_until: date | None


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """The document: a file beside the lines, one that is stored already (by its digest), or both to be compared."""

    file: str
    sha256: str
    kind: str
    signed_at: datetime | None
    method: str


@dataclass(frozen=True, slots=True)
class AuthorisationLine:
    """An authorisation as the line has it. `fields` are keyword arguments of `GrantTerms`."""

    id: str
    party: str
    evidence: EvidenceLine
    notice: tuple[str, str] | None
    supersedes: str
    every_production: bool
    fields: Mapping[str, Any]


Line = PartyLine | AuthorisationLine


def line_of(value: Mapping[str, Any]) -> tuple[Line | None, list[Problem]]:
    """The line, or None with every problem it has. A field that nothing reads is a problem: it would be lost."""
    errors: list[Problem] = []
    unread: list[Problem] = []
    fields = Fields(value, "", errors, unread)
    record = fields.choice("record", RECORDS)
    if record is None:
        if not errors:
            fields.lacks("record", " or ".join(RECORDS), "nothing")
        return None, errors
    found = _party(fields) if record == "party" else _authorisation(fields)
    return (None if errors or unread else found), errors + unread


def _party(fields: Fields) -> Line:
    fields.unknown(_PARTY)
    return PartyLine(
        id=fields.text("id", limit=LONGEST_ID, required=True) or "",
        kind=fields.text("kind"),
        name=fields.text("name"),
        functions=tuple(fields.texts("functions")),
        minor_until=_day(fields, "minor_until"),
    )


def _authorisation(fields: Fields) -> Line:
    fields.unknown(_AUTHORISATION)
    given: dict[str, Any] = {name: fields.texts(name) for name in LISTS}
    given |= {name: fields.text(name) or "" for name in TEXTS}
    given |= {name: fields.free(name, dict) for name in ("uses", "compensation", "guild")}
    given["basis"] = fields.text("basis", required=True) or ""
    given["retention_days"] = fields.whole("retention_days")
    for name in ("valid_from", "valid_until"):
        given[name] = _day(fields, name, required=True)
    for purpose, use in given["uses"].items():
        if not isinstance(use, (str, dict)):
            fields.lacks(f"uses.{purpose}", f"{' or '.join(terms.USE_VALUES)}, or an object with a value", "neither")
    return AuthorisationLine(
        id=fields.text("id", limit=LONGEST_ID) or "",
        party=fields.text("party", limit=LONGEST_ID, required=True) or "",
        evidence=_evidence(fields),
        notice=_notice(fields),
        supersedes=fields.text("supersedes", limit=LONGEST_ID) or "",
        every_production=fields.flag("every_production"),
        fields=given,
    )


def _evidence(fields: Fields) -> EvidenceLine:
    found = fields.object("evidence")
    if found is None:
        if "evidence" not in fields.value or fields.value["evidence"] is None:
            fields.lacks("evidence", "a file or the sha256 of a stored document", "nothing")
        return EvidenceLine("", "", "", None, "")
    found.unknown(_EVIDENCE)
    evidence = EvidenceLine(
        file=found.text("file") or "",
        sha256=found.sha256("sha256") or "",
        kind=found.text("kind") or "authorisation",
        signed_at=found.moment("signed_at"),
        method=found.text("method") or "",
    )
    if not evidence.file and not evidence.sha256:
        found.lacks("file", "a file or the sha256 of a stored document", "neither")
    return evidence


def _notice(fields: Fields) -> tuple[str, str] | None:
    found = fields.object("notice")
    if found is None:
        return None
    found.unknown(_NOTICE)
    return found.text("version", required=True) or "", found.text("language", required=True) or ""


def _day(fields: Fields, name: str, *, required: bool = False) -> date | None:
    text = fields.text(name, required=required)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        fields.wrong(name, "a date like 2026-11-20", text)
        return None

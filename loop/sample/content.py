"""Reading the files of the sample production. They are ours and tested, so a missing key is a fault, not a refusal."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from loop.consent.evidence import Document, read_document

FOLDER = Path(__file__).resolve().parent / "night_ferry"
SUGGESTIONS = FOLDER / "suggestions.jsonl"
SOURCE = "sample production"

Facts = dict[str, Any]


def facts() -> Facts:
    """What `production.json` says."""
    return dict(json.loads((FOLDER / "production.json").read_text(encoding="utf-8")))


def promised_counts() -> dict[str, int]:
    """The counts that the files promise (`expected.json`)."""
    return dict(json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))["counts"])


def text_of(name: str) -> str:
    """A file's text with its line ends as they are, so that its digest is that of the file."""
    return (FOLDER / name).read_bytes().decode("utf-8")


def document(entry: Facts) -> Document:
    """The evidence that an entry `{"file": ..., "kind": ..., "signed_at": ...}` names."""
    signed = entry.get("signed_at")
    return read_document(
        FOLDER / entry["file"], kind=entry["kind"], signed_at=None if signed is None else moment(signed)
    )


def moment(text: str) -> datetime:
    """`2026-06-12T09:00:00Z` as an aware datetime."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)

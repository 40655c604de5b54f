"""What the browser says of one verdict, as JSON from the outbox or as a plain form: the arguments of `answer`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from loop.kernel.errors import NotValidError

MIN_KEY: Final = 8  # characters; a UUID has 36
MAX_KEY: Final = 200
LISTS: Final = ("reasons", "beats")


@dataclass(frozen=True, slots=True)
class Gesture:
    """One press of a key. Texts are exactly as typed; `rationale` is None where nothing was typed."""

    key: str
    suggestion: UUID
    outcome: str
    reasons: list[str]
    beats: list[str]
    rationale: str | None
    revised_content: str | None
    severity: int | None
    confidence: Decimal | None
    active_ms: int | None
    decided_at: datetime | None
    on_behalf_of: UUID | None
    retracts: UUID | None
    spans: list[Mapping[str, Any]]
    shown: str
    queue: str
    actor: str
    given: dict[str, Any] = field(default_factory=dict)


def is_json(request: HttpRequest) -> bool:
    """Whether the outbox speaks, or a form."""
    return request.content_type == "application/json"


def read(request: HttpRequest) -> Gesture:
    """The gesture of a request. Raises NotValidError, with the field, for what cannot be one."""
    given = _json(request) if is_json(request) else _form(request)
    key = _text(given, "idempotency_key") or ""
    if not MIN_KEY <= len(key) <= MAX_KEY:
        raise NotValidError(f"idempotency_key: expected {MIN_KEY} to {MAX_KEY} characters", field="idempotency_key")
    suggestion = _uid(given, "suggestion")
    if suggestion is None:
        raise NotValidError("suggestion: expected an id, found none", field="suggestion")
    outcome = _text(given, "outcome") or ""
    rationale = _text(given, "rationale")
    revised = _text(given, "revised_content") if outcome == "revise" else None
    return Gesture(
        key=key,
        suggestion=suggestion,
        outcome=outcome,
        reasons=_words(given, "reasons"),
        beats=_words(given, "beats"),
        rationale=rationale or None,
        revised_content=revised,
        severity=_whole(given, "severity"),
        confidence=_share(given, "confidence"),
        active_ms=_whole(given, "active_ms"),
        decided_at=_moment(given, "decided_at"),
        on_behalf_of=_uid(given, "on_behalf_of"),
        retracts=_uid(given, "retracts"),
        spans=_spans(given),
        shown=_text(given, "shown") or "",
        queue=_text(given, "queue") or "",
        actor=_text(given, "actor") or "",
        given=given,
    )


def _json(request: HttpRequest) -> dict[str, Any]:
    try:
        # Shares of a picture come as numbers; a float would not be what was sent.
        body = json.loads(request.body, parse_float=Decimal)
    except ValueError as error:
        raise NotValidError("body: expected a JSON object", field="body") from error
    if not isinstance(body, dict):
        raise NotValidError("body: expected a JSON object", field="body")
    return body


def _form(request: HttpRequest) -> dict[str, Any]:
    # Browsers send line ends of text boxes as CRLF; what was given and what is kept have LF.
    given: dict[str, Any] = {name: str(value).replace("\r\n", "\n") for name, value in request.POST.items()}
    given |= {name: request.POST.getlist(name) for name in LISTS}
    return given


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is None or isinstance(value, str):
        return value
    raise NotValidError(f"{name}: expected text, found {type(value).__name__}", field=name)


def _words(given: Mapping[str, Any], name: str) -> list[str]:
    value = given.get(name) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise NotValidError(f"{name}: expected a list of codes", field=name)
    return value


def _uid(given: Mapping[str, Any], name: str) -> UUID | None:
    value = _text(given, name)
    if not value:
        return None
    try:
        return UUID(value)
    except ValueError as error:
        raise NotValidError(f"{name}: expected an id, found {value[:80]!r}", field=name) from error


def _whole(given: Mapping[str, Any], name: str) -> int | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:  # noqa: PLR2004 - fits a bigint
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise NotValidError(f"{name}: expected a whole number, found {str(value)[:80]!r}", field=name)


def _share(given: Mapping[str, Any], name: str) -> Decimal | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise NotValidError(f"{name}: expected a number from 0 to 1, found {str(value)[:80]!r}", field=name) from error


def _moment(given: Mapping[str, Any], name: str) -> datetime | None:
    value = _text(given, name)
    if not value:
        return None
    try:
        moment = parse_datetime(value)
    except ValueError:
        moment = None
    if moment is None:
        raise NotValidError(f"{name}: expected a moment such as 2026-05-01T10:00:00Z, found {value[:80]!r}", field=name)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _spans(given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    value = given.get("spans") or []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise NotValidError("spans: expected a list of objects", field="spans")
    return value

"""Keeping what somebody has begun to say of a suggestion: words of theirs, for them alone until they decide.

Not audited and no record: a draft is replaced at will, goes with the verdict, and is swept when nobody came back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from loop.decision.models import DecisionDraft
from loop.decision.rules import MAX_BEATS, MAX_RATIONALE, MAX_REASONS, MAX_SPANS, SEVERITIES
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError, NotFoundError, NotValidError
from loop.people.querysets import is_permitted
from loop.people.roles import Permission
from loop.suggestion.models import Suggestion

MAX_BYTES: Final = 1024 * 1024  # of the body as JSON; the longest rationale and a revised script fit
MAX_CODE: Final = 100  # characters of a reason's or a beat's code
MAX_SPAN_KEYS: Final = 16
FIELDS: Final = frozenset({"reasons", "beats", "rationale", "severity", "revised_content", "spans", "playhead"})
STEP: Final = timedelta(microseconds=1)


class ElsewhereError(ConflictError):
    """The draft was changed in another browser since this one last saw it. `facts["draft"]` is the row as it stands."""

    code = "draft_changed_elsewhere"


def save_draft(
    *,
    suggestion: Suggestion,
    actor: Actor,
    body: Mapping[str, Any],
    base: datetime | None = None,
    at: datetime | None = None,
) -> DecisionDraft:
    """Keeps the login's draft of a suggestion in place of its earlier one. Three queries. Durable.

    `base` is the `saved_at` that the browser knows, None if it knows of no draft. If the row is newer, ElsewhereError,
    and nothing is written; the same body again is no conflict. NotFoundError for whoever does not judge here: a draft
    is what a verdict begins as. NotValidError with the field for a body of another shape.
    """
    user_id = _judge(actor, suggestion)
    _check(body)
    with transaction.atomic(durable=True):
        held = DecisionDraft.objects.select_for_update().filter(user=user_id, suggestion=suggestion)
        row, moment = held.first(), at or now()
        if row is None:
            try:
                with transaction.atomic():
                    return DecisionDraft.objects.create(
                        user_id=user_id, suggestion=suggestion, body=dict(body), saved_at=moment
                    )
            except IntegrityError:  # another tab was first
                row = held.get()
        if row.body == dict(body):
            return row
        if base != row.saved_at:
            raise ElsewhereError(f"base: expected {row.saved_at}, found {base or 'none'}", draft=row)
        row.body, row.saved_at = dict(body), max(moment, row.saved_at + STEP)
        row.save(update_fields=["body", "saved_at"])
    return row


def _judge(actor: Actor, suggestion: Suggestion) -> int:
    judging = (Permission.DECIDE, Permission.DECIDE_ON_BEHALF)
    if actor.user_id is None or not any(is_permitted(actor, suggestion.production, each) for each in judging):
        raise NotFoundError("No such suggestion.")
    return actor.user_id


def _check(body: Mapping[str, Any]) -> None:
    unknown = sorted(set(body) - FIELDS)
    if unknown:
        _wrong(unknown[0][:MAX_CODE], f"one of {', '.join(sorted(FIELDS))}", "a field of no draft")
    _codes(body, "reasons", MAX_REASONS)
    _codes(body, "beats", MAX_BEATS)
    for name in ("rationale", "revised_content"):
        if not isinstance(body.get(name), str | None):
            _wrong(name, "text", type(body[name]).__name__)
    if len(body.get("rationale") or "") > MAX_RATIONALE:
        _wrong("rationale", f"at most {MAX_RATIONALE} characters", str(len(body["rationale"])))
    if body.get("severity") not in ("", None, *SEVERITIES, *map(str, SEVERITIES)):
        _wrong("severity", "1 to 4 or nothing", "another value")
    playhead = body.get("playhead")
    if playhead is not None and (not isinstance(playhead, int) or isinstance(playhead, bool) or playhead < 0):
        _wrong("playhead", "a frame, counted from 0", type(playhead).__name__)
    spans = body.get("spans", [])
    if not isinstance(spans, list) or len(spans) > MAX_SPANS or not all(_is_span(each) for each in spans):
        _wrong("spans", f"a list of at most {MAX_SPANS} spans", type(spans).__name__)
    size = len(json.dumps(dict(body), ensure_ascii=False).encode())
    if size > MAX_BYTES:
        _wrong("body", f"at most {MAX_BYTES} bytes", str(size))


def _codes(body: Mapping[str, Any], name: str, limit: int) -> None:
    found = body.get(name, [])
    is_list = isinstance(found, list) and len(found) <= limit
    if not is_list or not all(isinstance(each, str) and len(each) <= MAX_CODE for each in found):
        _wrong(name, f"a list of at most {limit} codes", type(found).__name__)


def _is_span(span: object) -> bool:
    return isinstance(span, dict) and len(span) <= MAX_SPAN_KEYS


def _wrong(field: str, expected: str, found: str) -> None:
    raise NotValidError(f"{field}: expected {expected}, found {found}", field=field)

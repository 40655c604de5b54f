"""Spans of the bulk format, pure: characters, frames or a region; ranges are checked by `decision/rules.py`."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

from loop.decision.rules import TEXT_TARGETS, Span
from loop.decision.vocabulary import Vocabulary
from loop.kernel.errors import NotValidError
from loop.kernel.fields import Fields
from loop.material.timecode import may_drop, parse_rate

MAX_WORDS: Final = 10_000  # characters of a label or note
_KEYS: Final = frozenset({
    "target", "start", "end", "start_frame", "end_frame", "rate", "drop_frame", "media_sha256", "region", "label",
    "reason", "note",
})  # fmt: skip


def span_of(fields: Fields, default_target: object, vocabulary: Vocabulary) -> Span | None:
    """One span, None if something is wrong with it (the problem is added)."""
    before = len(fields.errors)
    fields.unknown(_KEYS)
    value = fields.value
    label, note = fields.text("label", limit=MAX_WORDS), fields.text("note", limit=MAX_WORDS)
    reason = _reason(fields, vocabulary)
    if "start_frame" in value or "end_frame" in value:
        span = _frames(fields, reason, label, note)
    elif value.get("region") is not None:
        span = _region(fields, reason, label, note)
    else:
        target = value.get("target")
        if target is None:
            target = default_target
        if target not in TEXT_TARGETS:
            fields.wrong("target", " or ".join(TEXT_TARGETS), target)
        for key in ("start", "end"):
            if value.get(key) is None:
                fields.wrong(key, "an offset in code points", None)
        start, end = fields.whole("start"), fields.whole("end")
        span = Span(target=str(target), start=start, end=end, reason=reason, label=label, note=note)
    return span if len(fields.errors) == before else None


def _reason(fields: Fields, vocabulary: Vocabulary) -> str:
    code = fields.text("reason")
    if not code:
        return ""
    stored, _, problem = vocabulary.reason(code, fields.at("reason"))
    if problem is not None:
        fields.errors.append(problem)
    return stored


def _frames(fields: Fields, reason: str, label: str | None, note: str | None) -> Span | None:
    if fields.value.get("start") is not None or fields.value.get("end") is not None:
        fields.lacks("start", "either characters or frames", "both")
    rate = fields.value.get("rate")
    text = str(rate) if isinstance(rate, int) and not isinstance(rate, bool) else fields.text("rate", required=True)
    if text is None:
        return None
    try:
        fraction = parse_rate(text, field="rate")
    except NotValidError:
        fields.wrong("rate", "a whole number or a fraction such as 24000/1001", text)
        return None
    drop = fields.flag("drop_frame")
    if drop and not may_drop(fraction):
        fields.wrong("drop_frame", "drop-frame at 30000/1001 or 60000/1001 only", text)
    for key in ("start_frame", "end_frame"):
        if fields.value.get(key) is None:
            fields.wrong(key, "a frame number", None)
    return Span(
        target="media",
        unit="frame",
        start=fields.whole("start_frame"),
        end=fields.whole("end_frame"),
        rate_num=fraction.numerator,
        rate_den=fraction.denominator,
        drop_frame=drop,
        media_sha256=fields.sha256("media_sha256") or "",
        reason=reason,
        label=label,
        note=note,
    )


def _region(fields: Fields, reason: str, label: str | None, note: str | None) -> Span | None:
    box = fields.object("region")
    if box is None:
        return None
    found: dict[str, str] = {}
    for key in ("x", "y", "w", "h"):
        value = box.value.get(key)
        try:
            share = Decimal(value) if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool) else None
        except InvalidOperation:
            share = None
        if share is None or not share.is_finite() or not 0 <= share <= 1:
            box.wrong(key, "a share of the picture, 0 to 1", value)
        else:
            found[key] = format(share.normalize(), "f")
    return Span(
        target="media",
        unit="region",
        region=found,
        media_sha256=fields.sha256("media_sha256") or "",
        reason=reason,
        label=label,
        note=note,
    )

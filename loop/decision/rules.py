"""What a decision must satisfy, pure: outcomes and their fields, spans in range, who may supersede what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from loop.decision.taxonomy import OTHER, UNSTATED, is_praise, near
from loop.kernel.canonical import Json, digest
from loop.kernel.commit_form import commit_form
from loop.kernel.json_lines import MAX_INT64
from loop.kernel.problem import Problem

OUTCOMES: Final = ("accept", "reject", "revise", "skip", "retract")
LABELLED: Final = frozenset({"accept", "reject", "revise"})  # skip and retract are events, never labels
NEEDS_REASON: Final = frozenset({"reject", "revise"})
MAY_PRAISE: Final = frozenset({"accept", "revise"})  # a rejected take may still hold a good moment: praise its span
NEGATIVE_KINDS: Final = ("explicit", "sibling", "dismissed")
TEXT_TARGETS: Final = ("content", "prompt", "revision")

SEVERITIES: Final = (1, 2, 3, 4)  # note, fix if cheap, must fix, unusable
MAX_REASONS: Final = 32
MAX_BEATS: Final = 32
MAX_SPANS: Final = 1_000
MAX_RATIONALE: Final = 100_000  # code points


@dataclass(frozen=True, slots=True)
class Span:
    """A range of what was judged, end exclusive: code points of a text, frames of a medium, a region of a picture."""

    target: str = "content"  # content, prompt, revision, media
    unit: str = "code_point"  # code_point, frame, region
    start: int | None = None
    end: int | None = None
    rate_num: int | None = None
    rate_den: int | None = None
    drop_frame: bool = False
    media_sha256: str = ""
    region: Mapping[str, str] | None = None
    reason: str = ""
    label: str | None = None
    note: str | None = None

    def columns(self) -> dict[str, Any]:
        """The stored columns of the span: everything but label and note, which are erasable text."""
        return {
            "target": self.target,
            "unit": self.unit,
            "start": self.start,
            "end": self.end,
            "rate_num": self.rate_num,
            "rate_den": self.rate_den,
            "drop_frame": self.drop_frame,
            "media_sha256": self.media_sha256,
            "region": None if self.region is None else dict(self.region),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody says of a suggestion, before anything is recorded."""

    outcome: str
    reasons: tuple[str, ...] = ()
    negative_kind: str = ""
    rationale: str | None = None
    revised_content: str | None = None
    revision_by_ai: bool = False
    spans: tuple[Span, ...] = ()
    beats: tuple[str, ...] = ()
    severity: int | None = None
    confidence: str | None = None  # decimal text of at most three places, as it is stored
    active_ms: int | None = None

    def span_texts(self) -> list[dict[str, str | None]] | None:
        """What is erasable of the spans, in their order; None when no span carries a label or a note."""
        if not any(span.label is not None or span.note is not None for span in self.spans):
            return None
        return [{"label": span.label, "note": span.note} for span in self.spans]

    def has_text(self) -> bool:
        """Whether a side row is needed. "" is a text."""
        return self.rationale is not None or self.revised_content is not None or self.span_texts() is not None


@dataclass(frozen=True, slots=True)
class Judged:
    """The texts a span may point into; None where there is none. `has_media`: frames and regions have a picture."""

    content: str | None
    prompt: str | None
    has_media: bool


def stored_reasons(outcome: str, reasons: Sequence[str]) -> list[str]:
    """The codes a decision keeps: without repetition, `unstated` for a reject or revise that came without one."""
    kept = list(dict.fromkeys(reasons))
    if not kept and outcome in NEEDS_REASON:
        return [UNSTATED]
    return kept


def stored_negative_kind(outcome: str, negative_kind: str) -> str:
    """Only a reject is a negative of some kind; an own one is explicit."""
    return (negative_kind or "explicit") if outcome == "reject" else ""


def states_reason(reasons: Sequence[str]) -> bool:
    """Whether somebody stated a reason (counts of a set: `with_reasons`)."""
    return any(code != UNSTATED for code in reasons)


def problems(
    draft: Draft, *, reasons: Collection[str], beats: Collection[str], reason_required: bool = False
) -> list[Problem]:
    """Everything wrong with `draft` beside its spans. `reasons` and `beats` are the codes known to the production."""
    found: list[Problem] = []
    if draft.outcome not in OUTCOMES:
        found.append(Problem("outcome", " or ".join(OUTCOMES), repr(draft.outcome)))
    found += [
        unknown_code(f"reasons[{position}]", "a reason of the taxonomy", code, reasons)
        for position, code in enumerate(draft.reasons)
        if code not in reasons and code != UNSTATED
    ]
    found += [
        Problem(f"reasons[{position}]", "praise on an accept, a revise or a span", f"{code} on a {draft.outcome}")
        for position, code in enumerate(draft.reasons)
        if is_praise(code) and draft.outcome not in MAY_PRAISE
    ]
    found += [
        unknown_code(f"beats[{position}]", "a beat of the list", code, beats)
        for position, code in enumerate(draft.beats)
        if code not in beats
    ]
    if draft.negative_kind and (draft.negative_kind not in NEGATIVE_KINDS or draft.outcome != "reject"):
        found.append(
            Problem("negative_kind", f"{' or '.join(NEGATIVE_KINDS)}, on a reject only", repr(draft.negative_kind))
        )
    if draft.severity is not None and draft.severity not in SEVERITIES:
        found.append(Problem("severity", "1 to 4", str(draft.severity)))
    if draft.active_ms is not None and not 0 <= draft.active_ms <= MAX_INT64:
        found.append(Problem("active_ms", "0 or more milliseconds", str(draft.active_ms)))
    found += [
        Problem(name, f"at most {limit}", str(count))
        for name, count, limit in (
            ("reasons", len(draft.reasons), MAX_REASONS),
            ("beats", len(draft.beats), MAX_BEATS),
            ("spans", len(draft.spans), MAX_SPANS),
            ("rationale", len(draft.rationale or ""), MAX_RATIONALE),
        )
        if count > limit
    ]
    # What another was chosen over was not found wanting: nobody owes a reason for each of twenty siblings.
    owes_reason = draft.outcome in NEEDS_REASON and draft.negative_kind != "sibling"
    if reason_required and owes_reason and not states_reason([each for each in draft.reasons if not is_praise(each)]):
        found.append(Problem("reasons", f"a reason for a {draft.outcome} (policy of the production)", "none"))
    if reason_required and OTHER in draft.reasons and not (draft.rationale or "").strip():
        found.append(Problem("rationale", f"words, because the reason is {OTHER!r}", "none"))
    return found


def unknown_code(field: str, what: str, code: str, known: Collection[str]) -> Problem:
    """An unknown code, with the known ones that look like it."""
    alike = near(code, known)
    return Problem(field, what + (f" (near: {', '.join(alike)})" if alike else ""), repr(code))


def span_problems(draft: Draft, judged: Judged, *, reasons: Collection[str]) -> tuple[list[Problem], list[Problem]]:
    """What is wrong with the spans, and what is only odd: (errors, warnings).

    A span out of its text is an error. A span whose text or medium is absent is kept with a warning.
    """
    errors: list[Problem] = []
    warnings: list[Problem] = []
    texts = {"content": judged.content, "prompt": judged.prompt, "revision": draft.revised_content}
    for position, span in enumerate(draft.spans):
        at = f"spans[{position}]"
        if span.reason and span.reason not in reasons:
            errors.append(unknown_code(f"{at}.reason", "a reason of the taxonomy", span.reason, reasons))
        if span.unit == "code_point":
            text = texts.get(span.target)
            limit = MAX_INT64 if text is None else len(text)
            if span.start is None or span.end is None or not 0 <= span.start <= span.end <= limit:
                length = "" if text is None else f" <= {limit} (the length of the {span.target} in code points)"
                errors.append(Problem(at, f"0 <= start <= end{length}", f"{span.start} to {span.end}"))
            elif text is None:
                warnings.append(Problem(at, f"a {span.target} to point into", f"no {span.target}; the span is kept"))
            continue
        if span.unit == "frame" and (
            span.start is None or span.end is None or not 0 <= span.start <= span.end <= MAX_INT64
        ):
            errors.append(Problem(at, "0 <= start_frame <= end_frame", f"{span.start} to {span.end}"))
        if not judged.has_media and not span.media_sha256:
            warnings.append(Problem(at, "a medium to point into", "no medium; the span is kept"))
    return errors, warnings


@dataclass(frozen=True, slots=True)
class Known:
    """A decision as far as superseding needs it. `person` names whose judgement it is; `recorded`: before this line."""

    id: int
    external_id: str
    person: str
    outcome: str
    decided_at: datetime | None
    position: int
    dead: bool
    recorded: bool


def retracted_by(person: str, decided_at: datetime | None, position: int, before: Sequence[Known]) -> Known | None:
    """What a bulk `retract` of `person` undoes: the latest live verdict of that person that came earlier, None if none.

    `before` is what is recorded of the suggestion, and what stands with the retract on its line. Earlier: by
    `decided_at` where both moments are known and differ, else what is recorded, else by position on the line.
    """
    earlier = [
        one
        for one in before
        if one.person == person and not one.dead and one.outcome != "retract" and _precedes(one, decided_at, position)
    ]
    return max(earlier, key=lambda one: sort_key(one.decided_at, one.position, one.id), default=None)


def _precedes(one: Known, decided_at: datetime | None, position: int) -> bool:
    if one.decided_at is not None and decided_at is not None and one.decided_at != decided_at:
        return one.decided_at < decided_at
    return one.recorded or one.position < position


_UNKNOWN: Final = datetime.min.replace(tzinfo=UTC)


def sort_key(decided_at: datetime | None, position: int, arrival: int) -> tuple[datetime, int, int]:
    """The order of decisions on one suggestion: `decided_at` (unknown first), position in the file, arrival."""
    return (decided_at or _UNKNOWN, position, arrival)


def decision_digest(
    *,
    external_id: str,
    suggestion: str,
    draft: Draft,
    decided_by: str,
    on_behalf_of: str | None,
    decided_at: str | None,
    supersedes: str | None,
    text_commit: bytes | None,
    context: Mapping[str, object] | None = None,
) -> bytes:
    """What the audit event of a decision vouches for: every field that was said, its text through its commitment.

    `suggestion` and `supersedes` are external ids, people are external ids, `decided_at` is RFC 3339 or None.
    Recomputed from the stored row (with the stored reasons) it gives the same bytes, so a change of a row shows.
    """
    spans: list[Json] = [
        {
            "target": span.target,
            "unit": span.unit,
            "start": None if span.start is None else str(span.start),
            "end": None if span.end is None else str(span.end),
            "rate": None if span.rate_num is None else f"{span.rate_num}/{span.rate_den}",
            "drop_frame": span.drop_frame,
            "media_sha256": span.media_sha256,
            "region": None if span.region is None else dict(span.region),
            "reason": span.reason,
        }
        for span in draft.spans
    ]
    return digest(
        {
            "v": 1,
            "external_id": external_id,
            "suggestion": suggestion,
            "outcome": draft.outcome,
            "reasons": stored_reasons(draft.outcome, draft.reasons),
            "negative_kind": stored_negative_kind(draft.outcome, draft.negative_kind),
            "beats": list(draft.beats),
            "severity": draft.severity,
            "confidence": draft.confidence,
            "active_ms": None if draft.active_ms is None else str(draft.active_ms),
            "revision_by_ai": draft.revision_by_ai,
            "decided_by": decided_by,
            "on_behalf_of": on_behalf_of,
            "decided_at": decided_at,
            "supersedes": supersedes,
            "spans": spans,
            "context": commit_form(context or {}),
            "text": None if text_commit is None else text_commit.hex(),
        }
    )


def text_form(rationale: str | None, revised_content: str | None, span_texts: Json) -> Json:
    """What `text_commit` of a decision commits to."""
    return {"rationale": rationale, "revised_content": revised_content, "span_texts": span_texts}

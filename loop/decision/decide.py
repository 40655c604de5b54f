"""Recording one decision."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import IntegrityError, connection, transaction

from loop.audit.record import record
from loop.decision import rules
from loop.decision.models import Decision, DecisionSpan, DecisionText
from loop.decision.querysets import own_live_verdict, vocabulary_of
from loop.decision.rules import Draft, Judged, Span
from loop.decision.spans import span_of
from loop.decision.taxonomy import VERSION
from loop.decision.vocabulary import Vocabulary
from loop.kernel.actor import Actor
from loop.kernel.canonical import commitment
from loop.kernel.clock import rfc3339
from loop.kernel.commit_form import commit_form
from loop.kernel.errors import ConflictError, NotValidError
from loop.kernel.fields import Fields
from loop.kernel.ids import uuid7
from loop.kernel.problem import Problem
from loop.people.models import Contributor, Member
from loop.suggestion.models import Suggestion, SuggestionText

MAX_EXTERNAL_ID: Final = 300  # characters, as stored


class KeyReusedError(ConflictError):
    """The identity of a gesture came again with another body."""

    code = "key_reused"


class SupersededError(ConflictError):
    """Another decision has superseded the same one already."""

    code = "superseded"


@dataclass(frozen=True, slots=True)
class _Gesture:
    """What is written, apart from what it supersedes."""

    suggestion: Suggestion
    draft: Draft
    decided_by: Contributor
    on_behalf_of: Contributor | None
    external_id: str
    decided_at: datetime | None
    context: Mapping[str, Any]

    def digest(self, supersedes: Decision | None, text_commit: bytes | None) -> bytes:
        return rules.decision_digest(
            external_id=self.external_id,
            suggestion=self.suggestion.external_id,
            draft=self.draft,
            decided_by=self.decided_by.external_id,
            on_behalf_of=self.on_behalf_of.external_id if self.on_behalf_of else None,
            decided_at=rfc3339(self.decided_at) if self.decided_at else None,
            supersedes=supersedes.external_id if supersedes else None,
            text_commit=text_commit,
            context=self.context,
        )

    def text_commit(self, salt: bytes) -> bytes | None:
        if not self.draft.has_text():
            return None
        form = rules.text_form(self.draft.rationale, self.draft.revised_content, self.draft.span_texts())
        return commitment(salt, commit_form(form))


def decide(
    *,
    suggestion: Suggestion,
    outcome: str,
    decided_by: Contributor,
    actor: Actor,
    external_id: str,
    at: datetime,
    on_behalf_of: Contributor | None = None,
    reasons: Sequence[str] = (),
    negative_kind: str = "",
    rationale: str | None = None,
    revised_content: str | None = None,
    revision_by_ai: bool = False,
    spans: Sequence[Span | Mapping[str, Any]] = (),
    beats: Sequence[str] = (),
    severity: int | None = None,
    confidence: Decimal | str | None = None,
    active_ms: int | None = None,
    context: Mapping[str, Any] | None = None,
    supersedes: Decision | None = None,
    replace_own: bool = False,
    decided_at: datetime | None = None,
    source: str = "",
) -> tuple[Decision, bool]:
    """Records what `decided_by` (for `on_behalf_of`, if given) says of `suggestion`: (the decision, whether it is new).

    1. The same `external_id` with the same body answers with the first decision; nothing is written.
    2. `supersedes` must be a live decision of the same person on the same suggestion. `replace_own` (the browser):
       without `supersedes`, that person's own live verdict is superseded; a retract always needs one of the two.
    3. Writes decision, text under a salted commitment, spans and one audit event, which vouches for the digest.

    Spans are `Span` or objects of the bulk format. A span whose text is absent is kept. `decided_at` defaults to `at`.
    Raises NotValidError (with the field), KeyReusedError (same id, other body), SupersededError (somebody was first).
    Joins the caller's transaction (raises outside one); decisions of one person on one suggestion wait for each other.
    About ten queries.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("expected to decide within the transaction of answer")
    person = on_behalf_of or decided_by
    _one_at_a_time(suggestion, person)
    codes = vocabulary_of(suggestion.production_id)
    draft = Draft(
        outcome=outcome,
        reasons=tuple(rules.stored_reasons(outcome, reasons)),
        negative_kind=negative_kind,
        rationale=rationale,
        revised_content=revised_content,
        revision_by_ai=revision_by_ai,
        spans=_spans(spans, codes),
        beats=tuple(dict.fromkeys(beats)),
        severity=severity,
        confidence=_share(confidence),
        active_ms=active_ms,
    )
    gesture = _Gesture(suggestion, draft, decided_by, on_behalf_of, external_id, decided_at or at, context or {})
    if not external_id or len(external_id) > MAX_EXTERNAL_ID:
        raise NotValidError(
            f"external_id: expected 1 to {MAX_EXTERNAL_ID} characters, found {len(external_id)}", field="external_id"
        )
    earlier = _recorded(gesture, supersedes, decided_at)
    if earlier is not None:
        return earlier, False
    _check(gesture, codes)
    target = _superseded(gesture, person, supersedes, replace_own=replace_own)
    try:
        with transaction.atomic():
            return _write(gesture, target, actor, at=at, source=source), True
    except IntegrityError as error:
        raise SupersededError("expected a decision that nobody has superseded, found one that was just now") from error


def _one_at_a_time(suggestion: Suggestion, person: Contributor) -> None:
    # The runtime role may not lock rows of append-only tables, so the lock is advisory: on the person's verdict.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"decide {suggestion.pk} {person.pk}"])


def _recorded(gesture: _Gesture, supersedes: Decision | None, stated_at: datetime | None) -> Decision | None:
    """The decision recorded under the same identity. Raises KeyReusedError if something else was said."""
    earlier = (
        Decision.objects.filter(production_id=gesture.suggestion.production_id, external_id=gesture.external_id)
        .select_related("supersedes", "text")
        .first()
    )
    if earlier is None:
        return None
    text = DecisionText.objects.filter(decision=earlier).first()
    if earlier.text_commit is not None and text is None:
        return earlier  # erased: nothing is left to compare with, and nothing is recorded again
    commit = gesture.text_commit(bytes(text.salt) if text else bytes(32))
    # A repeated gesture need not state what was superseded for it the first time, nor when it was made.
    repeated = _Gesture(
        gesture.suggestion,
        gesture.draft,
        gesture.decided_by,
        gesture.on_behalf_of,
        gesture.external_id,
        stated_at or earlier.decided_at,
        gesture.context,
    )
    if repeated.digest(supersedes or earlier.supersedes, commit) != bytes(earlier.digest):
        raise KeyReusedError(
            f"external_id: expected the decision recorded as {gesture.external_id!r}, found another body",
            external_id=gesture.external_id,
        )
    return earlier


def _check(gesture: _Gesture, codes: Vocabulary) -> None:
    suggestion, draft = gesture.suggestion, gesture.draft
    required = suggestion.production.reason_required
    found = rules.problems(draft, reasons=codes.reasons, beats=codes.beats, reason_required=required)
    if draft.revised_content is not None and draft.outcome != "revise":
        found.append(Problem("revised_content", "none unless the outcome is revise", f"one on a {draft.outcome}"))
    for name, value in (("rationale", draft.rationale), ("revised_content", draft.revised_content)):
        if value is not None and "\x00" in value:
            found.append(Problem(name, "text without U+0000", "U+0000"))
    text = SuggestionText.objects.filter(suggestion=suggestion).first()
    judged = Judged(
        text.content if text else None, text.prompt if text else None, has_media=suggestion.media_id is not None
    )
    found += rules.span_problems(draft, judged, reasons=codes.reasons)[0]
    if found:
        raise NotValidError("; ".join(map(str, found)), field=found[0].field)


def _superseded(
    gesture: _Gesture, person: Contributor, supersedes: Decision | None, *, replace_own: bool
) -> Decision | None:
    if supersedes is None:
        own = own_live_verdict(gesture.suggestion.pk, person.pk) if replace_own else None
        if own is None and gesture.draft.outcome == "retract":
            raise NotValidError("supersedes: expected a live decision to retract, found none", field="supersedes")
        return own
    if supersedes.suggestion_id != gesture.suggestion.pk or person.pk != (
        supersedes.on_behalf_of_id or supersedes.decided_by_id
    ):
        raise NotValidError(
            "supersedes: expected a decision of the same person on the same suggestion, found another's",
            field="supersedes",
        )
    if Decision.objects.filter(supersedes=supersedes).exists():
        raise SupersededError("supersedes: expected a live decision, found one that is superseded already")
    return supersedes


def _write(gesture: _Gesture, supersedes: Decision | None, actor: Actor, *, at: datetime, source: str) -> Decision:
    draft, suggestion, salt, uid = gesture.draft, gesture.suggestion, os.urandom(32), uuid7()
    commit = gesture.text_commit(salt)
    digest = gesture.digest(supersedes, commit)
    event = record(
        event="decision.recorded",
        actor=actor,
        obj_table="loop_decision",
        obj_uid=uid,
        production_id=suggestion.production_id,
        at=at,
        commit=digest,
    )
    decision = Decision.objects.create(
        uid=uid,
        production_id=suggestion.production_id,
        suggestion=suggestion,
        external_id=gesture.external_id,
        outcome=draft.outcome,
        decided_by=gesture.decided_by,
        on_behalf_of=gesture.on_behalf_of,
        decider_role=_role(gesture),
        decided_at=gesture.decided_at,
        recorded_at=at,
        reasons=list(draft.reasons),
        negative_kind=rules.stored_negative_kind(draft.outcome, draft.negative_kind),
        beats=list(draft.beats),
        severity=draft.severity,
        confidence=None if draft.confidence is None else Decimal(draft.confidence),
        active_ms=draft.active_ms,
        span_count=len(draft.spans),
        has_rationale=bool(draft.rationale),
        has_revision=draft.revised_content is not None,
        revision_by_ai=draft.revision_by_ai,
        context=dict(gesture.context),
        taxonomy_version=VERSION,
        supersedes=supersedes,
        source=source,
        entered_by_id=actor.user_id,
        text_commit=commit,
        digest=digest,
        event=event,
    )
    if commit is not None:
        DecisionText.objects.create(
            decision=decision,
            salt=salt,
            rationale=draft.rationale,
            revised_content=draft.revised_content,
            span_texts=draft.span_texts(),
        )
    DecisionSpan.objects.bulk_create(
        DecisionSpan(decision=decision, position=position, **span.columns())
        for position, span in enumerate(draft.spans)
    )
    return decision


def _role(gesture: _Gesture) -> str:
    """The role of the person whose judgement it is, not of whoever typed it."""
    judge = gesture.on_behalf_of or gesture.decided_by
    held = Member.objects.filter(production_id=gesture.suggestion.production_id, contributor=judge, active=True)
    return held.order_by("id").values_list("role", flat=True).first() or ""


def _spans(spans: Sequence[Span | Mapping[str, Any]], codes: Vocabulary) -> tuple[Span, ...]:
    errors: list[Problem] = []
    found: list[Span] = []
    for position, span in enumerate(spans):
        if isinstance(span, Span):
            found.append(span)
            continue
        read = span_of(Fields(span, f"spans[{position}].", errors, []), "content", codes)
        if read is not None:
            found.append(read)
    if errors:
        raise NotValidError("; ".join(map(str, errors)), field=errors[0].field)
    return tuple(found)


def _share(value: Decimal | str | None) -> str | None:
    if value is None:
        return None
    errors: list[Problem] = []
    try:
        stored = Fields({"confidence": Decimal(value)}, "", errors, []).share("confidence")
    except ArithmeticError as error:
        raise NotValidError(
            f"confidence: expected a number from 0 to 1, found {value!r}", field="confidence"
        ) from error
    if errors:
        raise NotValidError(str(errors[0]), field="confidence")
    return stored

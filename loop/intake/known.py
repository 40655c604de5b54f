"""What is recorded already of what lines bring: suggestions, decisions, and whether the same was said."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.backends.utils import CursorWrapper

from loop.decision.rules import Known, decision_digest
from loop.decision.rules import text_form as decision_text_form
from loop.intake.shape import DecisionLine, SuggestionLine
from loop.kernel.canonical import commitment
from loop.kernel.clock import rfc3339
from loop.suggestion.rules import suggestion_digest
from loop.suggestion.rules import text_form as suggestion_text_form

NO_SALT = bytes(32)


@dataclass(frozen=True, slots=True)
class KnownSuggestion:
    """`salt` is None when the text was erased: then nothing can be compared, and nothing is recorded again.

    `constraints` are the brief's and `mime` is the medium's, which a suggestion shares with others.
    """

    id: int
    digest: bytes
    salt: bytes | None
    constraints: list[Any]
    mime: str | None


@dataclass(frozen=True, slots=True)
class KnownDecision:
    """A recorded decision. `is_erased`: it had a text, which is gone."""

    id: int
    suggestion_id: int
    digest: bytes
    salt: bytes | None
    is_erased: bool
    supersedes: str | None


def suggestions(cursor: CursorWrapper, production_id: int, external_ids: Sequence[str]) -> dict[str, KnownSuggestion]:
    """The recorded ones among `external_ids`. One query."""
    cursor.execute(
        """
        SELECT s.external_id, s.id, s.digest, t.salt, b.constraints_asked, m.mime
        FROM loop_suggestion s JOIN loop_brief b ON b.id = s.brief_id
        LEFT JOIN loop_suggestion_text t ON t.suggestion_id = s.id LEFT JOIN loop_media m ON m.id = s.media_id
        WHERE s.production_id = %s AND s.external_id = ANY(%s)
        """,
        [production_id, list(external_ids)],
    )
    return {
        name: KnownSuggestion(number, bytes(digest), None if salt is None else bytes(salt), json.loads(asked), mime)
        for name, number, digest, salt, asked, mime in cursor.fetchall()
    }


def decisions(cursor: CursorWrapper, production_id: int, external_ids: Sequence[str]) -> dict[str, KnownDecision]:
    """The recorded ones among `external_ids`. One query."""
    cursor.execute(
        """
        SELECT d.external_id, d.id, d.suggestion_id, d.digest, t.salt, d.text_commit IS NOT NULL, before.external_id
        FROM loop_decision d
        LEFT JOIN loop_decision_text t ON t.decision_id = d.id
        LEFT JOIN loop_decision before ON before.id = d.supersedes_id
        WHERE d.production_id = %s AND d.external_id = ANY(%s)
        """,
        [production_id, list(external_ids)],
    )
    return {
        name: KnownDecision(
            number, suggestion, bytes(digest), None if salt is None else bytes(salt), had_text and salt is None, before
        )
        for name, number, suggestion, digest, salt, had_text, before in cursor.fetchall()
    }


def verdicts(cursor: CursorWrapper, namespace: str, suggestion_ids: Iterable[int]) -> dict[int, list[Known]]:
    """All decisions on the suggestions, as far as superseding needs them. One query.

    A person of another namespace has a name that no line can hold: U+0000 before the internal id.
    """
    cursor.execute(
        """
        SELECT d.suggestion_id, d.id, d.external_id, CASE WHEN c.namespace = %s THEN c.external_id END, c.id, d.outcome,
               d.decided_at, d.position, later.id IS NOT NULL
        FROM loop_decision d
        JOIN loop_contributor c ON c.id = coalesce(d.on_behalf_of_id, d.decided_by_id)
        LEFT JOIN loop_decision later ON later.supersedes_id = d.id
        WHERE d.suggestion_id = ANY(%s)
        """,
        [namespace, list(suggestion_ids)],
    )
    found: dict[int, list[Known]] = {}
    rows: list[tuple[int, int, str, str | None, int, str, datetime | None, int, bool]] = cursor.fetchall()
    for suggestion, number, name, person, person_id, outcome, decided_at, position, dead in rows:
        whose = person or f"\x00{person_id}"
        one = Known(number, name, whose, outcome, decided_at, position, dead, recorded=True)
        found.setdefault(suggestion, []).append(one)
    return found


def suggestion_commit(line: SuggestionLine, salt: bytes) -> bytes:
    return commitment(salt, suggestion_text_form(line.prompt, line.content, line.meta))


def digest_of_suggestion(line: SuggestionLine, text_commit: bytes) -> bytes:
    return suggestion_digest(
        external_id=line.external_id,
        group_id=line.group_id,
        origin=line.origin,
        stage=line.stage,
        kind=line.kind,
        model=line.model,
        parameters=line.parameters,
        seed=line.seed,
        parent=line.parent,
        latency_ms=line.latency_ms,
        cost_usd=None if line.cost_usd is None else str(line.cost_usd),
        tokens_in=line.tokens_in,
        tokens_out=line.tokens_out,
        media=line.media,
        created_at=rfc3339(line.created_at) if line.created_at else None,
        constraints=line.constraints,
        materials=line.materials,
        contributors=line.contributors,
        text_commit=text_commit,
    )


def decision_commit(decision: DecisionLine, salt: bytes) -> bytes | None:
    draft = decision.draft
    if not draft.has_text():
        return None
    form: Any = decision_text_form(draft.rationale, draft.revised_content, draft.span_texts())
    return commitment(salt, form)


def digest_of_decision(
    decision: DecisionLine, external_id: str, suggestion: str, supersedes: str | None, text_commit: bytes | None
) -> bytes:
    return decision_digest(
        external_id=external_id,
        suggestion=suggestion,
        draft=decision.draft,
        decided_by=decision.decided_by,
        on_behalf_of=decision.on_behalf_of,
        decided_at=rfc3339(decision.decided_at) if decision.decided_at else None,
        supersedes=supersedes,
        text_commit=text_commit,
    )


def is_same_suggestion(line: SuggestionLine, known: KnownSuggestion) -> bool:
    """Whether the line says what is recorded; True for an erased text, of which nothing is left to compare."""
    if known.salt is None:
        return True
    return digest_of_suggestion(line, suggestion_commit(line, known.salt)) == known.digest


def is_same_decision(decision: DecisionLine, external_id: str, suggestion: str, known: KnownDecision) -> bool:
    """Whether the same was said. What a bulk retract superseded is not stated by it, so the recorded answer counts."""
    if known.is_erased:
        return True
    commit = decision_commit(decision, known.salt or NO_SALT)
    supersedes = decision.supersedes or known.supersedes
    return digest_of_decision(decision, external_id, suggestion, supersedes, commit) == known.digest

"""The rows of a batch, built line by line and copied table by table."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from loop.audit import bulk
from loop.decision.rules import LABELLED, stored_negative_kind
from loop.decision.taxonomy import VERSION
from loop.intake import known
from loop.intake.copy import array_text, copy_rows, json_text
from loop.intake.registry import Registry
from loop.intake.shape import DecisionLine, SuggestionLine
from loop.kernel.actor import Actor
from loop.kernel.ids import uuid7
from loop.material.models import Production
from loop.people.models import Member
from loop.signal.rules import VERSION as RULES_VERSION
from loop.signal.rules import label_of

_SUGGESTION = (
    "id, uid, production_id, brief_id, external_id, source, origin, stage, kind, model_id, parameters, seed, parent_id,"
    " latency_ms, cost_usd, tokens_in, tokens_out, media_id, suggested_at, recorded_at, content_sha256, text_commit,"
    " digest, event_id"
)
_DECISION = (
    "id, uid, production_id, suggestion_id, external_id, outcome, decided_by_id, on_behalf_of_id, decider_role,"
    " decided_at, recorded_at, position, reasons, negative_kind, beats, severity, confidence, active_ms, span_count,"
    " has_rationale, has_revision, revision_by_ai, context, taxonomy_version, supersedes_id, source, entered_by_id,"
    " text_commit, digest, event_id"
)
_SPAN = (
    'decision_id, position, target, unit, start, "end", rate_num, rate_den, drop_frame, media_sha256, region, reason'
)
_SIGNAL = "decision_id, production_id, suggestion_id, suggestion_label, revision_label, negative_kind, rules_version"


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision that is not recorded yet, with all that was looked up for it."""

    id: int
    external_id: str
    position: int  # in the file
    line: DecisionLine
    supersedes: tuple[int, str] | None  # id, external id


@dataclass(frozen=True, slots=True)
class NewRow:
    """A suggestion or decision as it will stand, to be named before its row is there."""

    pk: int
    uid: UUID


@dataclass(slots=True)
class Batch:
    """Rows waiting to be copied, each suggestion and each decision with its audit event."""

    cursor: CursorWrapper
    production: Production
    actor: Actor
    source: str
    at: datetime
    _events: tuple[list[bulk.Prepared], list[bulk.Prepared]] = field(default_factory=lambda: ([], []))
    _rows: dict[str, list[list[Any]]] = field(default_factory=dict)
    _roles: dict[int, str] | None = None

    def suggestion(
        self, number: int, line: SuggestionLine, *, salt: bytes, brief: int, parent: int | None, registry: Registry
    ) -> NewRow:
        """Adds a new suggestion with its text (under `salt`) and links."""
        uid = uuid7()
        commit = known.suggestion_commit(line, salt)
        digest = known.digest_of_suggestion(line, commit)
        self._events[0].append(self._event("suggestion.recorded", "loop_suggestion", uid, digest))
        content = None if line.content is None else hashlib.sha256(line.content.encode()).digest()
        self._add("loop_suggestion", [
            number, uid, self.production.pk, brief, line.external_id, self.source, line.origin, line.stage, line.kind,
            registry.models[line.model] if line.model else None, json_text(line.parameters), line.seed, parent,
            line.latency_ms, line.cost_usd, line.tokens_in, line.tokens_out,
            registry.media[line.media[1], line.media[0]][0] if line.media else None,
            line.created_at, self.at, content, commit, digest,
        ])  # fmt: skip
        meta = None if line.meta is None else json_text(line.meta)
        self._add("loop_suggestion_text", [number, salt, line.prompt, line.content, meta])
        for name in dict.fromkeys(name for name, _ in line.materials):
            self._add("loop_suggestion_material", [number, registry.materials[name][0]])
        for name, capacity in line.contributors:
            self._add("loop_suggestion_contribution", [number, registry.people[name], capacity])
        return NewRow(number, uid)

    def decision(self, new: NewDecision, suggestion: int, suggestion_name: str, registry: Registry) -> NewRow:
        """Adds a new decision with its text, spans and signal."""
        line, draft = new.line, new.line.draft
        uid, salt = uuid7(), os.urandom(32)
        commit = known.decision_commit(line, salt)
        before, before_name = new.supersedes or (None, None)
        digest = known.digest_of_decision(line, new.external_id, suggestion_name, before_name, commit)
        self._events[1].append(self._event("decision.recorded", "loop_decision", uid, digest))
        kind = stored_negative_kind(draft.outcome, draft.negative_kind)
        has_revision = draft.revised_content is not None
        self._add("loop_decision", [
            new.id, uid, self.production.pk, suggestion, new.external_id, draft.outcome,
            registry.people[line.decided_by],
            registry.people[line.on_behalf_of] if line.on_behalf_of else None,
            self._role(registry.people[line.on_behalf_of or line.decided_by]), line.decided_at, self.at,
            new.position, array_text(draft.reasons), kind, array_text(draft.beats), draft.severity, draft.confidence,
            draft.active_ms, len(draft.spans), bool(draft.rationale), has_revision, draft.revision_by_ai, "{}", VERSION,
            before, self.source, self.actor.user_id, commit, digest,
        ])  # fmt: skip
        if commit is not None:
            spans = draft.span_texts()
            texts = None if spans is None else json_text(spans)
            self._add("loop_decision_text", [new.id, salt, draft.rationale, draft.revised_content, texts])
        for position, span in enumerate(draft.spans):
            self._add("loop_decision_span", [
                new.id, position, span.target, span.unit, span.start, span.end, span.rate_num, span.rate_den,
                span.drop_frame, span.media_sha256, None if span.region is None else json_text(dict(span.region)),
                span.reason,
            ])  # fmt: skip
        if draft.outcome in LABELLED:
            labels = label_of(draft.outcome, draft.severity, kind, has_revision=has_revision)
            self._add("loop_signal", [
                new.id, self.production.pk, suggestion, labels.suggestion, labels.revision, labels.negative_kind,
                RULES_VERSION,
            ])  # fmt: skip
        return NewRow(new.id, uid)

    def _role(self, contributor: int) -> str:
        """The role of the person whose judgement it is, as the members stand now; "" for who has none. One query."""
        if self._roles is None:
            held = Member.objects.filter(production=self.production, active=True).order_by("-id")
            self._roles = dict(held.values_list("contributor_id", "role"))
        return self._roles.get(contributor, "")

    def write(self) -> None:
        """Copies everything and forgets it. Events of suggestions get the lower ids, so they enter the log first."""
        events = [*self._events[0], *self._events[1]]
        if not events:
            return
        ids = bulk.reserve(self.cursor, len(events))
        bulk.copy_in(self.cursor, events, ids)
        rows = self._rows
        first = len(self._events[0])
        for row, event in zip(rows.get("loop_suggestion", ()), ids[:first], strict=True):
            row.append(event)
        for row, event in zip(rows.get("loop_decision", ()), ids[first:], strict=True):
            row.append(event)
        for table, columns in (
            ("loop_suggestion", _SUGGESTION),
            ("loop_suggestion_text", "suggestion_id, salt, prompt, content, meta"),
            ("loop_suggestion_material", "suggestion_id, material_id"),
            ("loop_suggestion_contribution", "suggestion_id, contributor_id, capacity"),
            ("loop_decision", _DECISION),
            ("loop_decision_text", "decision_id, salt, rationale, revised_content, span_texts"),
            ("loop_decision_span", _SPAN),
            ("loop_signal", _SIGNAL),
        ):
            copy_rows(self.cursor, table, columns, rows.get(table, ()))
        self._events = ([], [])
        self._rows = {}

    def _add(self, table: str, row: Sequence[Any]) -> None:
        self._rows.setdefault(table, []).append(list(row))

    def _event(self, event: str, table: str, uid: UUID, digest: bytes) -> bulk.Prepared:
        return bulk.prepare(
            event=event,
            actor=self.actor,
            obj_table=table,
            obj_uid=uid,
            production_id=self.production.pk,
            production_uid=self.production.uid,
            at=self.at,
            commit=digest,
        )

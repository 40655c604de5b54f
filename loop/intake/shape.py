"""One JSON object -> one suggestion with its decisions, pure. Everything wrong is collected, nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from loop.decision.rules import Draft, Judged, Span, problems, span_problems, stored_reasons
from loop.decision.spans import span_of
from loop.decision.vocabulary import Vocabulary
from loop.kernel.canonical import canonical
from loop.kernel.commit_form import commit_form
from loop.kernel.fields import Fields
from loop.kernel.json_lines import BadLineError, plain
from loop.kernel.problem import Problem
from loop.suggestion.rules import ORIGINS, STAGES

MAX_DECISIONS: Final = 10_000  # of one line
MAX_LINKS: Final = 1_000  # materials or contributors of one line
MAX_EXTERNAL_ID: Final = 300
MAX_NAME: Final = 200
CAPACITIES: Final = (
    "decider", "author_of_source", "author_of_revision", "performer_likeness", "producer_owner", "model_supplier",
)  # fmt: skip

KEYS: Final = frozenset({
    "external_id", "group_id", "origin", "kind", "stage", "prompt", "content", "media", "model", "parameters", "seed",
    "parent", "created_at", "latency_ms", "cost_usd", "tokens_in", "tokens_out", "constraints", "materials",
    "contributors", "decisions", "meta",
})  # fmt: skip
DECISION_KEYS: Final = frozenset({
    "external_id", "outcome", "reasons", "negative_kind", "rationale", "revised_content", "revision_by_ai", "severity",
    "confidence", "beats", "spans", "decided_by", "on_behalf_of", "decided_at", "active_ms", "supersedes",
})  # fmt: skip


@dataclass(slots=True)
class DecisionLine:
    """One decision as it came. `position` is its place in the line's list."""

    position: int
    draft: Draft
    decided_by: str
    on_behalf_of: str | None
    decided_at: datetime | None
    external_id: str | None
    supersedes: str | None
    said: bytes  # canonical bytes of the fields as they came, the identity of a decision without external_id; else b""

    @property
    def person(self) -> str:
        """Whose judgement it is."""
        return self.on_behalf_of or self.decided_by


@dataclass(slots=True)
class SuggestionLine:
    """One suggestion as it came, checked."""

    external_id: str
    group_id: str | None
    origin: str
    kind: str
    stage: str
    prompt: str | None
    content: str | None
    media: tuple[str, str, str] | None  # uri, sha256, mime
    model: str | None
    parameters: dict[str, Any]
    seed: int | None
    parent: str | None
    created_at: datetime | None
    latency_ms: int | None
    cost_usd: Decimal | None
    tokens_in: int | None
    tokens_out: int | None
    constraints: list[Any]
    materials: list[tuple[str, str]]
    contributors: list[tuple[str, str]]
    meta: dict[str, Any] | None
    decisions: list[DecisionLine] = field(default_factory=list)


@dataclass(slots=True)
class Shaped:
    """`line` is None as soon as there is an error."""

    line: SuggestionLine | None
    errors: list[Problem]
    warnings: list[Problem]


def shape(value: Mapping[str, Any], vocabulary: Vocabulary, *, reason_required: bool = False) -> Shaped:
    """Reads one object of the bulk format (product.md, "Bulk interchange")."""
    errors: list[Problem] = []
    warnings: list[Problem] = []
    top = Fields(value, "", errors, warnings)
    top.unknown(KEYS)
    media = _media(top)
    model = top.text("model", limit=MAX_NAME)
    origin = top.choice("origin", ORIGINS)
    if not model and not value.get("origin"):
        top.lacks("model", "a model, or an origin", "neither")
    if value.get("content") is None and value.get("media") is None:
        top.lacks("content", "content or media", "neither")
    line = SuggestionLine(
        external_id=top.text("external_id", limit=MAX_EXTERNAL_ID, required=True) or "",
        group_id=top.text("group_id", limit=MAX_EXTERNAL_ID),
        origin=origin or "model",
        kind=top.text("kind", limit=64) or "",
        stage=top.choice("stage", STAGES) or "",
        prompt=top.text("prompt"),
        content=top.text("content"),
        media=media,
        model=model or None,
        parameters=top.free("parameters", dict),
        seed=top.whole("seed", least=-(2**63)),
        parent=top.text("parent", limit=MAX_EXTERNAL_ID),
        created_at=top.moment("created_at"),
        latency_ms=top.whole("latency_ms", rounded=True),
        cost_usd=top.money("cost_usd"),
        tokens_in=top.whole("tokens_in"),
        tokens_out=top.whole("tokens_out"),
        constraints=top.free("constraints", list),
        materials=_pairs(top, "materials", "external_id", "kind", 40),
        contributors=_pairs(top, "contributors", "id", "capacity", 32),
        meta=top.free("meta", dict) or None,
    )
    if line.parent is not None and line.parent == line.external_id:
        top.lacks("parent", "another suggestion", "the suggestion itself")
    for position, (_, capacity) in enumerate(line.contributors):
        if capacity and capacity not in CAPACITIES:
            top.wrong(f"contributors[{position}].capacity", " or ".join(CAPACITIES), capacity)
    judged = Judged(line.content, line.prompt, media is not None)
    target = (line.meta or {}).get("span_target", "content")
    decisions = top.objects("decisions")
    if len(decisions) > MAX_DECISIONS:
        top.lacks("decisions", f"at most {MAX_DECISIONS}", str(len(decisions)))
        decisions = []
    for position, fields in enumerate(decisions):
        decision = _decision(
            fields,
            position,
            judged,
            target,
            vocabulary,
            of_model=line.origin == "model",
            reason_required=reason_required,
        )
        if decision is not None:
            line.decisions.append(decision)
    return Shaped(None if errors else line, errors, warnings)


def _media(top: Fields) -> tuple[str, str, str] | None:
    fields = top.object("media")
    if fields is None:
        return None
    uri = fields.text("uri", limit=1000, required=True)
    sha256 = fields.sha256("sha256", required=True)
    mime = fields.text("mime", limit=100) or "application/octet-stream"
    return None if uri is None or sha256 is None else (uri, sha256, mime)


def _pairs(top: Fields, key: str, first: str, second: str, limit: int) -> list[tuple[str, str]]:
    """Links of the line as (id, kind or capacity), in their order, each once."""
    found: dict[tuple[str, str], None] = {}
    for fields in top.objects(key):
        name = fields.text(first, limit=MAX_NAME, required=True)
        if name is not None:
            found[name, fields.text(second, limit=limit) or ""] = None
    if len(found) > MAX_LINKS:
        top.lacks(key, f"at most {MAX_LINKS}", str(len(found)))
    return list(found)


def _decision(
    fields: Fields,
    position: int,
    judged: Judged,
    target: object,
    vocabulary: Vocabulary,
    *,
    of_model: bool,
    reason_required: bool,
) -> DecisionLine | None:
    before = len(fields.errors)
    fields.unknown(DECISION_KEYS)
    outcome = fields.text("outcome", required=True)
    reasons, kinds = _reasons(fields, vocabulary)
    kind = fields.text("negative_kind")
    if kind:
        kinds.add(kind)
    if len(kinds) > 1:
        fields.lacks("reasons", "one kind of negative", " and ".join(sorted(kinds)))
    beats = []
    for place, code in enumerate(fields.texts("beats")):
        stored, problem = vocabulary.beat(code, fields.at(f"beats[{place}]"))
        if problem is not None:
            fields.errors.append(problem)
        else:
            beats.append(stored)
    spans: list[Span] = [
        span for one in fields.objects("spans") if (span := span_of(one, target, vocabulary)) is not None
    ]
    revised = fields.text("revised_content")
    draft = Draft(
        outcome=outcome or "",
        reasons=tuple(stored_reasons(outcome or "", reasons)),
        negative_kind=kinds.pop() if kinds else "",
        rationale=fields.text("rationale"),
        revised_content=revised,
        # A revision of a model's text counts as edited by a human unless the line says that it was written anew: a
        # disclosure may not claim more human work than is known.
        revision_by_ai=fields.flag("revision_by_ai", default=of_model and revised is not None),
        spans=tuple(spans),
        beats=tuple(dict.fromkeys(beats)),
        severity=fields.whole("severity", least=1, most=4),
        confidence=fields.share("confidence"),
        active_ms=fields.whole("active_ms", rounded=True),
    )
    decided_by = fields.text("decided_by", limit=MAX_NAME, required=True)
    decided_at = fields.moment("decided_at")
    on_behalf_of = fields.text("on_behalf_of", limit=MAX_NAME)
    external_id = fields.text("external_id", limit=MAX_EXTERNAL_ID)
    supersedes = fields.text("supersedes", limit=MAX_EXTERNAL_ID)
    if len(fields.errors) > before or outcome is None or decided_by is None:
        return None
    _check(fields, draft, judged, vocabulary, reason_required=reason_required)
    said = b"" if external_id else _said(fields)
    if len(fields.errors) > before:
        return None
    return DecisionLine(
        position, draft, decided_by, on_behalf_of or None, decided_at, external_id or None, supersedes or None, said
    )


def _said(fields: Fields) -> bytes:
    """The fields as they came, without those that say nothing: a null or an empty list is as good as absent.

    As they came, so that the same line under another --reason-map is recognised, not recorded a second time.
    """
    spoken = {key: item for key, item in fields.value.items() if item not in (None, [], {}) and key in DECISION_KEYS}
    try:
        return canonical(commit_form(plain(spoken, fields.where.rstrip("."))))
    except BadLineError as error:
        fields.errors.append(error.problem)
        return b""


def _check(fields: Fields, draft: Draft, judged: Judged, vocabulary: Vocabulary, *, reason_required: bool) -> None:
    wrong = problems(draft, reasons=vocabulary.reasons, beats=vocabulary.beats, reason_required=reason_required)
    if draft.spans:
        errors, warnings = span_problems(draft, judged, reasons=vocabulary.reasons)
        wrong += errors
        fields.warnings.extend(Problem(fields.at(one.field), one.expected, one.found) for one in warnings)
    fields.errors.extend(Problem(fields.at(one.field), one.expected, one.found) for one in wrong)
    if draft.revised_content is not None and draft.outcome != "revise":
        found = f"one with the outcome {draft.outcome}; it is kept"
        fields.odd("revised_content", "a revised text on a revise only", found)


def _reasons(fields: Fields, vocabulary: Vocabulary) -> tuple[list[str], set[str]]:
    codes: list[str] = []
    kinds: set[str] = set()
    for place, code in enumerate(fields.texts("reasons")):
        stored, kind, problem = vocabulary.reason(code, fields.at(f"reasons[{place}]"))
        if problem is not None:
            fields.errors.append(problem)
        elif kind:
            kinds.add(kind)
        else:
            codes.append(stored)
    return codes, kinds

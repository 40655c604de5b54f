"""Histories of decisions, generated, and written as rows with their places in the log."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from hypothesis import strategies as st

from loop.decision.models import Decision, DecisionSpan, DecisionText
from loop.kernel.clock import now
from loop.kernel.ids import uuid7
from loop.material.models import Media, Production
from loop.people.models import Contributor
from loop.signal.rules import Judgement, Mark
from loop.suggestion.models import Brief, Suggestion, SuggestionText

START = datetime(2026, 5, 1, 10, tzinfo=UTC)
TEXTS = (None, "", "the pier at night", "the pier at dawn")
PROMPTS = (None, "", "who lit the lamp?")
FILES = (None, None, "a" * 64, "b" * 64)
PEOPLE = 4
MARKS = st.builds(
    Mark,
    target=st.sampled_from(("content", "content", "prompt", "media")),
    unit=st.sampled_from(("code_point", "code_point", "frame")),
    start=st.integers(0, 2),
    end=st.integers(2, 3),
    reason=st.sampled_from(("", "continuity.prop", "praise.light")),
)


@dataclass(frozen=True)
class Told:
    """One decision of a history; `suggestion` and `supersedes` are places in the history."""

    suggestion: int
    decided_by: int
    on_behalf_of: int | None
    outcome: str
    severity: int | None
    negative_kind: str
    minute: int | None
    position: int
    revision: str | None
    supersedes: int | None
    marks: tuple[Mark, ...] = ()

    @property
    def person(self) -> int:
        return self.decided_by if self.on_behalf_of is None else self.on_behalf_of


@dataclass(frozen=True)
class History:
    """`briefs[i]`, `contents[i]` and the like are those of suggestion i; the first `sealed` decisions lie below the
    cut-off.
    """

    briefs: tuple[int, ...]
    contents: tuple[str | None, ...]
    decisions: tuple[Told, ...]
    lead: int | None
    sealed: int
    prompts: tuple[str | None, ...] = ()
    files: tuple[str | None, ...] = ()

    def prompt(self, suggestion: int) -> str | None:
        return self.prompts[suggestion] if self.prompts else None

    def file(self, suggestion: int) -> str | None:
        return self.files[suggestion] if self.files else None


@st.composite
def histories(draw: st.DrawFn) -> History:
    count = draw(st.integers(1, 5))
    briefs = tuple(draw(st.lists(st.integers(0, 1), min_size=count, max_size=count)))
    contents = tuple(draw(st.lists(st.sampled_from(TEXTS), min_size=count, max_size=count)))
    told: list[Told] = []
    people = st.integers(0, PEOPLE - 1)
    for _ in range(draw(st.integers(0, 14))):
        suggestion = draw(st.integers(0, count - 1))
        outcome = draw(st.sampled_from(("accept", "accept", "reject", "reject", "revise", "skip", "retract")))
        taken = {one.supersedes for one in told}
        free = [place for place, one in enumerate(told) if one.suggestion == suggestion and place not in taken]
        named = draw(st.one_of(st.none(), st.sampled_from(free))) if free else None
        told.append(
            Told(
                suggestion,
                draw(people),
                draw(st.one_of(st.none(), st.none(), people)),
                outcome,
                draw(st.sampled_from((None, 1, 2, 3, 4))),
                draw(st.sampled_from(("", "explicit", "sibling", "dismissed"))) if outcome == "reject" else "",
                draw(st.one_of(st.none(), st.integers(0, 2))),
                draw(st.integers(0, 2)),
                draw(st.sampled_from(TEXTS)) if outcome == "revise" else None,
                named,
                tuple(draw(st.lists(MARKS, max_size=2))),
            )
        )
    lead = draw(st.one_of(st.none(), people))
    prompts = tuple(draw(st.lists(st.sampled_from(PROMPTS), min_size=count, max_size=count)))
    files = tuple(draw(st.lists(st.sampled_from(FILES), min_size=count, max_size=count)))
    return History(briefs, contents, tuple(told), lead, draw(st.integers(0, len(told))), prompts, files)


@dataclass(frozen=True)
class Written:
    """The history as rows: the production, its cut-off, and the same decisions as the pure rules take them."""

    production: Production
    cutoff: int
    lead: int | None
    judgements: list[Judgement]


def write(history: History) -> Written:
    """Writes the history; decisions beyond `sealed` have later places in the log."""
    at = now()
    code = uuid7().hex
    production = Production.objects.create(code=code, title="A history", rate_num=24, created_at=at)
    people = [
        Contributor.objects.create(namespace=code, external_id=f"person-{place}", created_at=at)
        for place in range(PEOPLE)
    ]
    if history.lead is not None:
        production.lead = people[history.lead]
        production.save()
    briefs = [
        Brief.objects.create(production=production, external_id=f"brief-{place}", kind="script_note", recorded_at=at)
        for place in range(2)
    ]
    media = {
        sha: Media.objects.create(production=production, sha256=sha, mime="video/mp4", uri=sha[:1], created_at=at)
        for sha in sorted({sha for sha in history.files if sha})
    }
    size = _log_size()
    suggestions = []
    for place, (brief, content) in enumerate(zip(history.briefs, history.contents, strict=True)):
        row = Suggestion.objects.create(
            production=production, brief=briefs[brief], external_id=f"s{place}", origin="model", kind="script_note",
            recorded_at=at, text_commit=bytes(32), digest=bytes(32), event_id=_event(size),
            media=media.get(history.file(place) or ""),
        )  # fmt: skip
        size += 1
        prompt = history.prompt(place)
        SuggestionText.objects.create(suggestion=row, salt=os.urandom(32), prompt=prompt, content=content)
        suggestions.append(row)
    cutoff = size + history.sealed
    rows: list[Decision] = []
    for place, told in enumerate(history.decisions):
        row = Decision.objects.create(
            production=production, suggestion=suggestions[told.suggestion], external_id=f"d{place}",
            outcome=told.outcome,
            decided_by=people[told.decided_by],
            on_behalf_of=None if told.on_behalf_of is None else people[told.on_behalf_of],
            decided_at=None if told.minute is None else START + timedelta(minutes=told.minute), recorded_at=at,
            position=told.position, severity=told.severity, negative_kind=told.negative_kind,
            has_revision=told.revision is not None, taxonomy_version="1.0", digest=bytes(32),
            supersedes=None if told.supersedes is None else rows[told.supersedes], event_id=_event(size),
        )  # fmt: skip
        size += 1
        if told.revision is not None:
            DecisionText.objects.create(decision=row, salt=os.urandom(32), revised_content=told.revision)
        DecisionSpan.objects.bulk_create(
            DecisionSpan(
                decision=row, position=n, target=mark.target, unit=mark.unit, start=mark.start, end=mark.end,
                reason=mark.reason,
            )
            for n, mark in enumerate(told.marks)
        )  # fmt: skip
        rows.append(row)
    killed = {told.supersedes for told in history.decisions[: history.sealed]}
    judgements = [
        Judgement(
            row.pk, row.suggestion_id, briefs[history.briefs[told.suggestion]].pk, people[told.person].pk, told.outcome,
            row.decided_at, told.position, place in killed, told.severity, told.negative_kind,
            history.contents[told.suggestion], told.revision, history.prompt(told.suggestion),
            history.file(told.suggestion), told.marks,
        )
        for place, (told, row) in enumerate(zip(history.decisions, rows, strict=True))
        if place < history.sealed
    ]  # fmt: skip
    return Written(production, cutoff, None if history.lead is None else people[history.lead].pk, judgements)


def _log_size() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(log_index) + 1, 0) FROM loop_audit_leaf")
        [(size,)] = cursor.fetchall()
    return int(size)


def _event(index: int) -> int:
    """An event with a place in the log; what it says is not what these tests are about."""
    values: dict[str, Any] = {"uid": uuid7(), "at": now(), "index": index}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH event AS (
                INSERT INTO loop_audit_event (uid, type, at, actor_pid, object_table, object_uid, entry, leaf_hash)
                VALUES (%(uid)s, 'decision.recorded', %(at)s, 'system', 'loop_decision', %(uid)s, '', '') RETURNING id
            )
            INSERT INTO loop_audit_leaf (log_index, event_id, leaf_hash) SELECT %(index)s, id, '' FROM event
            RETURNING event_id
            """,
            values,
        )
        [(event,)] = cursor.fetchall()
    return int(event)

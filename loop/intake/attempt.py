"""One pass over a file within one transaction: lines in, batches of rows out, everything wrong reported."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.db.backends.utils import CursorWrapper

from loop.decision.querysets import vocabulary_of
from loop.intake import known
from loop.intake.codes import register
from loop.intake.copy import reserve
from loop.intake.known import KnownSuggestion
from loop.intake.parents import late_problems
from loop.intake.permitted import breached, problem_of
from loop.intake.registry import Registry
from loop.intake.report import IngestReport, Tally
from loop.intake.resolve import Resolved, identity, resolve
from loop.intake.rows import Batch
from loop.intake.screened import Arrivals
from loop.intake.shape import SuggestionLine, shape
from loop.kernel.actor import Actor
from loop.kernel.commit_form import commit_form
from loop.kernel.ids import uuid7
from loop.kernel.json_lines import BadLineError, parse, read
from loop.kernel.problem import Problem
from loop.material import ai_policy
from loop.material.models import Production
from loop.screening.screen import screen_of

BATCH_LINES: Final = 1_000
BATCH_DECISIONS: Final = 4_000
BATCH_BYTES: Final = 4 * 2**20


@dataclass(slots=True)
class _Candidate:
    """A line on its way: checked by itself, then against what is recorded."""

    number: int
    line: SuggestionLine
    salt: bytes | None
    recorded: KnownSuggestion | None = None
    names: list[str] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    resolved: Resolved = field(default_factory=Resolved)
    breach: ai_policy.AiRule | None = None  # the rule that holds it back


class Attempt:
    """`known_bad` are suggestions that an earlier pass found to have no parent, with the problem."""

    def __init__(
        self,
        cursor: CursorWrapper,
        *,
        production: Production,
        actor: Actor,
        source: str,
        at: datetime,
        mapping: dict[str, str],
        register: bool,
        may_decide: bool,
        known_bad: Mapping[str, Problem],
    ) -> None:
        self.cursor = cursor
        self.production = production
        self.actor = actor
        self.at = at
        self.may_decide = may_decide
        self.known_bad = known_bad
        self.report = IngestReport()
        self.vocabulary = vocabulary_of(production.pk, mapping=mapping, register=register, is_history=True)
        # As they stand within this transaction: the row that the caller holds may be older.
        kept = Production.objects.only("ai_policy", "screening").get(pk=production.pk)
        self._rules = ai_policy.read(kept.ai_policy)
        self._screen = screen_of(kept)
        self._registry = Registry(cursor, production, actor, at)
        self._rows = Batch(cursor, production, actor, source, at)
        self._tally = Tally()
        self._promised: dict[str, int] = {}  # parents that must still come, with the ids they will have
        self._forward: list[int] = []  # suggestions whose parent was not there yet
        self._batch: dict[str, tuple[int, SuggestionLine]] = {}
        self._weight = [0, 0]  # bytes and decisions of the batch
        self._used: set[str] = set()

    def run(self, source: Path | Iterable[bytes], progress: Callable[[int], None] | None) -> IngestReport:
        """Reads all lines and writes the good ones. The caller commits or rolls back."""
        for number, raw in read(source):
            self.report.lines += 1
            line = self._checked(number, raw)
            if line is not None and not isinstance(raw, BadLineError):
                if line.external_id in self._batch:
                    self._flush()  # the second line of one suggestion finds the first recorded
                self._batch[line.external_id] = (number, line)
                self._weight[0] += len(raw)
                self._weight[1] += len(line.decisions)
                if len(self._batch) >= BATCH_LINES or self._is_heavy():
                    self._flush()
            if progress is not None and self.report.lines % BATCH_LINES == 0:
                progress(self.report.lines)
        self._flush()
        codes = register(self.production, self.vocabulary, self._used, actor=self.actor, at=self.at)
        self.report.registered_reasons, self.report.registered_beats = codes
        self.report.counts = self._tally.counts()
        if progress is not None:
            progress(self.report.lines)
        return self.report

    def _is_heavy(self) -> bool:
        return self._weight[0] >= BATCH_BYTES or self._weight[1] >= BATCH_DECISIONS

    def late_problems(self) -> dict[str, Problem]:
        """What only the end of the file shows, by external id: parents that never came, and circles of parents."""
        return late_problems(self.cursor, missing=list(self._promised.values()), forward=self._forward)

    def _checked(self, number: int, raw: bytes | BadLineError) -> SuggestionLine | None:
        if isinstance(raw, BadLineError):
            self.report.wrong(number, [raw.problem])
            return None
        try:
            value = parse(raw)
        except BadLineError as error:
            self.report.wrong(number, [error.problem])
            return None
        shaped = shape(value, self.vocabulary)
        self.report.odd(number, shaped.warnings)
        problems = list(shaped.errors)
        if shaped.line is not None and shaped.line.decisions and not self.may_decide:
            problems.append(Problem("decisions", "none, or a token with the scope decisions:write", "decisions"))
        if shaped.line is not None and shaped.line.external_id in self.known_bad:
            problems.append(self.known_bad[shaped.line.external_id])
        if problems:
            self.report.wrong(number, problems)
            return None
        return shaped.line

    def _flush(self) -> None:
        lines = list(self._batch.values())
        self._batch = {}
        self._weight = [0, 0]
        if not lines:
            return
        names = {name for _, line in lines for name in (line.external_id, line.parent) if name is not None}
        recorded = known.suggestions(self.cursor, self.production.pk, sorted(names))
        good = self._compared([self._candidate(number, line, recorded) for number, line in lines])
        self._registry.meet([one.line for one in good])
        self._write([one for one in good if self._agrees(one)], recorded)

    def _candidate(self, number: int, line: SuggestionLine, recorded: Mapping[str, KnownSuggestion]) -> _Candidate:
        before = recorded.get(line.external_id)
        one = _Candidate(number, line, os.urandom(32) if before is None else before.salt, before)
        if one.salt is None and not all(decision.external_id for decision in line.decisions):
            # The key of their identity went with the text, so nobody can tell whether they are recorded already.
            self.report.odd(number, [Problem("decisions", "an external_id each", "an erased suggestion; left out")])
            line.decisions = [decision for decision in line.decisions if decision.external_id]
        if before is not None:
            self._share(number, line, before.constraints, before.mime)
        first = self._tally.listed(line.external_id)
        one.positions = [first + place for place in range(len(line.decisions))]
        salt = one.salt or known.NO_SALT
        one.names = [
            identity(decision, position, salt) for decision, position in zip(line.decisions, one.positions, strict=True)
        ]
        return one

    def _share(self, number: int, line: SuggestionLine, constraints: list[Any], mime: str | None) -> None:
        """What belongs to the brief or the medium is as first recorded there; a line that says otherwise is told so."""
        if line.constraints and commit_form(line.constraints) != commit_form(constraints):
            self.report.odd(number, [Problem("constraints", "those of the group", "others; the group's are kept")])
        line.constraints = constraints
        if line.media is not None and mime is not None and mime != line.media[2]:
            self.report.odd(
                number, [Problem("media.mime", f"{mime!r} as recorded", f"{line.media[2]!r}; it is not kept")]
            )
            line.media = (line.media[0], line.media[1], mime)

    def _compared(self, batch: list[_Candidate]) -> list[_Candidate]:
        """The candidates that contradict nothing that is recorded, and not each other."""
        names = [name for one in batch for name in one.names]
        recorded = known.decisions(self.cursor, self.production.pk, names)
        ids = iter(reserve(self.cursor, "loop_decision", len(names)))
        asking = [
            one.recorded.id
            for one in batch
            if one.recorded is not None
            and any(decision.supersedes or decision.draft.outcome == "retract" for decision in one.line.decisions)
        ]
        verdicts = known.verdicts(self.cursor, self.production.code, asking) if asking else {}
        good: list[_Candidate] = []
        claimed: set[str] = set()
        for one in batch:
            before = one.recorded
            one.resolved = resolve(
                one.line,
                one.names,
                one.positions,
                [next(ids) for _ in one.names],
                suggestion=before.id if before else None,
                recorded=recorded,
                verdicts=verdicts.get(before.id, ()) if before else (),
            )
            problems = one.resolved.errors
            if before is not None and not known.is_same_suggestion(one.line, before):
                problems.append(
                    Problem("external_id", "what is recorded under this id", "other content", contradicts=True)
                )
            problems += self._forbidden(one)
            new = {decision.external_id for decision in one.resolved.new}
            if not claimed.isdisjoint(new):
                problems.append(Problem("decisions", "identities of their own", "one of another suggestion's"))
            if problems:
                self.report.wrong(one.number, problems)
                continue
            claimed |= new
            good.append(one)
        return good

    def _forbidden(self, one: _Candidate) -> list[Problem]:
        """What the production's rules for the use of AI refuse. Asked of what is new; what is recorded stays."""
        rule = breached(self._rules, one.line) if one.recorded is None else None
        if rule is None:
            return []
        if rule.on_breach == ai_policy.QUARANTINE:
            one.breach = rule
            return []
        return [problem_of(rule, one.line)]

    def _agrees(self, one: _Candidate) -> bool:
        """Whether the materials of the line are what they are recorded as."""
        wrong = [
            Problem(f"materials[{place}].kind", repr(self._registry.materials[name][1]), repr(kind))
            for place, (name, kind) in enumerate(one.line.materials)
            if self._registry.materials[name][1] != kind
        ]
        if wrong:
            self.report.wrong(one.number, wrong)
        return not wrong

    def _write(self, good: list[_Candidate], recorded: Mapping[str, KnownSuggestion]) -> None:
        new = [one for one in good if one.recorded is None]
        ids = {name: one.id for name, one in recorded.items()}
        ids |= {one.line.external_id: number for one, number in self._ids(new)}
        # A suggestion without a group is the only candidate of a brief of its own.
        single = [one.line for one in new if one.line.group_id is None]
        alone = {line.external_id: f"suggestion:{uuid7()}" for line in single}
        self._registry.add_briefs([(alone[line.external_id], line, False) for line in single])
        ahead = {one.line.external_id for one in new}
        arrivals = Arrivals()
        for one in new:
            line, number = one.line, ids[one.line.external_id]
            ahead.discard(line.external_id)
            brief = line.group_id if line.group_id is not None else alone[line.external_id]
            mime = self._registry.media[line.media[1], line.media[0]][1] if line.media else None
            self._share(one.number, line, self._registry.briefs[brief][1], mime)
            row = self._rows.suggestion(
                number,
                line,
                salt=one.salt or known.NO_SALT,
                brief=self._registry.briefs[brief][0],
                parent=self._parent(line.parent, number, ids, ahead),
                registry=self._registry,
            )
            arrivals.suggestion(one.number, line, row, one.breach)
        for one in good:
            for decision in one.resolved.new:
                row = self._rows.decision(decision, ids[one.line.external_id], one.line.external_id, self._registry)
                arrivals.decision(one.number, decision, row)
            self._tally.add(one.line)
            self._note(one)
        self._rows.write()
        # In the transaction that brings them in, so no release under way can hold a row of theirs.
        arrivals.screen(self._screen, self.report, actor=self.actor, production_id=self.production.pk, at=self.at)

    def _ids(self, new: Sequence[_Candidate]) -> Iterator[tuple[_Candidate, int]]:
        """The id of each new suggestion: the promised one if another names it as its parent already."""
        promised = [self._promised.pop(one.line.external_id, None) for one in new]
        free = iter(reserve(self.cursor, "loop_suggestion", promised.count(None)))
        for one, number in zip(new, promised, strict=True):
            yield one, next(free) if number is None else number

    def _parent(self, name: str | None, child: int, ids: Mapping[str, int], ahead: AbstractSet[str]) -> int | None:
        if name is None:
            return None
        if name in ids:
            if name in ahead:  # further down in this batch
                self._forward.append(child)
            return ids[name]
        self._forward.append(child)
        if name not in self._promised:
            [self._promised[name]] = reserve(self.cursor, "loop_suggestion", 1)
        return self._promised[name]

    def _note(self, one: _Candidate) -> None:
        report = self.report
        report.suggestions_new += one.recorded is None
        report.suggestions_known += one.recorded is not None
        report.decisions_new += len(one.resolved.new)
        report.decisions_known += one.resolved.repeated
        if self.vocabulary.new_reasons or self.vocabulary.new_beats:
            for decision in one.line.decisions:
                draft = decision.draft
                self._used.update(draft.reasons, draft.beats, (span.reason for span in draft.spans))

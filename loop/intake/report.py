"""What came of reading a file: how much was new, what was wrong with which line, and the counts of the file. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from loop.decision.rules import sort_key, states_reason
from loop.intake.shape import SuggestionLine
from loop.kernel.problem import Problem

MAX_LISTED: Final = 100_000  # errors listed; all are counted. Some 20 MB at most, beyond what anybody reads
MAX_SHOWN: Final = 100  # warnings listed; all are counted
MANY: Final = 3  # decisions on one suggestion from which on the counts do not tell apart


@dataclass(frozen=True, slots=True)
class LineProblem:
    """A problem with the number of its line, from 1."""

    line: int
    problem: Problem

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem}"


@dataclass(slots=True)
class IngestReport:
    """`kept` is False when nothing was written because of errors; `bad_lines` are those left out.

    `errors` lists the first MAX_LISTED and `warnings` the first MAX_SHOWN; `error_count` and `warning_count` are all.
    `counts` are those of the good lines of the file, by the keys of a set's `neutral.counts.json`.
    """

    lines: int = 0
    bad_lines: int = 0
    suggestions_new: int = 0
    suggestions_known: int = 0
    quarantined: int = 0  # of the new suggestions, held back by a rule of the production or by screening
    decisions_new: int = 0
    decisions_quarantined: int = 0  # of the new decisions, held back by screening
    decisions_known: int = 0
    errors: list[LineProblem] = field(default_factory=list)
    error_count: int = 0
    warnings: list[LineProblem] = field(default_factory=list)
    warning_count: int = 0
    registered_reasons: list[str] = field(default_factory=list)
    registered_beats: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    kept: bool = True

    @property
    def ok(self) -> bool:
        """Whether every line was good."""
        return self.error_count == 0

    def wrong(self, line: int, problems: Iterable[Problem]) -> None:
        """Counts one bad line with all that is wrong with it."""
        self.bad_lines += 1
        for problem in problems:
            self.error_count += 1
            if len(self.errors) < MAX_LISTED:
                self.errors.append(LineProblem(line, problem))

    def odd(self, line: int, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.warning_count += 1
            if len(self.warnings) < MAX_SHOWN:
                self.warnings.append(LineProblem(line, problem))


@dataclass(slots=True)
class Tally:
    """Counts the good lines of a file as they go by; about 200 bytes a suggestion."""

    _plain: Counter[str] = field(default_factory=Counter)
    _groups: set[int] = field(default_factory=set)
    _models: set[str] = field(default_factory=set)
    _deciders: set[str] = field(default_factory=set)
    _last: dict[int, tuple[tuple[datetime, int, int] | None, str, int]] = field(default_factory=dict)

    def listed(self, external_id: str) -> int:
        """How many decisions on this suggestion went by: the position of the next one in the file."""
        found = self._last.get(hash(external_id))
        return found[2] if found else 0

    def add(self, line: SuggestionLine) -> None:
        if line.group_id is not None:
            self._groups.add(hash(line.group_id))
        if line.model is not None:
            self._models.add(line.model)
        key = hash(line.external_id)
        last, outcome, many = self._last.get(key, (None, "", 0))
        for decision in line.decisions:
            draft = decision.draft
            self._deciders.add(decision.decided_by)
            self._plain["decisions"] += 1
            self._plain[f"decision_{draft.outcome}"] += 1
            self._plain["spans"] += len(draft.spans)
            self._plain["with_reasons"] += states_reason(draft.reasons)
            self._plain["with_rationale"] += bool(draft.rationale)
            self._plain["with_revised_content"] += draft.revised_content is not None
            order = sort_key(decision.decided_at, many, 0)
            if last is None or order > last:
                last, outcome = order, draft.outcome
            many += 1
        self._last[key] = (last, outcome, many)

    def counts(self) -> dict[str, int]:
        """By the keys that `signal/counts.py` uses for the database."""
        always = ("decisions", "spans", "with_reasons", "with_rationale", "with_revised_content")
        found = dict.fromkeys(always, 0) | dict(self._plain)
        found |= {
            "suggestions": len(self._last),
            "groups": len(self._groups),
            "models": len(self._models),
            "deciders": len(self._deciders),
        }
        found |= Counter(f"final_{outcome}" for _, outcome, many in self._last.values() if many)
        found |= Counter(f"suggestions_with_{_many(many)}_decisions" for *_, many in self._last.values())
        return dict(sorted(found.items()))


def _many(count: int) -> str:
    return str(count) if count < MANY else f"{MANY}+"

"""What a batch brings in, screened together: one pass over all its texts, a verdict only where something was found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from loop.intake.permitted import problem_of
from loop.intake.report import IngestReport
from loop.intake.rows import NewDecision, NewRow
from loop.intake.shape import SuggestionLine
from loop.kernel.actor import Actor
from loop.kernel.problem import Problem
from loop.material.ai_policy import AiRule
from loop.screening.codes import BY_CODE, QUARANTINED
from loop.screening.querysets import POLICY_CODE, POLICY_VERSION
from loop.screening.screen import Judged, Screen, Texts, record_judged, texts_of_decision, texts_of_suggestion
from loop.screening.verdict import record_verdict


class Arrivals:
    """The new suggestions and decisions of a batch, with the numbers of their lines."""

    def __init__(self) -> None:
        self._suggestions: list[tuple[int, SuggestionLine, NewRow, AiRule | None]] = []
        self._decisions: list[tuple[int, NewRow]] = []
        self._texts: tuple[list[Texts], list[Texts]] = ([], [])

    def suggestion(self, number: int, line: SuggestionLine, row: NewRow, breach: AiRule | None) -> None:
        """A new suggestion, and the rule of the production that holds it back."""
        self._suggestions.append((number, line, row, breach))
        self._texts[0].append(texts_of_suggestion(line.prompt, line.content))

    def decision(self, number: int, new: NewDecision, row: NewRow) -> None:
        """A new decision. One without words is not read."""
        draft = new.line.draft
        if draft.has_text():
            self._decisions.append((number, row))
            self._texts[1].append(texts_of_decision(draft.rationale, draft.revised_content, draft.span_texts()))

    def screen(self, screen: Screen, report: IngestReport, *, actor: Actor, production_id: int, at: datetime) -> None:
        """Records what was found and what the production's rules hold back, and says so in the report."""
        judged = iter(screen.judge([*self._texts[0], *self._texts[1]]))
        for (number, line, row, breach), found in zip(self._suggestions, judged, strict=False):
            also = {POLICY_CODE + breach.name: 1} if breach is not None else None
            if found is not None:
                record_judged(found, suggestion=row, actor=actor, production_id=production_id, at=at, also=also)
            elif also is not None:
                record_verdict(
                    verdict=QUARANTINED, version=POLICY_VERSION, findings=also, suggestion=row, actor=actor,
                    production_id=production_id, at=at,
                )  # fmt: skip
            if breach is not None:
                told = problem_of(breach, line)
                report.odd(number, [Problem(told.field, told.expected, f"{told.found}; it is held in quarantine")])
            if found is not None and found.is_held:
                report.odd(number, _problems(found))
            report.quarantined += breach is not None or (found is not None and found.is_held)
        for (number, row), found in zip(self._decisions, judged, strict=True):
            if found is not None:
                record_judged(found, decision=row, actor=actor, production_id=production_id, at=at)
                if found.is_held:
                    report.odd(number, _problems(found, "decisions: "))
                    report.decisions_quarantined += 1


def _problems(found: Judged, of: str = "") -> Iterator[Problem]:
    """What the one who brings it is told: which text and what it holds, in words of ours."""
    for name, code in dict.fromkeys((name, code) for name, code, _, _ in found.places if code in found.findings):
        yield Problem(
            f"{of}{name}",
            "a text without what screening looks for",
            f"{BY_CODE[code].words} ({code}); it is held in quarantine",
        )

"""Screening what arrives: a judgement for each subject, and a verdict where there is something to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from loop.kernel.actor import Actor
from loop.material.models import Production
from loop.screening import codes
from loop.screening.querysets import roster_of
from loop.screening.roster import NOBODY, Roster
from loop.screening.rules import find
from loop.screening.verdict import Place, Screened, record_verdict

Texts = Sequence[tuple[str, str | None]]
"""What a subject says: the name of each text and its words; None was not said."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found in the texts of one subject. `places` name the text, the code and the range; never the words."""

    verdict: str
    findings: Mapping[str, int]
    places: tuple[Place, ...]

    @property
    def is_held(self) -> bool:
        return self.verdict == codes.QUARANTINED


@dataclass(slots=True)
class Screen:
    """How one production screens. Made once for many texts; the roster is read when the first text comes."""

    production_id: int
    levels: Mapping[str, str]
    _roster: Roster | None = field(default=None)

    @property
    def is_off(self) -> bool:
        return all(level == codes.OFF for level in self.levels.values())

    def judge(self, subjects: Sequence[Texts]) -> list[Judged | None]:
        """A judgement for each subject in order; None where nothing was found. One query, the first time."""
        if self.is_off or not any(words for texts in subjects for _, words in texts):
            return [None] * len(subjects)
        if self._roster is None:
            is_wanted = self.levels["roster"] != codes.OFF
            self._roster = roster_of(self.production_id) if is_wanted else NOBODY
        said = [(name, words) for texts in subjects for name, words in texts if words]
        bounds = [0]
        for texts in subjects:
            bounds.append(bounds[-1] + sum(bool(words) for _, words in texts))
        found = find([words for _, words in said], self._roster)
        return [
            self._weighed([(said[place][0], found[place]) for place in range(first, end) if found[place]])
            for first, end in pairwise(bounds)
        ]

    def _weighed(self, found: Sequence[tuple[str, Iterable[tuple[str, int, int]]]]) -> Judged | None:
        places = tuple(
            (name, code, start, end)
            for name, findings in found
            for code, start, end in findings
            if codes.action(code, self.levels)
        )
        if not places:
            return None
        verdict, counts = codes.weigh((code for _, code, _, _ in places), self.levels)
        return Judged(verdict, counts, places)


def screen_of(production: Production) -> Screen:
    """How the production screens, by its levels as they stand in `production`."""
    return Screen(production.pk, codes.read(production.screening))


def record_judged(
    judged: Judged,
    *,
    actor: Actor,
    production_id: int,
    at: datetime,
    suggestion: Screened | None = None,
    decision: Screened | None = None,
    also: Mapping[str, int] | None = None,
) -> None:
    """The verdict of this version on a subject; `also` are findings of the production's own rules, which hold it back.

    A text in which nothing was found gets no verdict: its absence passes rule 17, and bulk intake stays quick.
    """
    record_verdict(
        verdict=codes.QUARANTINED if also else judged.verdict, version=codes.SCREEN,
        findings={**(also or {}), **judged.findings}, places=judged.places, suggestion=suggestion, decision=decision,
        actor=actor, production_id=production_id, at=at,
    )  # fmt: skip


def texts_of_suggestion(prompt: str | None, content: str | None) -> Texts:
    """The texts of a suggestion that a release may carry."""
    return (("prompt", prompt), ("content", content))


def texts_of_decision(
    rationale: str | None, revised_content: str | None, spans: Sequence[Mapping[str, str | None]] | None
) -> Texts:
    """The texts of a decision that a release may carry: the words on its spans are named spans[0].note and so on."""
    told = [
        (f"spans[{place}].{name}", words.get(name))
        for place, words in enumerate(spans or ())
        for name in ("label", "note")
    ]
    return (("rationale", rationale), ("revised_content", revised_content), *told)

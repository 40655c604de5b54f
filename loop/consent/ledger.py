"""What is owed under a record on a date, pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from loop.consent import terms

DUE: Final = "due"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the ledger. `settles`: the line it meets; None on a settled or waived one: what the record promised."""

    id: int
    kind: str
    settles: int | None
    due_on: date | None
    recorded_at: datetime


def is_open(compensation: Mapping[str, object], lines: Iterable[Line], *, on: date, moment: datetime) -> bool:
    """Whether something is owed on `on`, as recorded by `moment` (standards 2.6, rule 12).

    What the record promises is owed unless its status is one of `terms.SETTLED`, unless it falls due with a release
    only and has no status, and unless a line meets it. A due line is owed from its day until another meets it.
    """
    known = [line for line in lines if line.recorded_at <= moment]
    met = {line.settles for line in known if line.kind != DUE}
    term, status = _text(compensation.get("term")), _text(compensation.get("status"))
    waits = not status and term in terms.PER_RELEASE
    if term and status not in terms.SETTLED and not waits and None not in met:
        return True
    return any(
        line.kind == DUE and line.due_on is not None and line.due_on <= on and line.id not in met for line in known
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

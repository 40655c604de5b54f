"""What a verification found."""

from dataclasses import dataclass, field
from uuid import UUID

MOST_PROBLEMS = 1000  # kept with their words; beyond that they are only counted


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not hold: where, and what was expected and found."""

    message: str
    log_index: int | None = None
    table: str = ""
    uid: UUID | None = None

    def __str__(self) -> str:
        place = [
            f"log index {self.log_index}" if self.log_index is not None else "",
            self.table,
            str(self.uid) if self.uid else "",
        ]
        return f"{' '.join(part for part in place if part) or 'log'}: {self.message}"


@dataclass(slots=True)
class Report:
    """The outcome of `verify`. `ok` means: nothing that was checked contradicts the signed checkpoints."""

    leaves: int = 0
    pending: int = 0
    checkpoints: int = 0
    rows: int = 0
    texts: int = 0
    erased: int = 0
    root: bytes = b""
    problem_count: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether no problem was found."""
        return self.problem_count == 0

    def add(self, message: str, *, log_index: int | None = None, table: str = "", uid: UUID | None = None) -> None:
        """Notes a problem."""
        self.problem_count += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(message, log_index, table, uid))

"""One thing that is wrong, or odd, with something that arrived."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Where (a path such as `decisions[0].spans[1].end`), what was expected, what was found."""

    field: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.field}: expected {self.expected}, found {self.found}"

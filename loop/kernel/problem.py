"""One thing that is wrong, or odd, with something that arrived."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Where (a path such as `decisions[0].spans[1].end`), what was expected, what was found.

    `contradicts`: it is well formed, and something else is recorded already under the same identity.
    """

    field: str
    expected: str
    found: str
    contradicts: bool = False

    def __str__(self) -> str:
        return f"{self.field}: expected {self.expected}, found {self.found}"

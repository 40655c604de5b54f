"""The codes a file may use, pure: the taxonomy, what the production added, and what a map makes of the rest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from loop.decision.rules import unknown_code
from loop.decision.taxonomy import BEATS, CORE, IMPORTED, UNSTATED
from loop.kernel.errors import NotValidError
from loop.kernel.problem import Problem

KINDS: Final = frozenset({"sibling", "dismissed"})  # kinds of negative that a map may name instead of a code
MAX_REASON: Final = 100  # characters, as stored
MAX_BEAT: Final = 64
MAX_NEAR: Final = 400  # known codes that an unknown one is compared with


@dataclass(slots=True)
class Vocabulary:
    """What is known, and what becomes known while a file is read (`new_reasons`, `new_beats`: to be registered)."""

    reasons: set[str]
    beats: set[str]
    mapping: Mapping[str, str] = field(default_factory=dict)
    register: bool = False
    new_reasons: dict[str, str] = field(default_factory=dict)  # stored code -> the code as it came
    new_beats: dict[str, str] = field(default_factory=dict)

    def reason(self, code: str, at: str) -> tuple[str, str, Problem | None]:
        """(stored code or "", kind of negative or "", what is wrong) of one reason as it came."""
        target = self.mapping.get(code, code)
        if target in KINDS and code in self.mapping:
            return "", target, None
        if target in self.reasons or target == UNSTATED:
            return target, "", None
        stored = f"{IMPORTED}.{target}"
        if stored in self.reasons:
            return stored, "", None
        if not self.register:
            return "", "", unknown_code(at, "a reason of the taxonomy", target, sorted(self.reasons)[:MAX_NEAR])
        if not target.strip() or len(stored) > MAX_REASON:
            longest = MAX_REASON - len(IMPORTED) - 1
            return "", "", Problem(at, f"a code of 1 to {longest} characters", repr(target[:100]))
        self.reasons.add(stored)
        self.new_reasons[stored] = target
        return stored, "", None

    def beat(self, code: str, at: str) -> tuple[str, Problem | None]:
        """(stored code, what is wrong) of one beat as it came. A registered beat keeps its own name."""
        target = self.mapping.get(code, code)
        if target in self.beats:
            return target, None
        if not self.register:
            return "", unknown_code(at, "a beat of the list", target, sorted(self.beats)[:MAX_NEAR])
        if not target.strip() or len(target) > MAX_BEAT:
            return "", Problem(at, f"a code of 1 to {MAX_BEAT} characters", repr(target[:100]))
        self.beats.add(target)
        self.new_beats[target] = target
        return target, None


def vocabulary(
    production_reasons: Iterable[str],
    production_beats: Iterable[str],
    *,
    mapping: Mapping[str, str] | None = None,
    register: bool = False,
) -> Vocabulary:
    """The vocabulary of a production. Raises NotValidError for a map to something that is neither known nor a kind."""
    reasons, beats = {*CORE, *production_reasons}, {*BEATS, *production_beats}
    for code, target in (mapping or {}).items():
        if target not in reasons and target not in beats and target not in KINDS:
            problem = unknown_code(f"reason_map[{code!r}]", "a known code, sibling or dismissed", target, reasons)
            raise NotValidError(str(problem), field="reason_map")
    return Vocabulary(reasons, beats, dict(mapping or {}), register)


def read_map(path: Path) -> dict[str, str]:
    """A JSON object of codes to codes. Raises NotValidError for anything else, OSError for an unreadable file."""
    try:
        value = json.loads(path.read_bytes())
    except ValueError as error:
        raise NotValidError(f"{path.name}: expected a JSON object, found {error}", field="reason_map") from error
    if not isinstance(value, dict) or not all(isinstance(target, str) for target in value.values()):
        raise NotValidError(f"{path.name}: expected a JSON object of codes to codes", field="reason_map")
    return value

"""A production's rules for the use of AI, pure: what is permitted at which stage, how ripe it is, what a breach does.

Kept as `{"rules": [{"name", "stage", "kind", "tool", "verdict", "maturity", "on_breach", "reference"}, ...]}`. The
first rule that fits decides; nothing fits: permitted. A rule fits by what it names: `stage` and `kind` as they are,
`tool` as a model's label or its beginning up to a slash or an @ ("vendor", "vendor/name"), whatever its capitals.

What a suggestion does not state may be anything: it fits a rule that forbids and none that permits, so leaving out the
stage opens no door.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from loop.kernel.errors import NotValidError

PERMITTED: Final = "permitted"
NOT_PERMITTED: Final = "not_permitted"
REFUSE: Final = "refuse"
QUARANTINE: Final = "quarantine"
VERDICTS: Final = (PERMITTED, NOT_PERMITTED)
MATURITIES: Final = ("experimental", "production_ready")
BREACHES: Final = (REFUSE, QUARANTINE)
STAGES: Final = ("development", "previs", "production", "post", "distribution")
MOST_RULES: Final = 200
LIMITS: Final = {"kind": 64, "tool": 200, "reference": 200}
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AiRule:
    """One rule. Empty `stage`, `kind` and `tool`: any. `on_breach` says what happens to what it does not permit."""

    name: str
    verdict: str
    stage: str = ""
    kind: str = ""
    tool: str = ""
    maturity: str = ""
    on_breach: str = REFUSE
    reference: str = ""  # the clause or contract it comes from

    @property
    def forbids(self) -> bool:
        return self.verdict == NOT_PERMITTED

    def fits(self, *, stage: str, kind: str, tool: str) -> bool:
        """Whether it speaks of such a suggestion; "" is what the suggestion does not state."""
        return (
            self._meets(self.stage, stage)
            and self._meets(self.kind, kind)
            and (self._meets(self.tool, tool) if not self.tool or not tool else _is_of(self.tool, tool))
        )

    def _meets(self, wanted: str, found: str) -> bool:
        return not wanted or wanted == found or (not found and self.forbids)


KEYS: Final = tuple(each.name for each in fields(AiRule))


def read(value: object) -> tuple[AiRule, ...]:
    """The rules that `value` says. Raises NotValidError whose field is the path of the first thing wrong."""
    if not isinstance(value, Mapping):
        raise _wrong("", 'an object such as {"rules": []}', value)
    for key in value:
        if key != "rules":
            raise _wrong(str(key)[:80], "nothing but rules", key)
    listed = value.get("rules", [])
    if isinstance(listed, str) or not isinstance(listed, Sequence):
        raise _wrong("rules", "a list", listed)
    if len(listed) > MOST_RULES:
        raise _wrong("rules", f"at most {MOST_RULES} rules", len(listed))
    rules: list[AiRule] = []
    for place, each in enumerate(listed):
        rule = _rule(each, f"rules[{place}]")
        if rule.name in {one.name for one in rules}:
            raise _wrong(f"rules[{place}].name", "a name of its own", rule.name)
        rules.append(rule)
    return tuple(rules)


def written(rules: Sequence[AiRule]) -> dict[str, Any]:
    """What is kept: every rule without the parts that say nothing. `read` of it gives the same rules."""
    if not rules:
        return {}
    kept = [{key: value for key in KEYS if (value := getattr(rule, key))} for rule in rules]
    for rule in kept:
        if rule["verdict"] == PERMITTED:
            rule.pop("on_breach", None)
    return {"rules": kept}


def asked(rules: Sequence[AiRule], *, stage: str, kind: str, tool: str) -> AiRule | None:
    """The rule that decides about a model's suggestion; None: no rule speaks of it, so it is permitted."""
    return next((rule for rule in rules if rule.fits(stage=stage, kind=kind, tool=tool)), None)


def _rule(value: object, where: str) -> AiRule:
    if not isinstance(value, Mapping):
        raise _wrong(where, "an object", value)
    for key, item in value.items():
        if key not in KEYS:
            raise _wrong(f"{where}.{str(key)[:80]}", f"one of {', '.join(KEYS)}", key)
        if not isinstance(item, str):
            raise _wrong(f"{where}.{key}", "text", item)
    said = {key: str(item).strip() for key, item in value.items()}
    if not _NAME.fullmatch(said.get("name", "")):
        raise _wrong(f"{where}.name", "1 to 40 small letters, digits, dashes or underscores", said.get("name", ""))
    _choice(said, "verdict", VERDICTS, where, required=True)
    _choice(said, "stage", STAGES, where)
    _choice(said, "maturity", MATURITIES, where)
    _choice(said, "on_breach", BREACHES, where)
    for key, limit in LIMITS.items():
        if len(said.get(key, "")) > limit or "\x00" in said.get(key, ""):
            raise _wrong(f"{where}.{key}", f"at most {limit} characters", f"{len(said[key])} characters")
    if said["verdict"] == PERMITTED and said.get("on_breach", REFUSE) == QUARANTINE:
        raise _wrong(f"{where}.on_breach", "none on a rule that permits", QUARANTINE)
    return AiRule(**{key: item for key, item in said.items() if item})


def _choice(said: Mapping[str, str], key: str, known: Sequence[str], where: str, *, required: bool = False) -> None:
    found = said.get(key, "")
    if found not in known and (found or required):
        raise _wrong(f"{where}.{key}", f"one of {', '.join(known)}", found)


def _is_of(tool: str, label: str) -> bool:
    wanted, found = tool.casefold(), label.casefold()
    return found == wanted or found.startswith((f"{wanted}@", f"{wanted}/"))


def _wrong(field: str, expected: str, found: object) -> NotValidError:
    shown = repr(found if isinstance(found, (str, int)) else type(found).__name__)[:80]
    where = f"ai_policy.{field}" if field else "ai_policy"
    return NotValidError(f"{where}: expected {expected}, found {shown}", field=where)

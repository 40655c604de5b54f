"""The rules for the use of AI: how they are read, which one decides, and what leaving something out does not open."""

from __future__ import annotations

from typing import Any

import pytest

from loop.kernel.errors import NotValidError
from loop.material.ai_policy import AiRule, asked, read, written

NO_SYNTHESIS = {"name": "no-synthesis", "kind": "performance_synthesis", "verdict": "not_permitted"}
PREVIS = {
    "name": "previs", "stage": "previs", "tool": "halcyon/previs", "verdict": "permitted", "maturity": "experimental",
    "reference": "AI plan 3",
}  # fmt: skip
ELSE = {"name": "else", "verdict": "not_permitted", "on_breach": "quarantine"}
RULES = read({"rules": [NO_SYNTHESIS, PREVIS, ELSE]})


def name(**said: str) -> str:
    rule = asked(RULES, **({"stage": "previs", "kind": "previs_clip", "tool": "halcyon/previs@2"} | said))
    return rule.name if rule else ""


def test_the_first_rule_that_fits_decides() -> None:
    assert name() == "previs"
    assert name(kind="performance_synthesis") == "no-synthesis"
    assert name(stage="post") == "else"
    assert asked((), stage="post", kind="sound", tool="x") is None


@pytest.mark.parametrize(
    ("tool", "found"),
    [
        ("halcyon/previs", "previs"), ("HALCYON/Previs@9", "previs"), ("halcyon/previs/fast@1", "previs"),
        ("halcyon/previsor@1", "else"), ("halcyon", "else"), ("other/previs@1", "else"),
    ],
)  # fmt: skip
def test_a_tool_is_a_label_or_its_beginning_up_to_a_mark(tool: str, found: str) -> None:
    assert name(tool=tool) == found


@pytest.mark.parametrize(("left_out", "found"), [("stage", "else"), ("tool", "else"), ("kind", "no-synthesis")])
def test_what_is_not_stated_fits_what_forbids_and_nothing_that_permits(left_out: str, found: str) -> None:
    assert name(**{left_out: ""}) == found


def test_what_is_written_reads_the_same() -> None:
    assert read(written(RULES)) == RULES
    assert written(RULES)["rules"][1] == PREVIS
    assert written(()) == {}
    assert read({}) == ()
    assert read({"rules": [{"name": " a ", "verdict": "permitted", "on_breach": "refuse"}]}) == (
        AiRule(name="a", verdict="permitted"),
    )


@pytest.mark.parametrize(
    ("value", "field", "expected"),
    [
        ([], "ai_policy", "an object"),
        ({"previs": {}}, "ai_policy.previs", "nothing but rules"),
        ({"rules": {}}, "ai_policy.rules", "a list"),
        ({"rules": "all"}, "ai_policy.rules", "a list"),
        ({"rules": [ELSE] * 201}, "ai_policy.rules", "at most 200"),
        ({"rules": [3]}, "ai_policy.rules[0]", "an object"),
        ({"rules": [ELSE, ELSE]}, "ai_policy.rules[1].name", "a name of its own"),
        ({"rules": [ELSE | {"name": ""}]}, "ai_policy.rules[0].name", "1 to 40 small letters"),
        ({"rules": [ELSE | {"name": "With Space"}]}, "ai_policy.rules[0].name", "1 to 40 small letters"),
        ({"rules": [ELSE | {"verdict": "maybe"}]}, "ai_policy.rules[0].verdict", "permitted, not_permitted"),
        ({"rules": [{"name": "x"}]}, "ai_policy.rules[0].verdict", "permitted, not_permitted"),
        ({"rules": [ELSE | {"stage": "wrap"}]}, "ai_policy.rules[0].stage", "development, previs"),
        ({"rules": [ELSE | {"maturity": "ripe"}]}, "ai_policy.rules[0].maturity", "experimental"),
        ({"rules": [ELSE | {"on_breach": "shout"}]}, "ai_policy.rules[0].on_breach", "refuse, quarantine"),
        ({"rules": [ELSE | {"verdict": "permitted"}]}, "ai_policy.rules[0].on_breach", "none on a rule that permits"),
        ({"rules": [ELSE | {"kind": "k" * 65}]}, "ai_policy.rules[0].kind", "at most 64"),
        ({"rules": [ELSE | {"tool": None}]}, "ai_policy.rules[0].tool", "text"),
        ({"rules": [ELSE | {"who": "x"}]}, "ai_policy.rules[0].who", "one of name"),
    ],
)
def test_it_refuses_by_path(value: Any, field: str, expected: str) -> None:
    with pytest.raises(NotValidError, match=expected) as refused:
        read(value)
    assert refused.value.field == field

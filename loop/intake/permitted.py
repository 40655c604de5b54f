"""Whether a production permits what arrives from a model: its rules, asked once a line. Pure but for the wording."""

from __future__ import annotations

from loop.intake.shape import SuggestionLine
from loop.kernel.json_lines import show
from loop.kernel.problem import Problem
from loop.material.ai_policy import AiRule, asked

UNSTATED = "not stated"


def breached(rules: tuple[AiRule, ...], line: SuggestionLine) -> AiRule | None:
    """The rule that forbids the line; None if it is permitted, or comes from a person or a camera."""
    if not rules or line.origin != "model":
        return None
    rule = asked(rules, stage=line.stage, kind=line.kind, tool=line.model or "")
    return rule if rule is not None and rule.forbids else None


def problem_of(rule: AiRule, line: SuggestionLine) -> Problem:
    """What the one who brings it is told: the rule and where it comes from, and how the line was understood."""
    source = f", {rule.reference}" if rule.reference else ""
    found = f"stage {_said(line.stage)}, kind {_said(line.kind)}, model {_said(line.model)}"
    return Problem("model", f"a use of AI that the production permits (rule {rule.name}{source})", found)


def _said(text: str | None) -> str:
    return show(text) if text else UNSTATED

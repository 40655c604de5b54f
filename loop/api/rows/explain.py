"""The gate's answer as the API shows it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from loop.gate.explain import Explanation, RowAnswer, RuleAnswer
from loop.kernel.clock import rfc3339


class GateFactRow(serializers.Serializer[Any]):
    """One thing a rule looked at."""

    text = serializers.CharField()
    code = serializers.CharField(allow_blank=True, help_text="Empty: it is fine.")
    authorisation = serializers.UUIDField(allow_null=True)


class GateRuleRow(serializers.Serializer[Any]):
    """One rule."""

    number = serializers.IntegerField()
    asks = serializers.CharField(help_text="What holds when it passes.")
    passed = serializers.BooleanField(allow_null=True, help_text="null: not asked, an earlier rule left nothing.")
    codes = serializers.ListField(child=serializers.CharField())
    remedies = serializers.ListField(child=serializers.CharField(), help_text="Who can fix it, and how.")
    facts = GateFactRow(many=True, help_text="Empty for a token that may not read the registry.")


class GateVerdictRow(serializers.Serializer[Any]):
    """The verdict on one row."""

    decision = serializers.UUIDField(allow_null=True, help_text="null: nobody has decided on it.")
    allowed = serializers.BooleanField()
    code = serializers.CharField(allow_null=True, help_text="That of the first rule that fails.")
    codes = serializers.ListField(child=serializers.CharField())
    expires_on = serializers.DateField(allow_null=True)
    territory = serializers.ListField(child=serializers.CharField(), help_text="Empty: everywhere.")
    uses = serializers.DictField(child=serializers.CharField(), allow_null=True)
    rules = GateRuleRow(many=True)


class GateAnswerRow(serializers.Serializer[Any]):
    """The answer as of one moment."""

    as_of = serializers.ChoiceField(choices=["publishing", "date"])
    date = serializers.DateField()
    moment = serializers.DateTimeField()
    allowed = serializers.BooleanField(help_text="At least one row may leave.")
    rows = GateVerdictRow(many=True)


class ExplainRow(serializers.Serializer[Any]):
    """What was asked, and the answers: for a released row as of its publishing, and as of the date."""

    production = serializers.CharField()
    suggestion = serializers.UUIDField()
    purpose = serializers.CharField()
    recipient = serializers.CharField()
    profile = serializers.CharField(allow_null=True)
    export = serializers.UUIDField(allow_null=True)
    row = serializers.CharField(allow_null=True)
    dropped = serializers.CharField(allow_null=True, help_text="The code by which the last check took the row out.")
    answers = GateAnswerRow(many=True)


def answer(found: Explanation, as_of: str, *, reads_registry: bool) -> dict[str, Any]:
    """One answer. Who and which record stand in facts, which only who reads the registry gets."""
    return {
        "as_of": as_of,
        "date": found.question.on.isoformat(),
        "moment": rfc3339(found.question.moment),
        "allowed": found.allowed,
        "rows": [_verdict(row, reads_registry=reads_registry) for row in found.rows],
    }


def _verdict(row: RowAnswer, *, reads_registry: bool) -> dict[str, Any]:
    verdict = row.verdict
    return {
        "decision": str(row.decision.uid) if row.decision else None,
        "allowed": verdict.allowed,
        "code": verdict.code,
        "codes": list(verdict.codes),
        "expires_on": verdict.expires_on.isoformat() if verdict.expires_on else None,
        "territory": list(verdict.territory),
        "uses": dict(verdict.uses) if verdict.uses is not None else None,
        "rules": [_rule(rule, reads_registry=reads_registry) for rule in row.rules],
    }


def _rule(rule: RuleAnswer, *, reads_registry: bool) -> dict[str, Any]:
    facts = rule.facts if reads_registry else ()
    return {
        "number": rule.number,
        "asks": rule.asks,
        "passed": rule.passed,
        "codes": list(rule.codes),
        "remedies": list(rule.remedies),
        "facts": [
            {
                "text": fact.text,
                "code": fact.code,
                "authorisation": str(fact.authorisation.uid) if fact.authorisation else None,
            }
            for fact in facts
        ],
    }

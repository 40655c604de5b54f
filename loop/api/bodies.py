"""What may be sent. The bulk format's own reader (`intake`) has the last word; these say it in the schema."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from loop.decision.models import Decision, DecisionSpan, Outcome
from loop.material.models import Capacity, Stage
from loop.suggestion.models import Suggestion

ANY_OBJECT = {"type": "object", "additionalProperties": {}}


@extend_schema_field(ANY_OBJECT)
class AnyObject(serializers.JSONField):
    """An object with keys of the caller's own."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Expected an object.")
        return data


class Text(serializers.CharField):
    """Text as it came: no trimming, and a number is no text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class ProductionQuery(serializers.Serializer[Any]):
    """For a token with several productions."""

    production = serializers.CharField(
        max_length=32, required=False, help_text="Its code; may be left out with a token for one production."
    )


class BulkQuery(ProductionQuery):
    """How a bulk body is taken."""

    keep_good = serializers.BooleanField(default=False, help_text="Keep the good lines although others are bad.")


class SpanBody(serializers.Serializer[Any]):
    """A range: characters (start, end), frames (start_frame, end_frame, rate) or a region of the picture."""

    target = serializers.ChoiceField(
        choices=[choice for choice in DecisionSpan.Target.choices if choice[0] != "media"], required=False
    )
    start = serializers.IntegerField(required=False, help_text="Unicode code points.")
    end = serializers.IntegerField(required=False, help_text="Exclusive.")
    start_frame = serializers.IntegerField(required=False)
    end_frame = serializers.IntegerField(required=False, help_text="Exclusive.")
    rate = serializers.CharField(required=False, help_text='"24000/1001"')
    drop_frame = serializers.BooleanField(required=False)
    media_sha256 = serializers.CharField(required=False)
    region = AnyObject(required=False, help_text="x, y, w, h as shares of the picture, 0 to 1.")
    label = Text(  # type: ignore[assignment]  # a field, not the attribute of that name
        required=False, allow_null=True, allow_blank=True
    )
    reason = Text(required=False, allow_blank=True)
    note = Text(required=False, allow_null=True, allow_blank=True)


class Judgement(serializers.Serializer[Any]):
    """What a decision says, in the words of the bulk format."""

    external_id = Text(max_length=300, required=False)
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    reasons = serializers.ListField(child=Text(max_length=100), required=False, max_length=32)
    negative_kind = serializers.ChoiceField(choices=Decision.NegativeKind.choices, required=False)
    rationale = Text(required=False, allow_null=True, allow_blank=True)
    revised_content = Text(required=False, allow_null=True, allow_blank=True)
    revision_by_ai = serializers.BooleanField(required=False)
    severity = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=4)
    confidence = serializers.DecimalField(
        required=False,
        allow_null=True,
        max_digits=4,
        decimal_places=3,
        min_value=0,
        max_value=1,
        coerce_to_string=False,
    )
    beats = serializers.ListField(child=Text(max_length=64), required=False, max_length=32)
    spans = serializers.ListField(child=SpanBody(), required=False, max_length=1000)
    decided_by = Text(max_length=200, help_text="The person's id in the production.")
    on_behalf_of = Text(max_length=200, required=False, allow_null=True)
    decided_at = serializers.DateTimeField(required=False, allow_null=True)
    active_ms = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**63 - 1)


class DecisionBody(Judgement):
    """A decision of a suggestion that is already recorded: name it by `suggestion` or `suggestion_external_id`."""

    production = Text(max_length=32, required=False)
    suggestion = serializers.UUIDField(required=False)
    suggestion_external_id = Text(max_length=300, required=False)
    supersedes = serializers.UUIDField(required=False, allow_null=True, help_text="The decision this one replaces.")
    context = AnyObject(  # type: ignore[assignment]  # a field, not the attribute of that name
        required=False, help_text="What was on screen."
    )


class JudgementLine(Judgement):
    """A decision beside its suggestion."""

    supersedes = Text(required=False, allow_null=True, help_text="The external id it replaces.")


class MediaBody(serializers.Serializer[Any]):
    """A media file by its digest."""

    uri = Text(max_length=1000)
    sha256 = Text()
    mime = Text(max_length=100, required=False)


class MaterialLink(serializers.Serializer[Any]):
    """A material the suggestion drew on."""

    external_id = Text(max_length=200)
    kind = Text(max_length=40, required=False)


class ContributorLink(serializers.Serializer[Any]):
    """Whose work, likeness or rights the suggestion carries."""

    id = Text(max_length=200)
    capacity = serializers.ChoiceField(choices=Capacity.choices, required=False)


class SuggestionBody(serializers.Serializer[Any]):
    """One line of the bulk format. Required: external_id; content or media; model or origin."""

    production = Text(max_length=32, required=False, help_text="Not in a bulk body: ?production= there.")
    external_id = Text(max_length=300)
    group_id = Text(max_length=300, required=False, help_text="Candidates of one brief share it.")
    origin = serializers.ChoiceField(choices=Suggestion.Origin.choices, required=False)
    kind = Text(max_length=64, required=False)
    stage = serializers.ChoiceField(choices=Stage.choices, required=False)
    prompt = Text(required=False, allow_null=True, allow_blank=True)
    content = Text(required=False, allow_null=True, allow_blank=True)
    media = MediaBody(required=False, allow_null=True)
    model = Text(max_length=200, required=False, help_text='"vendor/name@version"')
    parameters = AnyObject(required=False)
    seed = serializers.IntegerField(required=False, allow_null=True)
    parent = Text(  # type: ignore[assignment]  # a field, not the attribute of that name
        required=False, allow_null=True, help_text="The external id of its parent."
    )
    created_at = serializers.DateTimeField(required=False, allow_null=True)
    latency_ms = serializers.IntegerField(required=False, allow_null=True)
    cost_usd = serializers.DecimalField(max_digits=14, decimal_places=6, required=False, allow_null=True)
    tokens_in = serializers.IntegerField(required=False, allow_null=True)
    tokens_out = serializers.IntegerField(required=False, allow_null=True)
    constraints = serializers.ListField(required=False)
    materials = MaterialLink(many=True, required=False)
    contributors = ContributorLink(many=True, required=False)
    decisions = JudgementLine(many=True, required=False, help_text="Needs the scope decisions:write too.")
    meta = AnyObject(required=False)


class BulkProblem(serializers.Serializer[Any]):
    """Something wrong with a line."""

    line = serializers.IntegerField(help_text="From 1.")
    field = Text()
    message = Text()


class BulkReport(serializers.Serializer[Any]):
    """What a bulk body made."""

    lines = serializers.IntegerField()
    bad_lines = serializers.IntegerField()
    suggestions_created = serializers.IntegerField()
    suggestions_known = serializers.IntegerField(help_text="Recorded before with the same content.")
    decisions_created = serializers.IntegerField()
    decisions_known = serializers.IntegerField()
    problems = BulkProblem(many=True, help_text="The first hundred, of lines that were left out (keep_good).")
    warnings = BulkProblem(many=True)

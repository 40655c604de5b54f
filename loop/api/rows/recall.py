"""Recalls as the API shows them, and the body of an answer."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from loop.kernel.clock import rfc3339
from loop.recall.answer import LONGEST, MODEL_ACTIONS, MOST_MODELS
from loop.recall.models import RecallAck
from loop.recall.querysets import Recall, Standing


class ModelRow(serializers.Serializer[Any]):
    """A model that was trained on recalled rows, and what was done about it."""

    id = serializers.CharField(max_length=LONGEST)
    trained_on = serializers.CharField(max_length=LONGEST, help_text="The release: uid@version, or its number.")
    action = serializers.ChoiceField(choices=[(each, each) for each in MODEL_ACTIONS])


class EvidenceBody(serializers.Serializer[Any]):
    """A document, in the body itself: at most 1 MiB of it."""

    file_name = serializers.CharField(max_length=200)
    content_base64 = serializers.CharField(max_length=1_400_000)


class AnswerBody(serializers.Serializer[Any]):
    """What a recipient says it did about a recall."""

    by = serializers.CharField(max_length=LONGEST, help_text="Who says so, on the recipient's side.")
    copies_deleted = serializers.BooleanField(help_text="true: every copy of the rows is deleted, and the duty is met.")
    models_affected = serializers.ListField(child=ModelRow(), required=False, max_length=MOST_MODELS)
    at = serializers.DateTimeField(
        required=False, help_text="When it was said; default: now. Never before the notice, never to come."
    )
    evidence = EvidenceBody(required=False)


class RecipientAnswerBody(AnswerBody):
    """The same by the address of a release's answers, which must name the notice."""

    notice = serializers.UUIDField(help_text="As the feed and the list name it.")


class AnswerRow(serializers.Serializer[RecallAck]):
    """An answer as it was recorded. It never changes."""

    id = serializers.UUIDField(source="uid")
    notice = serializers.UUIDField(source="notice.uid")
    by = serializers.CharField()
    copies_deleted = serializers.BooleanField()
    models_affected = ModelRow(many=True)
    evidence_sha256 = serializers.CharField(source="evidence.sha256", allow_null=True, default=None)
    received_at = serializers.SerializerMethodField()

    def get_received_at(self, row: RecallAck) -> str:
        return rfc3339(row.received_at)


class RecallRow(serializers.Serializer[Recall]):
    """A notice and how far it is. Its row ids stand in the release's feed."""

    id = serializers.UUIDField(source="notice.uid")
    export = serializers.UUIDField(source="notice.export.uid")
    version = serializers.CharField(source="notice.export.version")
    recipient = serializers.CharField(source="notice.export.recipient.code")
    rows = serializers.IntegerField(source="notice.rows")
    basis = serializers.CharField(source="notice.basis")
    actions = serializers.ListField(child=serializers.CharField(), source="notice.actions")
    issued_at = serializers.SerializerMethodField()
    deadline = serializers.SerializerMethodField()
    standing = serializers.ChoiceField(choices=[(each.value, each.value) for each in Standing], source="standing.value")
    answers = serializers.SerializerMethodField()

    def get_issued_at(self, row: Recall) -> str:
        return rfc3339(row.notice.issued_at)

    def get_deadline(self, row: Recall) -> str:
        return rfc3339(row.notice.deadline)

    @extend_schema_field(AnswerRow(many=True))
    def get_answers(self, row: Recall) -> list[dict[str, Any]]:
        return [dict(AnswerRow(each).data) for each in row.answers]


class RecallPage(serializers.Serializer[Any]):
    """A page of recalls."""

    items = RecallRow(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class RecallList(serializers.Serializer[Any]):
    """All recalls of one release."""

    items = RecallRow(many=True)

"""Recalls: what was recalled, the signed feed of a release, and what recipients say they did about it.

A recipient has no login, and a token reaches a whole production. So it comes by two addresses of its release that
nobody can guess (export/addresses.py): one reads the feed, the other one answers. Tokens with `recalls:acknowledge` are
for systems of the house that pass on what recipients wrote.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.http import http_date
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from loop.api.base import ApiView, checked_body, shown
from loop.api.exports import READ, ScopedExports
from loop.api.idempotency import KEY_HEADER, REPLAYED, idempotency_key
from loop.api.pagination import PageQuery, page
from loop.api.problems import Refused
from loop.api.rows.export import OrderRow
from loop.api.rows.recall import AnswerBody, AnswerRow, RecallList, RecallPage, RecallRow, RecipientAnswerBody
from loop.api.schema import answers
from loop.api.throttles import AddressThrottle, CallThrottle, OrderThrottle
from loop.consent.evidence import Document, document_of
from loop.consent.lock import database_moment
from loop.export.addresses import ANSWERS, FEED, opens
from loop.export.models import Export
from loop.kernel.actor import Actor, by_recipient
from loop.people.querysets import productions_where
from loop.people.roles import EXPORTS_ORDER, EXPORTS_READ, RECALLS_ACKNOWLEDGE, Permission
from loop.recall.acknowledge import acknowledge
from loop.recall.answer import keyed_uid
from loop.recall.feed import edition, signed_feed
from loop.recall.models import RecallAck, RecallNotice
from loop.recall.querysets import Standing, notices, recall_of, standing_at
from loop.recall.reissue import reissue
from loop.tasks import nudge

ENVELOPE_TYPE = "application/vnd.dsse.envelope+json"
MAX_AGE_S = 60
SECRET = OpenApiParameter("secret", OpenApiTypes.STR, OpenApiParameter.PATH, description="40 hexadecimal digits.")


class RecallQuery(PageQuery):
    """Which recalls."""

    production = serializers.CharField(max_length=32, required=False)
    export = serializers.UUIDField(required=False)
    recipient = serializers.CharField(max_length=64, required=False)
    standing = serializers.ChoiceField(choices=[(each.value, each.value) for each in Standing], required=False)


class ScopedRecalls(ApiView):
    """The recalls this token may see."""

    def recalls(self) -> QuerySet[RecallNotice]:
        return notices().filter(export__production__in=productions_where(self.actor, Permission.SEE_EXPORT))

    def shown(self, rows: list[RecallNotice]) -> list[dict[str, Any]]:
        moment = database_moment()
        return shown(RecallRow, [recall_of(row, moment) for row in rows])

    def recall(self, uid: str) -> RecallNotice:
        """The notice, or 404 for the foreign and the missing alike."""
        found = self.recalls().filter(uid=uid).first()
        if found is None:
            raise NotFound
        return found


class Recalls(ScopedRecalls):
    scopes = {"GET": frozenset({EXPORTS_READ, RECALLS_ACKNOWLEDGE})}
    parameters = {"GET": RecallQuery}

    @extend_schema(operation_id="recalls_list", parameters=[RecallQuery], responses=answers({200: RecallPage}, 404))
    def get(self, request: Request) -> Response:
        """Recalls in the order they were issued, with their standing and what was answered."""
        rows = self.recalls()
        if (code := self.query.get("production")) is not None:
            rows = rows.filter(export__production=self.production_of(code))
        if "export" in self.query:
            rows = rows.filter(export__uid=self.query["export"])
        if "recipient" in self.query:
            rows = rows.filter(export__recipient__code=self.query["recipient"])
        if "standing" in self.query:
            rows = rows.filter(standing_at(self.query["standing"], database_moment()))
        return Response(page(rows, query=self.query, show=self.shown))


class OneRecall(ScopedRecalls):
    scopes = {"GET": frozenset({EXPORTS_READ, RECALLS_ACKNOWLEDGE})}

    @extend_schema(operation_id="recalls_read", responses=answers({200: RecallRow}, 404))
    def get(self, request: Request, uid: str) -> Response:
        """One recall as it stands now."""
        return Response(self.shown([self.recall(uid)])[0])


class Acknowledgements(ScopedRecalls):
    scopes = {"POST": frozenset({RECALLS_ACKNOWLEDGE})}

    @extend_schema(
        operation_id="recalls_acknowledge", request=AnswerBody, parameters=[KEY_HEADER],
        responses=answers({201: AnswerRow}, 404, 413, 415, 422),
    )  # fmt: skip
    def post(self, request: Request, uid: str) -> Response:
        """Records what a recipient said it did. `copies_deleted` meets its duty; without it the recall stays open."""
        notice = self.recall(uid)
        return answered(request, notice, checked_body(request, AnswerBody), self.actor)


class ExportRecalls(ScopedExports):
    scopes = {"GET": READ}

    @extend_schema(
        operation_id="exports_recalls", responses=answers({(200, ENVELOPE_TYPE): OpenApiTypes.OBJECT}, 404, 409)
    )
    def get(self, request: Request, uid: str) -> HttpResponse:
        """The recall feed of a published export, signed by the house: which rows may no longer be used, and why."""
        return feed_of(request, self.export(uid))


class Replacement(ScopedExports):
    scopes = {"POST": frozenset({EXPORTS_ORDER})}
    throttle_classes = [CallThrottle, OrderThrottle]

    @extend_schema(operation_id="exports_replace", request=None, responses=answers({202: OrderRow}, 404, 409, 422))
    def post(self, request: Request, uid: str) -> Response:
        """Orders the release that takes the place of one with recalled rows, a MAJOR version further.

        409 `nothing_to_replace` if nothing was recalled or all of it is gone already, `conflict` while one is made.
        """
        export = reissue(export=self.export(uid), actor=self.actor)
        nudge(export)
        address = reverse("api-export", kwargs={"uid": export.uid}, request=request)
        return Response(OrderRow(export).data, status=202, headers={"Location": address})


class ByAddress(ApiView):
    """What is reached by an address that nobody can guess, without a token. 404 for every wrong one."""

    authentication_classes = []
    permission_classes = []
    throttle_classes = [AddressThrottle]
    what = FEED

    def release(self, uid: str, secret: str) -> Export:
        """The release whose address this is."""
        found = None
        if opens(self.what, UUID(uid), secret):
            found = Export.objects.select_related("production", "recipient").filter(uid=uid).first()
        if found is None or found.state != Export.State.PUBLISHED:
            raise NotFound
        return found


class Feed(ByAddress):
    scopes = {"GET": frozenset()}

    @extend_schema(
        operation_id="feeds_read", auth=[], parameters=[SECRET],
        responses=answers({(200, ENVELOPE_TYPE): OpenApiTypes.OBJECT}, 404),
    )  # fmt: skip
    def get(self, request: Request, uid: str, secret: str) -> HttpResponse:
        """The same feed at the address that the release's manifest names. Fetch it before every training run."""
        return feed_of(request, self.release(uid, secret))


class RecipientAnswers(ByAddress):
    scopes = {"GET": frozenset(), "POST": frozenset()}
    what = ANSWERS

    @extend_schema(
        operation_id="recall_answers_list", auth=[], parameters=[SECRET], responses=answers({200: RecallList}, 404)
    )
    def get(self, request: Request, uid: str, secret: str) -> Response:
        """The recalls of a release, with their standing and what its recipient answered."""
        found = notices().filter(export=self.release(uid, secret)).order_by("id")
        moment = database_moment()
        return Response({"items": shown(RecallRow, [recall_of(notice, moment) for notice in found])})

    @extend_schema(
        operation_id="recall_answers_create", auth=[], request=RecipientAnswerBody, parameters=[KEY_HEADER, SECRET],
        responses=answers({201: AnswerRow}, 404, 413, 415, 422),
    )  # fmt: skip
    def post(self, request: Request, uid: str, secret: str) -> Response:
        """Records what the recipient says it did about one of them. Recorded in the recipient's name."""
        export = self.release(uid, secret)
        body = checked_body(request, RecipientAnswerBody)
        notice = notices().filter(export=export, uid=body["notice"]).first()
        if notice is None:
            message = "Expected a recall of this release."
            raise Refused(400, "not_valid", message, [{"field": "notice", "message": message}])
        recipient = export.recipient
        return answered(request, notice, body, by_recipient(recipient.uid, recipient_id=recipient.pk))


def feed_of(request: Request, export: Export) -> HttpResponse:
    """The signed feed with its edition as ETag; 304 to whoever has that edition."""
    due = edition(export)
    tag = f'"{due.tag}"'
    if tag in [each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")]:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(signed_feed(due), content_type=ENVELOPE_TYPE)
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = f"private, max-age={MAX_AGE_S}"
    response.headers["Last-Modified"] = http_date(due.issued_at.timestamp())
    return response


def answered(request: Request, notice: RecallNotice, body: dict[str, Any], actor: Actor) -> Response:
    """Records the answer; 201, and again for the same key."""
    key = idempotency_key(request)
    is_known = key is not None and RecallAck.objects.filter(uid=keyed_uid(actor, key)).exists()
    ack = acknowledge(
        notice=notice,
        by=body["by"],
        copies_deleted=body["copies_deleted"],
        models_affected=body.get("models_affected", ()),
        evidence=_evidence(body),
        at=body.get("at"),
        actor=actor,
        idempotency_key=key,
    )
    return Response(AnswerRow(ack).data, status=201, headers=REPLAYED if is_known else {})


def _evidence(body: dict[str, Any]) -> Document | None:
    given = body.get("evidence")
    if given is None:
        return None
    try:
        content = base64.b64decode(given["content_base64"], validate=True)
    except (ValueError, binascii.Error) as error:
        message = "Expected base64."
        where = "evidence.content_base64"
        raise Refused(400, "not_valid", message, [{"field": where, "message": message}]) from error
    return document_of(given["file_name"], content, kind="recall_answer")

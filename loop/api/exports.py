"""Exports: order, watch, cancel, and take the files of a published one through a short-lived link."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from loop.api.base import ApiView, checked_body, shown
from loop.api.idempotency import KEY_HEADER, REPLAYED, idempotency_key
from loop.api.links import LIFETIME, sign
from loop.api.pagination import PageQuery, page
from loop.api.problems import Refused
from loop.api.rows.export import ExportPage, ExportRow, FileList, LinkRow, OrderRow
from loop.api.rows.preview import PreviewRow
from loop.api.schema import answers
from loop.api.throttles import CallThrottle, OrderThrottle
from loop.consent.models import Recipient
from loop.export.approval import with_approval
from loop.export.cancel import cancel
from loop.export.download import download
from loop.export.files import release_files
from loop.export.models import Export, ExportShard
from loop.export.order import order
from loop.export.preview import preview
from loop.export.profiles.registry import SENTENCES
from loop.export.recipe import DEFAULT_LABELS, FORM_WORDS, FORMATS, FORMS, PARQUET, STANDARD, TALKING
from loop.export.rules import LABEL_POLICIES
from loop.kernel.clock import now, rfc3339
from loop.people.querysets import productions_where
from loop.people.roles import EXPORTS_DOWNLOAD, EXPORTS_ORDER, EXPORTS_READ, Permission
from loop.tasks import nudge

READ = frozenset({EXPORTS_READ, EXPORTS_DOWNLOAD, EXPORTS_ORDER})


class ExportQuery(PageQuery):
    """Which exports."""

    production = serializers.CharField(max_length=32, required=False)
    profile = serializers.ChoiceField(choices=SENTENCES, required=False)
    state = serializers.ChoiceField(choices=Export.State.choices, required=False)
    recipient = serializers.CharField(max_length=64, required=False)


class OrderFilters(serializers.Serializer[Any]):
    """Which decisions belong; an absent or empty list does not filter."""

    stages = serializers.ListField(child=serializers.CharField(max_length=300), required=False, max_length=1000)
    kinds = serializers.ListField(child=serializers.CharField(max_length=300), required=False, max_length=1000)
    models = serializers.ListField(child=serializers.CharField(max_length=300), required=False, max_length=1000)
    origins = serializers.ListField(child=serializers.CharField(max_length=300), required=False, max_length=1000)
    briefs = serializers.ListField(child=serializers.CharField(max_length=300), required=False, max_length=1000)
    outcomes = serializers.ListField(child=serializers.CharField(max_length=300), required=False, max_length=1000)

    reasons = serializers.ListField(child=serializers.CharField(max_length=300), required=False, max_length=1000)
    roles = serializers.ListField(child=serializers.CharField(max_length=300), required=False, max_length=1000)
    people = serializers.ListField(child=serializers.CharField(max_length=300), required=False, max_length=1000)
    decided_from = serializers.ListField(child=serializers.CharField(max_length=10), required=False, max_length=1)
    decided_until = serializers.ListField(child=serializers.CharField(max_length=10), required=False, max_length=1)


class OrderBody(serializers.Serializer[Any]):
    """An order."""

    production = serializers.CharField(
        max_length=32, required=False, help_text="Its code; may be left out with a token for one production."
    )
    profile = serializers.ChoiceField(
        choices=SENTENCES,
        help_text="The shape of a row. Each needs its purpose; the dataset format's page has the table.",
    )
    form = serializers.ChoiceField(
        choices=[(name, FORM_WORDS[name]) for name in FORMS],
        default=STANDARD,
        help_text=f"conversational: for {', '.join(sorted(TALKING))}.",
    )
    purpose = serializers.CharField(max_length=40)
    recipient = serializers.CharField(max_length=64, help_text="The recipient's code.")
    labels = serializers.ChoiceField(choices=[(name, name) for name in LABEL_POLICIES], default=DEFAULT_LABELS)
    filters = OrderFilters(required=False)
    formats = serializers.ListField(
        child=serializers.ChoiceField(choices=[(name, name) for name in (PARQUET, *FORMATS)]), required=False,
        max_length=10, help_text="What lies beside the Parquet: the same rows again, or the media that rows name.",
    )  # fmt: skip
    splits = serializers.CharField(
        max_length=1000, required=False, allow_blank=True,
        help_text="train=0.8,validation=0.1,test=0.1: whole briefs, drawn by a hash. Without it all rows are train.",
    )  # fmt: skip
    split_seed = serializers.CharField(
        max_length=64, required=False, allow_blank=True, help_text="Draws the briefs anew; the same one keeps them."
    )
    checkpoint = serializers.IntegerField(
        min_value=0, max_value=2**63 - 1, required=False, help_text="Size of a signed one; default: all data."
    )
    gate_date = serializers.DateField(required=False, help_text="The date consent is judged on; default: today in UTC.")


def asked(body: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `order` and `preview`. Refused for a recipient that nobody registered."""
    recipient = Recipient.objects.filter(code=body["recipient"]).first()
    if recipient is None:
        message = "There is no recipient of that code."
        raise Refused(400, "not_valid", message, [{"field": "recipient", "message": message}])
    return {
        "profile": body["profile"],
        "purpose": body["purpose"],
        "recipient": recipient,
        "labels": body["labels"],
        "form": body["form"],
        "filters": body.get("filters", {}),
        "formats": body.get("formats", []),
        "splits": body.get("splits", ""),
        "split_seed": body.get("split_seed", ""),
        "checkpoint": body.get("checkpoint"),
        "gate_date": body.get("gate_date"),
    }


class DownloadBody(serializers.Serializer[Any]):
    """A file to take."""

    file = serializers.CharField(max_length=300, help_text="A path from the list of files.")


class ScopedExports(ApiView):
    """The exports this token may see."""

    def exports(self) -> QuerySet[Export]:
        # Every scope of exports sees that they exist: who ordered one watches it, who downloads one finds it.
        visible = productions_where(self.actor, Permission.SEE_PRODUCTION)
        shards = Prefetch("shards", ExportShard.objects.order_by("number"))
        related = Export.objects.select_related("production", "recipient", "replaces", "next_of")
        return with_approval(related.prefetch_related(shards, "recalls").filter(production__in=visible))

    def export(self, uid: str) -> Export:
        """The export, or 404 for the foreign and the missing alike."""
        found = self.exports().filter(uid=uid).first()
        if found is None:
            raise NotFound
        return found


class Exports(ScopedExports):
    scopes = {"GET": READ, "POST": frozenset({EXPORTS_ORDER})}
    parameters = {"GET": ExportQuery}
    throttle_classes = [CallThrottle, OrderThrottle]

    @extend_schema(operation_id="exports_list", parameters=[ExportQuery], responses=answers({200: ExportPage}))
    def get(self, request: Request) -> Response:
        """Exports in the order they were ordered."""
        rows = self.exports()
        if (code := self.query.get("production")) is not None:
            rows = rows.filter(production=self.production_of(code))
        if "profile" in self.query:
            rows = rows.filter(profile=self.query["profile"])
        if "state" in self.query:
            rows = rows.filter(state=self.query["state"])
        if "recipient" in self.query:
            rows = rows.filter(recipient__code=self.query["recipient"])
        return Response(page(rows, query=self.query, show=partial(shown, ExportRow)))

    @extend_schema(
        operation_id="exports_order", request=OrderBody, parameters=[KEY_HEADER],
        responses=answers({202: OrderRow}, 409, 415, 422),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Orders an export. 202 with its address in Location; 422 if a rule refuses the order whatever its rows."""
        body = checked_body(request, OrderBody)
        production = self.production_of(body.get("production"))
        key = idempotency_key(request)
        began = now()
        export = order(
            production=production,
            actor=self.actor,
            idempotency_key=key,
            **asked(body),
        )
        nudge(export)  # a lost message costs time, never work: the sweep finds the row
        address = reverse("api-export", kwargs={"uid": export.uid}, request=request)
        replayed = REPLAYED if export.ordered_at < began else {}
        return Response(OrderRow(export).data, status=202, headers={"Location": address} | replayed)


class PreviewExport(ScopedExports):
    scopes = {"POST": frozenset({EXPORTS_ORDER})}
    throttle_classes = [CallThrottle, OrderThrottle]

    @extend_schema(
        operation_id="exports_preview", request=OrderBody, responses=answers({200: PreviewRow}, 415, 422)
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """What this order would give now, without ordering it. Refused as the order would be."""
        body = checked_body(request, OrderBody)
        production = self.production_of(body.get("production"))
        found = preview(production=production, actor=self.actor, **asked(body))
        return Response(PreviewRow(found).data)


class OneExport(ScopedExports):
    scopes = {"GET": READ}

    @extend_schema(operation_id="exports_read", responses=answers({200: ExportRow}, 404))
    def get(self, request: Request, uid: str) -> Response:
        """One export as it stands now."""
        return Response(ExportRow(self.export(uid)).data)


class CancelExport(ScopedExports):
    scopes = {"POST": frozenset({EXPORTS_ORDER})}

    @extend_schema(operation_id="exports_cancel", request=None, responses=answers({200: ExportRow}, 404, 409))
    def post(self, request: Request, uid: str) -> Response:
        """Cancels an export that is not finished. Cancelled again it answers the same."""
        cancel(export=self.export(uid), actor=self.actor)
        return Response(ExportRow(self.export(uid)).data)


class ExportFiles(ScopedExports):
    scopes = {"GET": frozenset({EXPORTS_DOWNLOAD, EXPORTS_READ})}

    @extend_schema(operation_id="exports_files", responses=answers({200: FileList}, 404, 409))
    def get(self, request: Request, uid: str) -> Response:
        """The files of a published export."""
        files = release_files(self.export(uid))
        items = [{"file": one.name, "size_bytes": one.size_bytes, "sha256": one.sha256} for one in files]
        return Response({"items": items})


class ExportDownloads(ScopedExports):
    scopes = {"POST": frozenset({EXPORTS_DOWNLOAD})}

    @extend_schema(
        operation_id="exports_download", request=DownloadBody, responses=answers({201: LinkRow}, 404, 409, 415)
    )
    def post(self, request: Request, uid: str) -> Response:
        """Mints a link to one file. The download is recorded now, in the ledger and in the audit log."""
        body = checked_body(request, DownloadBody)
        entry = download(export=self.export(uid), file=body["file"], actor=self.actor)
        url = reverse("api-download", kwargs={"signature": sign(entry)}, request=request)
        row = {"id": str(entry.uid), "file": entry.file, "url": url, "expires_at": rfc3339(entry.at + LIFETIME)}
        return Response(row, status=201, headers={"Location": url})

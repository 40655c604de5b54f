"""Media: the bytes of a file that a suggestion names by its SHA-256, streamed to the disk."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loop.api.base import ApiView
from loop.api.bodies import ProductionQuery
from loop.api.problems import Refused, TooLarge
from loop.api.schema import answers
from loop.kernel.clock import now
from loop.material.models import Media
from loop.media.attach import attach
from loop.media.models import MediaFacts, Rendition
from loop.people.roles import SUGGESTIONS_WRITE
from loop.tasks import nudge_media


class MediaRow(serializers.Serializer[Any]):
    """What a stored file was found to be, and what is made of it for the page."""

    sha256 = serializers.CharField()
    size_bytes = serializers.IntegerField()
    medium = serializers.ChoiceField(choices=MediaFacts.Medium.choices)
    codec = serializers.CharField(allow_blank=True)
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    rate = serializers.CharField(allow_null=True, help_text="Frames a second as a fraction: 24000/1001.")
    frames = serializers.IntegerField(allow_null=True, help_text="Counted; of a variable rate: as shown at `rate`.")
    start_frame = serializers.IntegerField(help_text="Of its start timecode; 0 without one.")
    drop_frame = serializers.BooleanField()
    is_variable = serializers.BooleanField(help_text="Its frames are not evenly spaced.")
    has_sound = serializers.BooleanField()
    duration_ms = serializers.IntegerField(allow_null=True)
    renditions = serializers.DictField(
        child=serializers.CharField(), help_text="Kind: waiting, running, ready, failed."
    )


class OneMedia(ApiView):
    scopes = {"PUT": frozenset({SUGGESTIONS_WRITE})}
    parameters = {"PUT": ProductionQuery}

    @extend_schema(
        operation_id="media_put", parameters=[ProductionQuery],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses=answers({200: MediaRow, 201: MediaRow}, 404, 411, 413),
    )  # fmt: skip
    def put(self, request: Request, sha256: str) -> Response:
        """Stores the bytes whose SHA-256 is in the address, for a suggestion that names it. 200 if they were here."""
        production = self.production_of(self.query.get("production"))
        known = list(Media.objects.filter(production=production, sha256=sha256).values_list("stored_name", flat=True))
        if not known:
            raise Refused(404, "not_found", "No suggestion or material of the production names this file.")
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if not length:
            raise Refused(411, "length_required", "Expected the bytes with their Content-Length, found none.")
        if length > settings.CIRCLED_MEDIA_MAX_BYTES:
            raise TooLarge(f"The file is larger than the {settings.CIRCLED_MEDIA_MAX_BYTES} bytes that are received.")
        # The stream itself: a film does not fit into memory, and nothing of it is text.
        rows = attach(production=production, sha256=sha256, source=request.stream, actor=self.actor, at=now())
        nudge_media()
        return Response(_shown(rows[0]), status=200 if all(known) else 201)


def _shown(media: Media) -> dict[str, Any]:
    facts = MediaFacts.objects.get(media=media)
    return dict(MediaRow({
        "sha256": media.sha256,
        "size_bytes": media.size_bytes,
        "medium": facts.medium,
        "codec": facts.codec,
        "width": facts.width,
        "height": facts.height,
        "rate": f"{facts.rate_num}/{facts.rate_den}" if facts.rate_num else None,
        "frames": facts.frame_count,
        "start_frame": facts.start_frame,
        "drop_frame": facts.drop_frame,
        "is_variable": facts.is_variable,
        "has_sound": facts.has_sound,
        "duration_ms": facts.duration_ms,
        "renditions": dict(Rendition.objects.filter(media=media).order_by("id").values_list("kind", "state")),
    }).data)  # fmt: skip

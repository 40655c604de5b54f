"""The short-lived link to one file of a release: signed, bound to a recorded download, dead after five minutes."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

from django.core import signing
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from loop.api.auth import is_live
from loop.api.base import ApiView
from loop.api.schema import answers
from loop.export.download import refuse_recalled
from loop.export.files import path_of
from loop.export.models import Download
from loop.kernel.clock import now
from loop.kernel.errors import LoopError
from loop.people.models import Token

LIFETIME = timedelta(minutes=5)
SALT = "loop.api.links"
TOKEN_PID = re.compile(r"token:([0-9a-f-]{36})", re.ASCII)


def sign(entry: Download) -> str:
    """The link's signature: it names the ledger entry and nothing else."""
    return signing.Signer(salt=SALT).sign(entry.uid.hex)


class TakeFile(ApiView):
    """A link is a capability: it needs no token, so that any tool can follow it, and it carries none."""

    authentication_classes = []
    permission_classes = []
    throttle_classes: list[type[BaseThrottle]] = []
    scopes = {"GET": frozenset()}

    @extend_schema(
        operation_id="downloads_take",
        auth=[],
        responses=answers({(200, "application/octet-stream"): OpenApiTypes.BINARY}, 404),
    )
    def get(self, request: Request, signature: str) -> FileResponse:
        """The bytes of a file. 404 once the link has expired, the token was revoked or the release recalled."""
        entry = _entry(signature)
        try:
            refuse_recalled(entry.export)
            path = path_of(entry.export, entry.file)
        except LoopError as error:  # who holds only a link learns no more than that it does not work
            raise NotFound from error
        response = FileResponse(
            path.open("rb"), as_attachment=True, filename=path.name, content_type="application/octet-stream"
        )
        response.headers["Cache-Control"] = "no-store, private"
        return response


def _entry(signature: str) -> Download:
    try:
        uid = UUID(signing.Signer(salt=SALT).unsign(signature))
    except (signing.BadSignature, ValueError) as error:
        raise NotFound from error
    entry = Download.objects.select_related("export__production").filter(uid=uid).first()
    if entry is None or entry.at + LIFETIME <= now() or not _may_still(entry):
        raise NotFound
    return entry


def _may_still(entry: Download) -> bool:
    """Whether the token that minted the link is still alive; a link of a person has no token."""
    match = TOKEN_PID.fullmatch(entry.actor_pid)
    if match is None:
        return True
    token = Token.objects.select_related("created_by").filter(uid=UUID(match[1])).first()
    return token is not None and is_live(token)

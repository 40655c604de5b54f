"""One event with its place in the log, its proof for outsiders, and the newest signed checkpoint."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from loop.audit import querysets as log
from loop.audit.keys import trusted
from loop.audit.proof import inclusion
from loop.web.auditor.reading import names_of, readable
from loop.web.desk import open_production, page

if TYPE_CHECKING:
    from loop.audit.models import AuditEvent


@page
@require_safe
def show(request: HttpRequest, code: str, uid: UUID) -> HttpResponseBase:
    """The event: who, what, when, its exact bytes, and where it stands under which checkpoint."""
    event = _event(request, code, uid)
    index = log.log_index(event)
    found = inclusion(event.uid) if index is not None else None
    payload = getattr(event, "payload", None)
    return render(
        request,
        "auditor/event.html",
        {
            "event": event,
            "actor": names_of([event.actor_pid])[event.actor_pid],
            "sentence": log.describe(event),
            "index": index,
            "entry": bytes(event.entry).decode(),
            "leaf": bytes(event.leaf_hash).hex(),
            "facts": json.dumps(payload.facts, indent=2, ensure_ascii=False, sort_keys=True) if payload else "",
            "proof": found.proof if found else None,
            "siblings": [sibling.hex() for sibling in found.proof.hashes] if found else [],
        },
    )


@page
@require_safe
def proof(request: HttpRequest, code: str, uid: UUID) -> HttpResponse:
    """The inclusion proof as a C2SP tlog-proof text file. 404 until the event is sealed."""
    event = _event(request, code, uid)
    if log.log_index(event) is None:
        raise Http404("Not sealed yet.")
    return _text(f"event-{event.uid}.tlog-proof", inclusion(event.uid).proof.text())


@page
@require_safe
def checkpoint(request: HttpRequest, code: str) -> HttpResponseBase:
    """The newest checkpoint and the keys that vouch for it, to keep somewhere else."""
    desk, production = open_production(request, code)
    readable(desk, production)  # whoever reads any part of the trail may take the checkpoint
    newest = log.latest_checkpoint()
    if newest is None:
        raise Http404("Nothing is sealed yet.")
    keys = [str(key) for key in trusted()]
    return render(request, "auditor/checkpoint.html", {"checkpoint": newest, "keys": keys})


def _event(request: HttpRequest, code: str, uid: UUID) -> AuditEvent:
    desk, production = open_production(request, code)
    return log.event_by_uid(uid, visible=readable(desk, production))


def _text(name: str, body: str) -> HttpResponse:
    response = HttpResponse(body, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

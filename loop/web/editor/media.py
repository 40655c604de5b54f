"""The file of a suggestion on its page: what is known of it, where its renditions are, and the bytes themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote, urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import JSONField, Q, QuerySet, Value
from django.db.models.functions import JSONObject
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST, require_safe

from loop.kernel.clock import now
from loop.material.models import Media, Production
from loop.media.models import MediaFacts, Rendition
from loop.media.places import path_of
from loop.media.retry import retry
from loop.media.rules import AUDIO, OTHER, PEAKS, POSTER, PROXY, STILL, SUFFIXES, THUMB, VIDEO, plain_mime
from loop.people.roles import Permission
from loop.suggestion.models import Suggestion
from loop.tasks import send_media
from loop.web.desk import Desk, open_production, page
from loop.web.ranges import send

ORIGINAL: Final = "original"
KINDS: Final = frozenset({PROXY, POSTER, THUMB, PEAKS, ORIGINAL})
UNKNOWN: Final = "application/octet-stream"
# Whatever the bytes turn out to be when somebody opens their address: nothing in them runs or leads anywhere.
SEALED: Final = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
STAGES: Final = {
    VIDEO: "editor/_stage_video.html",
    STILL: "editor/_stage_still.html",
    AUDIO: "editor/_stage_audio.html",
}
WAITING_STAGE: Final = "editor/_stage_media_wait.html"
TEXT_STAGE: Final = "editor/_stage_text.html"


def media_card(suggestion: Suggestion) -> dict[str, Any] | None:
    """What the stage shows of a suggestion's file; None without one. One query.

    `state` is ready (`src` plays or shows), preparing (`progress` in percent), failed (`problem` says why) or missing
    (the bytes have not come, or are gone). A file that nothing can be shown of is ready without `src`.
    """
    return media_cards(suggestion.production, [suggestion]).get(suggestion.pk)


def media_cards(production: Production, suggestions: Sequence[Suggestion]) -> dict[int, dict[str, Any]]:
    """The same for several at once, by primary key; those without a file are left out. One query."""
    files = {each.media_id: each.media for each in suggestions if each.media is not None}
    if not files:
        return {}
    known = {each.media_id: each for each in _known(list(files))}
    return {each.pk: _card(production, each.media, known.get(each.media.pk)) for each in suggestions if each.media}


def _known(files: Sequence[int | None]) -> QuerySet[MediaFacts]:
    """The facts of files, each with its renditions as `made`. One query: a page of the review room has few to spend."""
    shown = ("kind", "state", "progress", "problem", "mime", "stored_name", "fence")
    columns = JSONObject(**{name: f"media__renditions__{name}" for name in shown})
    is_there = Q(media__renditions__isnull=False)
    return MediaFacts.objects.filter(media__in=files).annotate(
        made=JSONBAgg(columns, filter=is_there, default=Value([], JSONField()))
    )


def _card(production: Production, media: Media, facts: MediaFacts | None) -> dict[str, Any]:
    rows = {each["kind"]: Rendition(**each) for each in getattr(facts, "made", ())}
    base = _facts_told(media, facts) | {
        "uid": media.uid, "sha256": media.sha256, "uri": media.uri, "is_elsewhere": bool(urlsplit(media.uri).scheme),
        "size_bytes": media.size_bytes, "download": "",
        "state_url": _url("media-state", production, media), "retry_url": _url("media-retry", production, media),
        "progress": 0, "problem": "", "src": "", "mime": "", "poster": "", "thumb": "", "peaks": "",
    }  # fmt: skip
    if facts is None or not media.stored_name or not path_of(media.stored_name).is_file():
        return base | {"state": "missing"}
    found = {kind: rendition_url(production, media.uid, row) for kind, row in rows.items()}
    base |= {name: found.get(name, "") for name in (POSTER, THUMB, PEAKS)}
    base["download"] = original_url(production, media.uid)
    plain = plain_mime(facts.medium, facts.codec, has_proxy=PROXY in rows)
    if plain or PROXY not in rows:
        return base | {"state": "ready", "src": base["download"] if plain else "", "mime": plain}
    proxy = rows[PROXY]
    if found[PROXY]:
        # While a better one is made, the one that is there is shown.
        return base | {"state": "ready", "src": found[PROXY], "mime": proxy.mime, "problem": proxy.problem}
    if proxy.state == Rendition.State.FAILED:
        return base | {"state": "failed", "problem": proxy.problem}
    return base | {"state": "preparing", "progress": proxy.progress}


def stage_of(card: dict[str, Any] | None) -> tuple[str, str]:
    """(medium, template) of the stage: that of the file if it can be shown, "wait" if it cannot yet, "text" without."""
    if card is None:
        return "text", TEXT_STAGE
    if card["state"] == "ready" and card["src"]:
        return card["medium"], STAGES[card["medium"]]
    return "wait", WAITING_STAGE


def thumbs_of(production: Production, suggestions: Iterable[int]) -> dict[int, str]:
    """Where the thumbnails of suggestions (by primary key) are; those without one are left out. One query."""
    rows = Rendition.objects.filter(kind=THUMB, media__suggestions__in=list(suggestions)).exclude(stored_name="")
    return {
        pk: _versioned(production, uid, THUMB, fence)
        for pk, uid, fence in rows.values_list("media__suggestions", "media__uid", "fence")
    }


def rendition_url(production: Production, media_uid: UUID, row: Rendition) -> str:
    """Where a rendition is; "" until there is one. The address changes with its bytes: caches keep it for good."""
    return _versioned(production, media_uid, row.kind, row.fence) if row.stored_name else ""


def original_url(production: Production, media_uid: UUID) -> str:
    """Where the file itself is."""
    return reverse("media", args=[production.code, media_uid, ORIGINAL])


@page
@require_safe
def media(request: HttpRequest, code: str, uid: UUID, kind: str) -> HttpResponseBase:
    """The bytes of a rendition or of the original, in parts, to whoever may see the production's unreleased text.

    Everybody else, and whoever asks for what is not there, gets a 404. Four queries.
    """
    _, production = _seeing(request, code)
    found = _media(production, uid)
    if not found.stored_name or kind not in KINDS:
        raise Http404("No such file.")
    name, mime, file_name = _original(found) if kind == ORIGINAL else _rendition(found, kind)
    response: HttpResponseBase
    if settings.CIRCLED_ACCEL_PREFIX:
        response = HttpResponse(content_type=mime)
        response.headers["X-Accel-Redirect"] = f"{settings.CIRCLED_ACCEL_PREFIX}/{quote(name)}"
    else:
        try:
            response = send(request, path_of(name), mime=mime, etag=PurePosixPath(name).stem)
        except FileNotFoundError as error:
            raise Http404("The file is gone.") from error
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    response.headers["Content-Security-Policy"] = SEALED
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Content-Disposition"] = content_disposition_header(mime == UNKNOWN, file_name) or "inline"
    response.is_immutable = True  # type: ignore[attr-defined]  # the middleware then lets the browser keep it
    return response


@page
@require_GET
def media_state(request: HttpRequest, code: str, uid: UUID) -> HttpResponse:
    """How far the making of a file's proxy is, for the page that waits for it. Five queries with those of the login."""
    _, production = _seeing(request, code)
    found = _media(production, uid)
    card = _card(production, found, _known([found.pk]).first())
    return JsonResponse({key: card[key] for key in ("state", "progress", "problem")})


@page
@require_POST
def media_retry(request: HttpRequest, code: str, uid: UUID) -> HttpResponse:
    """Has what failed made again, and leads back to the item."""
    desk, production = _seeing(request, code)
    retry(media=_media(production, uid), actor=desk.actor, at=now())
    send_media()
    item = request.POST.get("item", "")
    there = reverse("review", args=[production.code])
    return redirect(f"{there}?item={UUID(item)}" if _is_uuid(item) else there)


def _seeing(request: HttpRequest, code: str) -> tuple[Desk, Production]:
    desk, production = open_production(request, code)
    if not desk.may(Permission.SEE_TEXT):
        raise Http404("No such file.")
    return desk, production


def _media(production: Production, uid: UUID) -> Media:
    found = Media.objects.select_related("production").filter(production=production, uid=uid).first()
    if found is None:
        raise Http404("No such file.")
    return found


def _rendition(found: Media, kind: str) -> tuple[str, str, str]:
    row = Rendition.objects.filter(media=found, kind=kind).exclude(stored_name="").first()
    if row is None:
        raise Http404("No such rendition.")
    return row.stored_name, row.mime, f"{found.sha256[:12]}-{kind}{SUFFIXES.get(row.mime, '')}"


def _original(found: Media) -> tuple[str, str, str]:
    facts = MediaFacts.objects.filter(media=found).first()
    mime = plain_mime(facts.medium, facts.codec, has_proxy=False) if facts else ""
    name = PurePosixPath(urlsplit(found.uri).path).name or found.sha256[:12]
    return found.stored_name, mime or UNKNOWN, name


def _facts_told(found: Media, facts: MediaFacts | None) -> dict[str, Any]:
    if facts is None:
        claimed = found.mime.partition("/")[0]
        facts = MediaFacts(medium={"video": VIDEO, "image": STILL, "audio": AUDIO}.get(claimed, OTHER))
    rate = f"{facts.rate_num}/{facts.rate_den}" if facts.rate_num else ""
    return {
        "medium": facts.medium,
        "rate": rate,
        "rate_num": facts.rate_num,
        "rate_den": facts.rate_den,
        "frames": facts.frame_count,
        "start_frame": facts.start_frame,
        "drop": facts.drop_frame,
        "width": facts.width,
        "height": facts.height,
        "variable": facts.is_variable,
        "sound": facts.has_sound,
        "duration_ms": facts.duration_ms,
    }


def _versioned(production: Production, media_uid: UUID, kind: str, fence: int) -> str:
    return f"{reverse('media', args=[production.code, media_uid, kind])}?v={fence}"


def _url(name: str, production: Production, found: Media) -> str:
    return reverse(name, args=[production.code, found.uid])


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True

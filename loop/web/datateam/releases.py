"""The list of releases, one release, its progress, and what may still be done to it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from django.contrib import messages
from django.db.models import Prefetch, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HTMX_STOP_POLLING

from loop.export.addresses import FEED, path_to
from loop.export.approval import request_of
from loop.export.balance import ALL, BY, balance_of
from loop.export.cancel import cancel
from loop.export.files import NotPublishedError, ReleaseFile, release_files
from loop.export.heartbeat import is_worker_alive
from loop.export.media_files import MEDIA
from loop.export.models import Export
from loop.export.progress import progress_of
from loop.export.retry import retry
from loop.export.rules import UNFINISHED
from loop.gate.reasons import BY_CODE, Reason
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError, NotFoundError
from loop.material.models import Production
from loop.people.roles import Permission
from loop.recall.querysets import notices, recall_of, replacements_of
from loop.report.compensation import due_by
from loop.tasks import nudge
from loop.web.desk import Desk, open_production, page

ENDED = frozenset({Export.State.PUBLISHED, Export.State.FAILED, Export.State.CANCELLED})
LISTED = 200
COMPARABLE = 50

NOT_MADE = {
    "identical": "both sides are the same text",
    "both_empty": "both sides are empty",
    "no_text": "a side has no text",
    "empty": "the answer is empty, which the service refuses",
    "repeated": "the brief's prompt stands in another row",
    "no_spans": "no range is marked; for steps: none of the text with a reason",
    "no_media": "a side has no media file",
    "recalled": "recalled from the release that this one replaces",
    "no_effective_label": "the label policy gives none, for example a tie",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Rows that stayed in the house for one reason, with the reason in words."""

    code: str
    rows: int
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Spread:
    """One line of a table with bars: rows of a value, and their share of the release."""

    value: str
    rows: int
    share: float


def release_at(
    request: HttpRequest, code: str, number: int, permission: Permission = Permission.SEE_EXPORT
) -> tuple[Desk, Production, Export]:
    """The release of that number on a production whose releases the login may see; 404 otherwise."""
    desk, production = open_production(request, code, permission)
    found = Export.objects.select_related("recipient", "ordered_by", "replaces", "next_of", "production", "saved")
    return desk, production, get_object_or_404(found, production=production, number=number)


@page
@require_safe
def index(request: HttpRequest, code: str) -> HttpResponseBase:
    """Releases of the production, newest first. Three queries beside the desk's."""
    desk, production = open_production(request, code, Permission.SEE_EXPORT)
    found = Export.objects.filter(production=production).select_related("recipient", "ordered_by").order_by("-number")
    exports = list(found.prefetch_related("recalls")[:LISTED])
    is_waiting = any(export.state in UNFINISHED for export in exports)
    return render(
        request,
        "datateam/exports.html",
        {
            "exports": exports,
            "may_order": desk.may(Permission.ORDER_EXPORT),
            "no_worker": is_waiting and not is_worker_alive(),
        },
    )


@page
@require_safe
def show(request: HttpRequest, code: str, number: int) -> HttpResponseBase:
    """One release: what was ordered, what came of it, what stayed and why, its files and who took them."""
    desk, _, export = release_at(request, code, number)
    files, trouble = _files(export)
    # Media may be thousands of files, and the page is about the release: they are listed for whoever asks.
    listed = [file for file in files if "media" in request.GET or not file.name.startswith(f"{MEDIA}/")]
    tables = spreads(export)
    prefetch_related_objects([export], Prefetch("recalls", queryset=notices()))  # the chip of its state reads them too
    return render(
        request,
        "datateam/export.html",
        {
            "export": export,
            "progress": progress_of(export) if export.state in UNFINISHED else None,
            "ended": export.state in ENDED,
            "moves": export.state in UNFINISHED,
            "no_worker": export.state in UNFINISHED and not is_worker_alive(),
            "asked": request_of(export),
            "sees_approvals": desk.may(Permission.SEE_REGISTRY),
            "refusals": refusals(export),
            "not_made": [(NOT_MADE.get(name, name), count) for name, count in export.not_made.items() if count],
            "files": listed,
            "folded": len(files) - len(listed),
            "trouble": trouble,
            "feed": request.build_absolute_uri(path_to(FEED, export.uid)),
            "replacement": replacements_of([export.pk]).get(export.pk),
            "recalls": [recall_of(notice, now()) for notice in export.recalls.all()],
            "downloads": list(export.downloads.order_by("-id")[:20]),
            "dropped": (export.rows_included or 0) - sum(line.rows for _, lines in tables[:1] for line in lines),
            "due": due_by(export) if desk.may(Permission.SETTLE) else [],
            "may_order": desk.may(Permission.ORDER_EXPORT),
            "may_take": desk.may(Permission.DOWNLOAD_EXPORT),
            "order_digest": bytes(export.order_digest).hex(),
            "spreads": tables,
            "others": others(export),
            "key": uuid4(),
        },
    )


@page
@require_safe
def progress(request: HttpRequest, code: str, number: int) -> HttpResponseBase:
    """How far it is, as a fragment that asks again every two seconds; the whole page once nothing moves."""
    _, _, export = release_at(request, code, number)
    if export.state not in UNFINISHED:
        answer = HttpResponse(status=HTMX_STOP_POLLING)
        answer["HX-Refresh"] = "true"
        return answer
    return render(
        request,
        "datateam/_progress.html",
        {"export": export, "progress": progress_of(export), "no_worker": not is_worker_alive()},
    )


@page
@require_POST
def act(request: HttpRequest, code: str, number: int, act: str) -> HttpResponseBase:
    """Cancels a release that is not finished, or lets a failed one go on."""
    desk, _, export = release_at(request, code, number)
    verbs = {"cancel": cancel, "retry": retry}
    if act not in verbs:
        raise Http404("No such action.")
    try:
        changed = verbs[act](export=export, actor=desk.actor)
    except ConflictError as error:
        messages.error(request, f"Nothing was changed: {error}.")
    else:
        if act == "retry":
            nudge(changed)
        messages.success(request, f"E-{export.number}: {'cancelled' if act == 'cancel' else 'goes on'}.")
    return redirect("export", code, number)


def refusals(export: Export) -> list[Refusal]:
    """What stayed in the house by primary code, most rows first."""
    counted = sorted(export.excluded_by_code.items(), key=lambda item: (-item[1], item[0]))
    return [Refusal(code, rows, BY_CODE.get(code)) for code, rows in counted]


def spreads(export: Export) -> list[tuple[str, list[Spread]]]:
    """What a frozen release holds by outcome, stage, kind and model: tables with bars. One query at most."""
    if not export.rows_included:
        return []
    counted = balance_of(export)
    outcomes = counted.get((ALL, ""), {})
    total = sum(outcomes.values())
    tables = [("Outcome", list(outcomes.items()))]
    tables += [
        (title, [(value, sum(each.values())) for (of, value), each in counted.items() if of == by])
        for by, title in BY.items()
        if by != ALL
    ]
    return [
        (title, [Spread(value, rows, rows / total) for value, rows in sorted(lines, key=lambda line: (-line[1], line))])
        for title, lines in tables
        if lines
    ]


def others(export: Export) -> list[Export]:
    """The releases it can be compared with, newest first: of the same profile, with frozen rows. One query."""
    if export.frozen_at is None:
        return []
    alike = Export.objects.filter(production=export.production_id, profile=export.profile, frozen_at__isnull=False)
    return list(alike.exclude(pk=export.pk).order_by("-number")[:COMPARABLE])


def _files(export: Export) -> tuple[list[ReleaseFile], str]:
    try:
        return release_files(export), ""
    except NotPublishedError:
        return [], ""
    except NotFoundError as error:
        return [], str(error)

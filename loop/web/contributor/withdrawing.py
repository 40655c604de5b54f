"""Taking back: first the sentence that says what it reaches, then the act. As many steps as allowing takes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from loop.consent.models import Authorisation, ContributorLink
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError
from loop.recall.preview import preview
from loop.recall.withdraw import DEADLINE_DAYS, withdraw
from loop.web.contributor.entrance import actor_of, page, show
from loop.web.contributor.held import held, recipients, records


@page
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, link: ContributorLink, uid: UUID) -> HttpResponseBase:
    """One record. GET says what it reaches; POST withdraws it at once: the party needs nobody's approval."""
    return _withdrawal(request, link, [get_object_or_404(records(link), uid=uid)], is_all=False)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def everything(request: HttpRequest, link: ContributorLink) -> HttpResponseBase:
    """Every record that allows something. What was refused stays refused."""
    return _withdrawal(request, link, list(records(link)), is_all=True)


def _withdrawal(
    request: HttpRequest, link: ContributorLink, wanted: Sequence[Authorisation], *, is_all: bool
) -> HttpResponseBase:
    shown = [each for each in held(wanted, now(), recipients()) if each.allows and each.is_open]
    found = [each.record for each in shown]
    if not found:
        messages.info(request, "Nothing is allowed there any more; there is nothing to withdraw.")
        return redirect("door")
    actor = actor_of(link)
    if request.method != "POST":
        report = preview(authorisations=found, actor=actor)
        actions = list(dict.fromkeys(words for each in shown for words in each.on_withdrawal))
        return show(
            request,
            "contributor/withdraw.html",
            {
                "link": link, "held": shown, "is_all": is_all, "report": report, "actions": actions,
                "days": DEADLINE_DAYS,
            },
        )  # fmt: skip
    try:
        report = withdraw(authorisations=found, actor=actor, reason="by the party's own link")
    except ConflictError:  # somebody was quicker: it is what the party wants
        messages.info(request, "It was withdrawn already.")
        return redirect("door")
    recalled = ", ".join(f"E-{each.export.number} to {each.export.recipient}" for each in report.published)
    if recalled:
        messages.success(request, f"Withdrawn. Your work is recalled from {recalled}.")
    else:
        messages.success(request, "Withdrawn. No release that has left depended on it.")
    return redirect("door")

"""Taking an authorisation back: first what it reaches, then the act."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from loop.consent.models import AuthorisationState
from loop.kernel.errors import ConflictError, NotValidError
from loop.people.roles import Permission
from loop.recall.foresee import foresee
from loop.recall.preview import preview
from loop.recall.propose import is_themself, propose
from loop.web.consent.records import may_withdraw, open_registry, record_at
from loop.web.desk import page

LONGEST_REASON = 2000
WORDS = {
    AuthorisationState.WITHDRAWN: "The party takes it back",
    AuthorisationState.REVOKED: "Another party ended it",
    AuthorisationState.INVALIDATED: "It was never valid",
}


@page
@require_http_methods(["GET", "HEAD", "POST"])
def withdrawal(request: HttpRequest, code: str, uid: UUID) -> HttpResponseBase:
    """GET names the releases it would reach; POST withdraws, effective now, and issues the recall notices.

    `?foresee=1` also asks what else would follow: the gate is asked for each recipient and purpose, so not unasked.
    A withdrawal that is not the party's own and reaches a published release waits for a second person instead.
    """
    desk, production = open_registry(request, code)
    found = record_at(desk, production, uid)
    if not may_withdraw(desk, found):
        raise PermissionDenied
    if request.method == "POST":
        reason = request.POST.get("reason", "").replace("\x00", "")[:LONGEST_REASON]
        try:
            state = request.POST.get("state") or AuthorisationState.WITHDRAWN
            made = propose(authorisations=[found], actor=desk.actor, state=state, reason=reason)
        except (ConflictError, NotValidError) as error:
            messages.error(request, str(error))
        else:
            if made.request is not None and made.is_waiting:
                messages.warning(request, "Nothing is withdrawn yet: it waits for another consent officer's approval.")
                if desk.may(Permission.SEE_REGISTRY):
                    return redirect("approval", code, made.request.uid)
                return redirect("authorisation", code, uid)
            recalled = ", ".join(f"E-{each.export.number}" for each in made.report.published) or "no published release"
            messages.success(request, f"{AuthorisationState(state).label}. Recalled: {recalled}.")
        return redirect("authorisation", code, uid)
    foreseen = foresee(authorisations=[found], actor=desk.actor) if "foresee" in request.GET else None
    report = foreseen.report if foreseen else preview(authorisations=[found], actor=desk.actor)
    needs_second = bool(report.published) and not is_themself(desk.actor, found.party)
    # What somebody else ended is an officer's to record; a party withdraws.
    states = [(each.value, WORDS[each]) for each in WORDS] if desk.may(Permission.WITHDRAW) else []
    context = {"states": states, "auth": found, "report": report, "needs_second": needs_second, "foreseen": foreseen}
    return render(request, "consent/withdraw.html", context)

"""Adding authorisations: for one party, or one each for everybody known to the production; first what it would do."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from loop.consent.grant import grant_many
from loop.consent.models import Authorisation
from loop.kernel.errors import LoopError
from loop.people.roles import Permission
from loop.report.whatif import WhatIf, what_if
from loop.web.consent.grant_form import GrantForm
from loop.web.consent.records import open_registry
from loop.web.desk import page


@page
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, code: str) -> HttpResponseBase:
    """The form; POST records one authorisation for each chosen party, all or none, or shows what that would change.

    A preview records nothing and keeps what was typed. It needs no document; a browser does not send one again.
    """
    desk, production = open_registry(request, code)
    if not desk.may(Permission.AUTHORISE) and not desk.may(Permission.AUTHORISE_OWN):
        return redirect("authorisations", code)
    previewing = "preview" in request.POST
    data, files = request.POST or None, request.FILES or None
    form = GrantForm(data, files, desk=desk, production=production, previewing=previewing)
    foreseen: WhatIf | None = None
    recorded: list[Authorisation] = []
    if request.method == "POST" and form.is_valid():
        try:
            parties, given = form.chosen(), form.terms(production)
            if previewing:
                foreseen = what_if(parties=parties, given=given, production=production, actor=desk.actor)
            else:
                recorded = grant_many(parties=parties, given=given, actor=desk.actor, only_new=form.everybody())
        except LoopError as error:
            form.refuse(error, str(error.facts.get("field") or ""))
        else:
            if foreseen is None:
                count = len(recorded)
                messages.success(request, f"{count} authorisation{'s' if count != 1 else ''} recorded.")
                if count == 1:
                    return redirect("authorisation", code, recorded[0].uid)
                return redirect("authorisations", code)
    failed = request.method == "POST" and foreseen is None
    return render(request, "consent/new.html", {"form": form, "foreseen": foreseen}, status=422 if failed else 200)

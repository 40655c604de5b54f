"""The dossier with its texts, shown once to somebody who gave a reason that is now on record."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from loop.kernel.errors import NotValidError
from loop.people.roles import Permission
from loop.suggestion.reveal import reveal
from loop.web.desk import open_production, page
from loop.web.editor.dossier import show
from loop.web.editor.item import judged


@page
@require_POST
def reveal_text(request: HttpRequest, code: str, uid: UUID) -> HttpResponse:
    """Records the reveal, then answers with the page itself: no address gives the text a second time.

    A reason that is missing or too long gives the page without the texts, with what is wrong, as a 422.
    """
    desk, production = open_production(request, code, Permission.REVEAL_TEXT)
    suggestion = judged(production, uid)
    if suggestion is None:
        raise Http404("No such suggestion.")
    basis = request.POST.get("basis", "")
    try:
        reveal(suggestion=suggestion, actor=desk.actor, basis=basis)
    except NotValidError as error:
        refused = {"basis": basis, "basis_wrong": str(error).partition(", found ")[0].removeprefix("basis: ")}
        return show(request, desk, production, suggestion, sees_text=False, more=refused, status=422)
    response = show(request, desk, production, suggestion, sees_text=True, more={"revealed_for": basis.strip()})
    response.headers["Cache-Control"] = "no-store, private"
    return response

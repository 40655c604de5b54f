"""Taking one file of a release: recorded first, then handed out."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from loop.export.download import download
from loop.export.files import path_of
from loop.kernel.errors import ConflictError
from loop.people.roles import Permission
from loop.web.datateam.releases import release_at
from loop.web.desk import page


@page
@require_POST
def take(request: HttpRequest, code: str, number: int) -> HttpResponseBase:
    """Hands out the file named in the form and enters who took it, when, in the ledger and the log."""
    desk, _, export = release_at(request, code, number, Permission.DOWNLOAD_EXPORT)
    name = request.POST.get("file", "")
    try:
        entry = download(export=export, file=name, actor=desk.actor)
    except ConflictError as error:
        messages.error(request, f"Nothing was taken: {error}.")
        return redirect("export", code, number)
    path = path_of(export, entry.file)
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=path.name, content_type="application/octet-stream"
    )

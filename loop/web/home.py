"""The first page after the login, by role."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from loop.web.desk import at, page


@page
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What waits for this login, and what its last decisions were."""
    at(request)
    return render(request, "home/home.html", {})

"""A production at a glance."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from loop.web.desk import open_production, page


@page
@require_GET
def overview(request: HttpRequest, code: str) -> HttpResponse:
    """Stages with their counts, the people, and the ways on."""
    open_production(request, code)
    return render(request, "home/production.html", {})

"""Notices: the versions of the text that people are shown when they are asked, and the form for one more."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from loop.consent import wording
from loop.consent.models import Notice
from loop.consent.notice import record_notice
from loop.kernel.errors import LoopError
from loop.people.roles import Permission
from loop.web.csv import csv_response
from loop.web.desk import open_production, page

MOST = 200


class NoticeForm(forms.Form):
    """A new version. What was recorded is never changed."""

    version = forms.CharField(label="Version", max_length=32)
    language = forms.CharField(label="Language", max_length=16, help_text="Its code: en, no, ar, pt-BR.")
    text = forms.CharField(
        label="Text",
        max_length=100_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text="The words, as people read them. Plain text; empty lines stay.",
    )


@page
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, code: str) -> HttpResponseBase:
    """The newest `MOST` notices; POST records one."""
    desk, _ = open_production(request, code, Permission.SEE_REGISTRY)
    may_add = desk.may(Permission.AUTHORISE)
    form = NoticeForm(request.POST or None)
    if request.method == "POST":
        desk, _ = open_production(request, code, Permission.AUTHORISE)
        if form.is_valid():
            data = form.cleaned_data
            try:
                notice = record_notice(
                    version=data["version"].strip(), language=data["language"].strip(), actor=desk.actor,
                    text=data["text"].replace("\r\n", "\n"),
                )  # fmt: skip
            except LoopError as error:
                field = str(error.facts.get("field") or "")
                form.add_error(field if field in form.fields else None, str(error))
            else:
                messages.success(request, f"Notice {notice.version} in {notice.language} is recorded.")
                return redirect("notices", code)
    found = [(each, wording.direction(each.language)) for each in Notice.objects.order_by("-id")[:MOST]]
    status = 422 if request.method == "POST" else 200
    return render(request, "consent/notices.html", {"form": form, "notices": found, "may_add": may_add}, status=status)


@page
@require_safe
def download(request: HttpRequest, code: str) -> HttpResponse:
    """Every notice as CSV."""
    _, production = open_production(request, code, Permission.SEE_REGISTRY)
    head = ("notice", "version", "language", "recorded_at", "sha256", "text")
    rows = ((each.uid, each.version, each.language, each.recorded_at, each.text_sha256, each.text)
            for each in Notice.objects.order_by("id"))  # fmt: skip
    return csv_response(f"{production.code}-notices.csv", head, rows)

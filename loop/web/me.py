"""One's own settings: keys and theme."""

from __future__ import annotations

from typing import Any, Final, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from loop.people.models import User
from loop.people.preferences import keep_preferences
from loop.web.desk import page
from loop.web.keymap import BINDINGS

COOKIE: Final = "circled_theme"
YEAR_S: Final = 31_536_000


class Settings(forms.Form):
    """How the pages behave for this login."""

    single_keys = forms.BooleanField(
        label="Single-letter keys", required=False, help_text="Off: only Escape, Enter and keys with Ctrl work."
    )
    theme = forms.ChoiceField(
        label="Theme", choices=[("dark", "Dark"), ("light", "Light"), ("auto", "As the system says")]
    )


@page
@require_http_methods(["GET", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    """The form, and the key map that it is about."""
    user = cast("User", request.user)
    initial: dict[str, Any] = {
        "single_keys": user.preferences.get("single_keys", True),
        "theme": request.COOKIES.get(COOKIE, user.preferences.get("theme", "dark")),
    }
    form = Settings(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        keep_preferences(user=user, single_keys=form.cleaned_data["single_keys"], theme=form.cleaned_data["theme"])
        messages.success(request, "Kept.")
        response: HttpResponse = redirect("me")
        response.set_cookie(COOKIE, form.cleaned_data["theme"], max_age=YEAR_S, samesite="Lax")
        return response
    groups: dict[str, list[dict[str, str]]] = {}
    for binding in BINDINGS:
        keys = (
            " or ".join(key.replace("+", " ").title() for key in binding.keys) if binding.id != "reason" else "1 to 9"
        )
        groups.setdefault(binding.group, []).append({"keys": keys, "label": binding.label})
    return render(request, "account/me.html", {"form": form, "groups": groups.items()})

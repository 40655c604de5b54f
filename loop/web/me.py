"""One's own settings: how the pages look, and which key does what."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from loop.kernel.errors import NotValidError
from loop.people.keys import as_text, merged, read
from loop.people.models import User
from loop.people.preferences import BRIGHTNESS, THEMES, keep_preferences
from loop.web.desk import page
from loop.web.keymap import BINDINGS, Binding

COOKIE: Final = "circled_theme"
PANEL_COOKIE: Final = "circled_panel"
YEAR_S: Final = 31_536_000
FIELD: Final = "key."  # before the action in the name of a key's field
ALL: Final = "all"
WORDS_OF_THEMES: Final = {"dark": "Dark", "light": "Light", "auto": "As the system says"}


class Settings(forms.Form):
    """How the pages look and behave for this login."""

    theme = forms.ChoiceField(label="Theme", choices=[(theme, WORDS_OF_THEMES[theme]) for theme in THEMES])
    brightness = forms.TypedChoiceField(
        label="Panels round the picture",
        choices=[(1, "Darkest"), (2, "Darker"), (3, "As set by the house"), (4, "Brighter"), (5, "Brightest")],
        coerce=int,
        help_text="In the dark theme only. The picture and the page under judgement stay as they are.",
    )
    single_keys = forms.BooleanField(
        label="Single-letter keys",
        required=False,
        help_text="Off: only Escape, Enter, arrows and keys with Ctrl or Alt work, and ? for the keys of a page.",
    )


@page
@require_http_methods(["GET", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    """The form with every action and its keys. 303 when kept; 422 with what was typed and why not, beside each key."""
    user = cast("User", request.user)
    chosen = {name: list(keys) for name, keys in user.preferences.get("keys", {}).items()}
    now = merged(BINDINGS, chosen)
    typed: dict[str, str] = {name: ", ".join(map(as_text, keys)) for name, keys in now.items()}
    refused: dict[str, str] = {}
    form = Settings(request.POST or None, initial=_initial(request, user))
    if request.method == "POST":
        wanted = _wanted(request, now)
        typed |= {name: request.POST.get(f"{FIELD}{name}", typed[name]) for name in wanted}
        if form.is_valid():
            try:
                keep_preferences(user=user, keys=wanted, actions=BINDINGS, **form.cleaned_data)
            except NotValidError as error:
                refused = {each.field: str(each).partition(": ")[2] for each in error.facts["problems"]}  # type: ignore[attr-defined]
            else:
                return _kept(request, form.cleaned_data)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused or form.errors else HTTPStatus.OK
    context = {
        "form": form,
        "groups": _groups(typed, refused, now),
        "refused": len(refused),
        "is_own": any(now[each.id] != list(each.keys) for each in BINDINGS),
    }
    return render(request, "account/me.html", context, status=status)


@page
@require_POST
def close_coach(request: HttpRequest) -> HttpResponse:
    """The coach strip never comes again. 204 for the script, 303 back to where one was for a plain form."""
    keep_preferences(user=cast("User", request.user), coach=False)
    if request.headers.get("Accept") == "application/json":
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    response = redirect(back if is_ours else "home")
    response.status_code = HTTPStatus.SEE_OTHER
    return response


def _initial(request: HttpRequest, user: User) -> dict[str, Any]:
    panel = request.COOKIES.get(PANEL_COOKIE, "")
    is_step = panel in {str(step) for step in BRIGHTNESS}
    return {
        "theme": request.COOKIES.get(COOKIE, user.preferences.get("theme", "dark")),
        "brightness": int(panel) if is_step else user.preferences.get("brightness", 3),
        "single_keys": user.preferences.get("single_keys", True),
    }


def _wanted(request: HttpRequest, now: dict[str, list[str]]) -> dict[str, list[str]]:
    """The keys of the form: a field that did not come stays as it is, an action that is reset gets those of the map."""
    reset = request.POST.get("reset", "")
    wanted = {}
    for binding in BINDINGS:
        if reset in (ALL, binding.id):
            wanted[binding.id] = list(binding.keys)
            continue
        given = request.POST.get(f"{FIELD}{binding.id}")
        wanted[binding.id] = now[binding.id] if given is None else read(given)
    return wanted


def _kept(request: HttpRequest, cleaned: dict[str, Any]) -> HttpResponse:
    reset = request.POST.get("reset", "")
    label = next((each.label for each in BINDINGS if each.id == reset), "")
    words = (
        "Every key is as the house set it." if reset == ALL else f"“{label}” is as the house set it." if label else ""
    )
    messages.success(request, words or "Kept.")
    response: HttpResponse = redirect("me")
    response.set_cookie(COOKIE, cleaned["theme"], max_age=YEAR_S, samesite="Lax")
    response.set_cookie(PANEL_COOKIE, str(cleaned["brightness"]), max_age=YEAR_S, samesite="Lax")
    return response


def _groups(typed: dict[str, str], refused: dict[str, str], now: dict[str, list[str]]) -> list[dict[str, Any]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for binding in BINDINGS:
        found.setdefault(binding.group, []).append(_row(binding, typed, refused, now))
    return [{"name": name, "rows": rows} for name, rows in found.items()]


def _row(binding: Binding, typed: dict[str, str], refused: dict[str, str], now: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "id": binding.id,
        "name": f"{FIELD}{binding.id}",
        "label": binding.label,
        "text": typed[binding.id],
        "house": ", ".join(map(as_text, binding.keys)),
        "is_own": now[binding.id] != list(binding.keys),
        "ordered": binding.ordered,
        "problem": refused.get(binding.id, ""),
    }

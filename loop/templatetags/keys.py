"""The key of an action as the person at the page has it, drawn from the map that the page serves (`keymap`).

`{% key "verdict.accept" %}` draws keycaps, `{% key_word "prompt" %}` writes plain words for a title or a sentence.
Both are empty where the action has no key: then the page shows none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.template.context import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from loop.people.keys import caps

register = template.Library()


def _presses(context: Context, action: str, place: int) -> list[str]:
    """The keycaps of the `place`-th key of an action (counted from 1), [] without one. An unknown action raises."""
    served: Mapping[str, Any] | None = context.get("keymap")
    if served is None:  # a page without people, such as the one of a broken server
        return []
    binding = next((each for each in served["bindings"] if each["id"] == action), None)
    if binding is None:
        raise template.TemplateSyntaxError(f"key: expected an action of the key map, found {action!r}")
    keys = binding["keys"][place - 1 : place]
    return [cap for key in keys for cap in caps(key)]


@register.simple_tag(takes_context=True)
def key(context: Context, action: str, place: int = 1) -> SafeString:
    """<kbd>A</kbd>; of an action with ordered keys (`reason`) the `place`-th one."""
    presses = _presses(context, action, place)
    return format_html_join(" ", "<kbd>{}</kbd>", ((each,) for each in presses))


@register.simple_tag(takes_context=True)
def key_word(context: Context, action: str, before: str = "", after: str = "", place: int = 1) -> SafeString:
    """The key in words, between `before` and `after`; nothing at all where there is none."""
    presses = _presses(context, action, place)
    return format_html("{}{}{}", before, " ".join(presses), after) if presses else SafeString("")

"""Shares and bars on the pages of releases."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

BAR = (
    '<svg class="chart interval-line" viewBox="0 0 100 12" width="100" height="12" aria-hidden="true"'
    ' focusable="false"><line class="axis" x1="0" y1="6" x2="100" y2="6"></line>'
    '<rect class="bar" x="0" y="1" width="{}" height="10"></rect></svg>'
)


@register.filter
def share(value: float | None) -> str:
    """A share as a percentage with one place, "–" if there is none."""
    return "–" if value is None else f"{value * 100:.1f}\u00a0%"


@register.filter
def points(value: float | None) -> str:
    """A difference of shares in points of a hundred, signed."""
    if value is None:
        return "–"
    rounded = round(value * 100, 1)
    return "0.0" if rounded == 0 else f"{rounded:+.1f}".replace("-", "−")


@register.simple_tag
def bar(value: float | None) -> SafeString:
    """A share as a bar on a line from 0 to 100 %. Decorative: the number stands beside it."""
    width = f"{min(max(value or 0, 0), 1) * 100:.1f}"
    return format_html(BAR, width)


@register.simple_tag
def bar_of(part: int, whole: int) -> SafeString:
    """`part` of `whole` as a bar."""
    return bar(part / whole if whole else None)

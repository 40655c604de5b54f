"""Places on a chart."""

from django import template

register = template.Library()


@register.filter
def along(share: float) -> str:
    """A share between 0 and 1 as a place on a line of 100 units."""
    return f"{share * 100:.1f}"

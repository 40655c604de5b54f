"""Keeping how somebody wants the pages to behave."""

from django.db import transaction

from loop.kernel.errors import NotValidError
from loop.people.models import User

THEMES = ("dark", "light", "auto")


def keep_preferences(*, user: User, single_keys: bool, theme: str) -> User:
    """Keeps whether single-letter keys work, and the theme. Not audited: nothing of a production depends on it.

    Raises NotValidError for an unknown theme. Durable.
    """
    if theme not in THEMES:
        raise NotValidError(f"theme: expected {' or '.join(THEMES)}, found {theme!r}", field="theme")
    with transaction.atomic(durable=True):
        row = User.objects.select_for_update().get(pk=user.pk)
        row.preferences = {**row.preferences, "single_keys": single_keys, "theme": theme}
        row.save(update_fields=["preferences"])
    return row

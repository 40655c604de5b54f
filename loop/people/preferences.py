"""Keeping how somebody wants the pages to behave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import transaction

from loop.kernel.errors import NotValidError
from loop.people.keys import Action, changed, problems
from loop.people.models import User

THEMES: Final = ("dark", "light", "auto")
BRIGHTNESS: Final = (1, 2, 3, 4, 5)  # of the panels round the picture; 3 is as the house set it


def keep_preferences(
    *,
    user: User,
    single_keys: bool | None = None,
    theme: str | None = None,
    brightness: int | None = None,
    coach: bool | None = None,
    keys: Mapping[str, Sequence[str]] | None = None,
    actions: Sequence[Action] = (),
) -> User:
    """Keeps what is given and leaves the rest. Not audited: nothing of a production depends on it.

    `keys` are all the keys that the login wants, by action, in place of earlier ones; `actions` is the key map they are
    for, and what equals it is not kept. `coach=False` closes the coach strip for good. Raises NotValidError that names
    the field (`keys.<action>` for a key) and carries every problem of the keys as `facts["problems"]`. Durable.
    """
    wanted: dict[str, Any] = {}
    if single_keys is not None:
        wanted["single_keys"] = single_keys
    if coach is not None:
        wanted["coach"] = coach
    if theme is not None:
        if theme not in THEMES:
            raise NotValidError(f"theme: expected {' or '.join(THEMES)}, found {theme!r}", field="theme")
        wanted["theme"] = theme
    if brightness is not None:
        if brightness not in BRIGHTNESS:
            raise NotValidError(f"brightness: expected 1 to {BRIGHTNESS[-1]}, found {brightness}", field="brightness")
        wanted["brightness"] = brightness
    if keys is not None:
        found = problems(keys, actions)
        if found:
            raise NotValidError("; ".join(map(str, found)), field=f"keys.{found[0].field}", problems=found)
        wanted["keys"] = changed(keys, actions)
    with transaction.atomic(durable=True):
        row = User.objects.select_for_update().get(pk=user.pk)
        row.preferences = {**row.preferences, **wanted}
        row.save(update_fields=["preferences"])
    return row

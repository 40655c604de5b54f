"""Whoever logs in judges as themselves; a tool or the system names whom it speaks for."""

from __future__ import annotations

from loop.kernel.actor import Actor
from loop.kernel.errors import NotAllowedError
from loop.people.models import Contributor, Member
from loop.people.querysets import is_system


def require_oneself(actor: Actor, production_id: int, decided_by: Contributor | str) -> None:
    """Passes if `actor` may judge as `decided_by`. Raises NotAllowedError. At most one query."""
    if actor.is_tool or is_system(actor):
        return
    if actor.user_id is None:
        raise NotAllowedError("Only a login, a tool or the system decides.")
    own = Member.objects.filter(user_id=actor.user_id, production_id=production_id, active=True)
    if isinstance(decided_by, str) or not own.filter(contributor=decided_by).exists():
        raise NotAllowedError("A login decides as itself; to speak for somebody, name that person in on_behalf_of.")

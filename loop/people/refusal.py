"""Putting on record that a login was refused."""

from __future__ import annotations

from loop.people.models import User
from loop.people.session import record_session


def record_refusal(*, username: str) -> None:
    """One event about the login of that name, in any case of letters; nothing if there is none.

    A name that is no login is not kept anywhere: it may be a password typed into the wrong field, or somebody's name.
    The event names the login that was tried as its actor, because its owner should find it; who tried is not known.
    How many there can be is limited by the throttle on failed logins (ACCOUNT_RATE_LIMITS). One query.
    """
    user = User.objects.filter(username__iexact=username).first()
    if user is not None:
        record_session(user=user, what="session.refused")

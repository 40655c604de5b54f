"""Putting on record that somebody logged in, out, or was refused. The doors' login does the checking."""

from __future__ import annotations

from typing import Literal

from django.db import transaction

from loop.audit.record import record
from loop.kernel.clock import now
from loop.people.models import User
from loop.people.querysets import actor_for_user

What = Literal["session.login", "session.logout", "session.refused"]


def record_session(*, user: User, what: What) -> None:
    """One event about the login's session; it belongs to no production and moves no export's cut-off."""
    with transaction.atomic():
        record(
            event=what, actor=actor_for_user(user), obj_table="loop_user", obj_uid=user.uid, production_id=None,
            at=now(), facts={},
        )  # fmt: skip

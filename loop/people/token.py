"""Making an API token. Its secret is shown once and kept only as SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from loop.audit.record import record
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import NotAllowedError, NotValidError
from loop.people.models import Token, User
from loop.people.querysets import actor_for_user, productions_visible_to, require
from loop.people.roles import SCOPES, Permission

if TYPE_CHECKING:
    from loop.material.models import Production

PREFIX = "circled"
SECRET_BYTES = 32
MOST_DAYS = 90
MOST_NAME = 100


def create_token(
    *, user: User, name: str, scopes: Iterable[str], productions: Iterable[Production], actor: Actor, days: int = 30
) -> tuple[Token, str]:
    """A token for a tool that `user` answers for, and its text `circled_<uid hex>_<secret>`, which nobody sees again.

    The token acts by its scopes on those productions only, and only as long as `user` is active and still a member
    of them (or an admin). Making one needs "people" on every production; a token cannot make tokens.
    Raises NotValidError (name, scopes, productions, days 1 to 90, a user who is no member), NotAllowedError.
    """
    if actor.is_tool:
        raise NotAllowedError("A token cannot make tokens.")
    wanted, shows = sorted(set(scopes)), sorted(set(productions), key=lambda production: production.pk)
    _check(user, name, wanted, shows, days)
    for production in shows:
        require(actor, production, Permission.MANAGE_PEOPLE)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    moment = now()
    with transaction.atomic(durable=True):
        token = Token.objects.create(
            name=name,
            secret_sha256=hashlib.sha256(secret.encode()).digest(),
            scopes=wanted,
            created_by=user,
            created_at=moment,
            expires_at=moment + timedelta(days=days),
        )
        token.productions.set(shows)
        for production in shows:
            record(
                event="token.created", actor=actor, obj_table="loop_token", obj_uid=token.uid,
                production_id=production.pk, at=moment,
                facts={"name": name, "scopes": wanted, "user": str(user.uid), "days": days},
            )  # fmt: skip
    return token, f"{PREFIX}_{token.uid.hex}_{secret}"


def _check(user: User, name: str, scopes: list[str], productions: list[Production], days: int) -> None:
    if not name.strip() or len(name) > MOST_NAME:
        raise NotValidError("Token name: expected 1 to 100 characters.", field="name")
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        found = ", ".join(unknown) or "none"
        raise NotValidError(f"Scopes: expected some of {', '.join(SCOPES)}; found {found}.", field="scopes")
    if not productions:
        raise NotValidError("Productions: expected at least one.", field="productions")
    if not 1 <= days <= MOST_DAYS:
        raise NotValidError(f"Days: expected 1 to {MOST_DAYS}, found {days}.", field="days")
    if not user.is_active:
        raise NotValidError(f"The login {user.get_username()!r} is disabled.", field="user")
    visible = set(productions_visible_to(actor_for_user(user)))
    missing = [production.code for production in productions if production not in visible]
    if missing:
        raise NotValidError(
            f"The login {user.get_username()!r} is no member of {', '.join(missing)}; make it one first.", field="user"
        )

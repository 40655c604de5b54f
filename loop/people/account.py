"""Adding a login. Nobody signs up by themselves."""

import re
import secrets
from dataclasses import dataclass, field

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from loop.audit.record import record
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError, NotAllowedError, NotValidError
from loop.people.models import User
from loop.people.querysets import is_system, productions_where
from loop.people.roles import Permission

# ASCII only: two scripts that look alike must not make two logins that look alike.
USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,149}", re.ASCII)
GENERATED_BYTES = 18


@dataclass(frozen=True, slots=True)
class NewUser:
    """The login and, once, the password it was given."""

    user: User
    password: str = field(repr=False)


def add_user(
    *, username: str, actor: Actor, password: str | None = None, name: str = "", email: str = "", is_admin: bool = False
) -> NewUser:
    """Adds a login without any role; `add_member` gives it one. Without `password` a random one is made.

    Allowed: the system, admins, and whoever manages people on some production (who cannot make admins).
    Raises NotValidError (username, password), ConflictError if the username is taken in any case of letters,
    NotAllowedError.
    """
    if not _may_add(actor, is_admin=is_admin):
        raise NotAllowedError("Adding a login needs an admin, or a producer for a login without global powers.")
    if not USERNAME.fullmatch(username):
        raise NotValidError(
            f"Username: expected up to 150 ASCII letters, digits and . _ @ + -, found {username!r}.", field="username"
        )
    user = User(username=username, email=email, first_name=name[:150], is_superuser=is_admin, is_staff=is_admin)
    secret = secrets.token_urlsafe(GENERATED_BYTES) if password is None else password
    try:
        validate_password(secret, user)
    except ValidationError as error:
        raise NotValidError(f"Password: {' '.join(error.messages)}", field="password") from error
    user.set_password(secret)
    with transaction.atomic(durable=True):
        if User.objects.filter(username__iexact=username).exists():
            raise ConflictError(f"The username {username!r} is taken.", field="username")
        user.save(force_insert=True)
        record(
            event="user.added", actor=actor, obj_table="loop_user", obj_uid=user.uid, production_id=None, at=now(),
            facts={"login": username, "admin": is_admin},
        )  # fmt: skip
    return NewUser(user, secret)


def _may_add(actor: Actor, *, is_admin: bool) -> bool:
    if is_system(actor) or actor.is_admin:
        return True
    return not is_admin and not actor.is_tool and productions_where(actor, Permission.MANAGE_PEOPLE).exists()

"""The passwords of the sample's logins: made by chance once, kept where only the owner reads them."""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from loop.kernel.errors import ConflictError
from loop.material.models import Production
from loop.people.models import User

FILE = "sample_logins.json"
# Without the letters and digits that are mistaken for each other; four groups of four are 79 bits.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS = 4


@dataclass(frozen=True, slots=True)
class Login:
    """A login of the sample, and what it is for. `password` is None when it is no longer the one that was made here."""

    username: str
    roles: tuple[str, ...]
    does: str
    password: str | None = field(repr=False)


class Passwords:
    """`keys/sample_logins.json`: each password with a mark of the hash that was made of it.

    The mark tells a changed password from ours without the third of a second that checking one takes.
    """

    def __init__(self) -> None:
        self._path = Path(settings.KEYS_ROOT) / FILE
        self._known: dict[str, dict[str, str]] = {}
        if self._path.exists():
            self._known = json.loads(self._path.read_text(encoding="utf-8"))

    def refuse_strangers(self, usernames: list[str], production: Production | None) -> None:
        """Raises ConflictError if one of the names is somebody's login that has nothing to do with the sample."""
        strangers = User.objects.filter(username__in=set(usernames) - set(self._known))
        if production is not None:
            strangers = strangers.exclude(memberships__production=production).exclude(is_superuser=True)
        taken = sorted(strangers.values_list("username", flat=True))
        if taken:
            raise ConflictError(
                f"The sample production needs the login {taken[0]!r}, and there is one already that is not the "
                "sample's. Load it into an installation of its own: set CIRCLED_HOME to an empty folder.",
                field="username",
            )

    def make(self, usernames: list[str]) -> None:
        """Makes and keeps the passwords that are missing, before anybody is given one."""
        new = [name for name in usernames if name not in self._known]
        for name in new:
            self._known[name] = {"password": _password(), "hash": ""}
        if new:
            self._write()

    def given(self, username: str) -> str:
        """The password made for `username`."""
        return self._known[username]["password"]

    def note(self, users: Mapping[str, User]) -> None:
        """Remembers which hash each login got, so that `current` knows its own."""
        marks = {name: _mark(user) for name, user in users.items()}
        if any(self._known[name]["hash"] != mark for name, mark in marks.items()):
            for name, mark in marks.items():
                self._known[name]["hash"] = mark
            self._write()

    def current(self, user: User) -> str | None:
        """The password of `user` if it still is the one made here."""
        known = self._known.get(user.get_username())
        if known is None:
            return None
        is_ours = known["hash"] == _mark(user) or user.check_password(known["password"])
        return known["password"] if is_ours else None

    def _write(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._path.with_name(f".{FILE}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(self._known, file, indent=1)
            file.write("\n")
        draft.replace(self._path)


def _password() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(GROUPS))


def _mark(user: User) -> str:
    return hashlib.sha256(user.password.encode()).hexdigest()

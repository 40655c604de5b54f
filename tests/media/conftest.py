"""A production with people, and a suggestion that is a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.material.models import Media
from loop.media.render import render_next
from loop.media.store import store
from loop.people.account import add_user
from loop.suggestion.models import Suggestion
from tests.media.shelf import MIMES, digest_of
from tests.support.cutting_room import Room, bring_in, line, open_room


@dataclass
class Screening:
    """The room, and what brings files into it. A stranger has a login and no role anywhere."""

    room: Room
    clients: dict[str, Client]

    def suggests(self, source: Path, *, name: str = "clip-1", mime: str = "", uri: str = "", **more: Any) -> Suggestion:
        """A suggestion of the file at `source`; its bytes have not come."""
        told = {
            "uri": uri or source.name, "sha256": digest_of(source),
            "mime": mime or MIMES.get(source.suffix, "application/octet-stream"),
        }  # fmt: skip
        bring_in(self.room.production, [line(name, more.pop("content", None), media=told, **more)])
        return Suggestion.objects.select_related("production", "media").get(
            production=self.room.production, external_id=name
        )

    def shows(self, source: Path, **more: Any) -> Suggestion:
        """The same with its bytes stored and everything made of them."""
        suggestion = self.suggests(source, **more)
        assert suggestion.media is not None
        store(media=suggestion.media, source=source, actor=SYSTEM, at=now())
        while render_next() is not None:
            pass
        return suggestion

    def address(self, media: Media, kind: str) -> str:
        return f"/p/{self.room.production.code}/media/{media.uid}/{kind}"


@pytest.fixture
def screening(db: None) -> Screening:
    room = open_room(suggestions=2)
    users = {**room.users, "stranger": add_user(username="stranger", actor=SYSTEM).user}
    users["admin"] = add_user(username="admin", actor=SYSTEM, is_admin=True).user
    clients: dict[str, Client] = {}
    for name, user in users.items():
        clients[name] = Client()
        clients[name].force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return Screening(room, clients)

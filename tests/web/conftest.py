"""People at the pages: a login for each role on one small production with judgements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client

from loop.export.models import Export
from loop.kernel.actor import SYSTEM
from loop.material.models import Production
from loop.people.account import add_user
from loop.people.member import add_member
from tests.conftest import FreshDatabase
from tests.support.cutting_room import Room, open_room
from tests.support.releases import Stage, few_lines, stage

ROLES = ("director", "editor", "script_supervisor", "producer", "data", "consent_officer", "auditor")


@dataclass
class Desks:
    """Who sits where. `stranger` has a login and no role; `admin` is global."""

    stage: Stage
    clients: dict[str, Client]

    @property
    def production(self) -> Production:
        return self.stage.production

    def __getitem__(self, who: str) -> Client:
        return self.clients[who]

    def address(self, path: str) -> str:
        return f"/p/{self.production.code}/{path}"

    def release(self, profile: str = "signals") -> Export:
        self.stage.authorises()
        return self.stage.releases(profile)[0]


@pytest.fixture
def desks(fresh_database: FreshDatabase) -> Desks:
    """Logged-in clients on a production with nine suggestions of three briefs."""
    show = stage()
    show.brings_in(few_lines())
    clients = {}
    for who in (*ROLES, "stranger", "admin"):
        user = add_user(username=who, actor=SYSTEM, is_admin=who == "admin").user
        if who in ROLES:
            add_member(user=user, production=show.production, role=who, actor=SYSTEM)
        clients[who] = Client()
        clients[who].force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return Desks(show, clients)


@pytest.fixture
def room(db: None) -> Room:
    return open_room()


@pytest.fixture
def seat(room: Room) -> Callable[[str], Client]:
    """`seat("editor")`: a client that is logged in."""

    def sit(name: str) -> Client:
        client = Client()
        client.force_login(room.users[name])
        return client

    return sit

"""What a client in the cutting room does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.support.cutting_room import Room

type_of_ask = Callable[..., Any]


@pytest.fixture
def say(room: Room, seat: Callable[[str], Client]) -> Callable[..., Any]:
    """`say("editor", "s01-a", "reject", reasons=[...])`: a verdict as the outbox sends it; the response."""
    clients: dict[str, Client] = {}

    def send(name: str, external_id: str, outcome: str, **more: Any) -> Any:
        client = clients.setdefault(name, seat(name))
        body = {
            "idempotency_key": str(uuid4()),
            "suggestion": str(room.suggestion(external_id).uid),
            "outcome": outcome,
            "actor": str(room.users[name].uid),
            **more,
        }
        return client.post("/p/FERRY/decide/", json.dumps(body), content_type="application/json")

    return send


@pytest.fixture
def queries() -> Callable[[Client, str], int]:
    """How many queries a page makes."""

    def count(client: Client, address: str) -> int:
        client.get(address)  # the first of a process also fills caches that are not the page's
        with CaptureQueriesContext(connection) as captured:
            response = client.get(address)
        assert response.status_code == 200, response.status_code
        return len([each for each in captured.captured_queries if not each["sql"].startswith(("SAVEPOINT", "RELEASE"))])

    return count

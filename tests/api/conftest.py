"""Callers of the API: tokens on productions, and a client that speaks JSON and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from loop.api import throttles
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.material.models import Production
from loop.people.member import add_member
from loop.people.models import Token, User
from loop.people.roles import SCOPES
from loop.people.token import create_token

BASE = "/api/v1/"
ALL_SCOPES = tuple(SCOPES)


@dataclass(frozen=True)
class Answer:
    """A response, read."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Caller:
    """Somebody with a token (None: without)."""

    text: str | None
    token: Token | None = None

    def get(self, path: str, query: Mapping[str, Any] | None = None, **headers: str) -> Answer:
        return self.call("GET", path, query=query, **headers)

    def post(self, path: str, body: Any = None, query: Mapping[str, Any] | None = None, **headers: str) -> Answer:
        return self.call("POST", path, body=body, query=query, **headers)

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        **headers: str,
    ) -> Answer:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        if self.text is not None:
            headers["Authorization"] = f"Bearer {self.text}"
        address = path if path.startswith(("/", "http")) else BASE + path
        client = Client(raise_request_exception=False)
        response = client.generic(
            method, address, data, content_type=content_type, headers=headers, query_params=dict(query or {})
        )
        raw = b"".join(response.streaming_content) if response.streaming else response.content
        is_json = response.headers.get("Content-Type", "").endswith("json")
        return Answer(response.status_code, json.loads(raw) if is_json and raw else raw, dict(response.headers))


@pytest.fixture(autouse=True)
def empty_counters(db: None) -> None:
    """What one test asked does not slow the next one down."""
    throttles._calls.clear()
    cache.clear()


@pytest.fixture
def ferry(db: None) -> Production:
    return Production.objects.create(code="FERRY", title="Night Ferry", rate_num=24, created_at=now())


@pytest.fixture
def harbour(db: None) -> Production:
    return Production.objects.create(code="HARBOUR", title="Harbour", rate_num=25, created_at=now())


@pytest.fixture
def caller_of(db: None) -> Callable[..., Caller]:
    """Makes callers: `caller_of(ferry, scopes=[...])`."""

    def make(
        *productions: Production, scopes: tuple[str, ...] = ALL_SCOPES, name: str = "robot", days: int = 30
    ) -> Caller:
        user = User.objects.filter(username=f"{name}-owner").first() or User.objects.create(username=f"{name}-owner")
        for production in productions:
            add_member(user=user, production=production, role="editor", actor=SYSTEM)
        token, text = create_token(
            user=user, name=name, scopes=scopes, productions=productions, actor=SYSTEM, days=days
        )
        return Caller(text, token)

    return make


@pytest.fixture
def robot(caller_of: Callable[..., Caller], ferry: Production) -> Caller:
    """A tool that may do everything a tool may, on the ferry."""
    return caller_of(ferry)


@pytest.fixture
def stranger(caller_of: Callable[..., Caller], harbour: Production) -> Caller:
    """A tool that may do everything, on another production."""
    return caller_of(harbour, name="stranger")


@pytest.fixture
def nobody() -> Caller:
    return Caller(None)


def line(external_id: str, **more: Any) -> dict[str, Any]:
    """A suggestion in the bulk format."""
    return {
        "external_id": external_id, "kind": "script_note", "stage": "development", "model": "acme/notes@1",
        "prompt": "What does the ferryman want?", "content": f"He wants the lamp out ({external_id}).", **more,
    }  # fmt: skip


@pytest.fixture
def a_line() -> Callable[..., dict[str, Any]]:
    return line

"""The API as a tool meets it: a real web server, a socket, headers."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.material.models import Production
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.models import Token
from loop.people.revoke import revoke_token
from loop.people.roles import SCOPES
from loop.people.token import create_token

LINE = {"external_id": "s1", "content": "Lamp out.", "model": "acme/notes@1"}


class Wire:
    """One kept-alive connection with a token."""

    def __init__(self, address: str, token: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
        self.headers = {"Authorization": f"Bearer {token}"}

    def __call__(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None = None, **headers: str
    ) -> tuple[int, bytes]:
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, f"/api/v1/{path}", body, sent, encode_chunked=isinstance(body, Iterator))
        answer = self.connection.getresponse()
        return answer.status, answer.read()


@pytest.fixture
def wire(live_site: str) -> Iterator[Wire]:
    ferry = Production.objects.create(code="FERRY", title="Night Ferry", rate_num=24, created_at=now())
    owner = add_user(username="owner", actor=SYSTEM).user
    add_member(user=owner, production=ferry, role="editor", actor=SYSTEM)
    token = create_token(user=owner, name="robot", scopes=SCOPES, productions=[ferry], actor=SYSTEM)[1]
    found = Wire(live_site, token)
    yield found
    found.connection.close()


def test_it_serves_tools(wire: Wire) -> None:
    body = json.dumps(LINE).encode()
    status, first = wire("POST", "suggestions/", body, Content_Type="application/json")
    assert status == 201
    assert wire("POST", "suggestions", body, Content_Type="application/json") == (201, first)
    lines = b"\n".join(json.dumps(LINE | {"external_id": f"s{n}"}).encode() for n in range(2, 500))
    status, report = wire("POST", "suggestions/bulk", lines, Content_Type="application/x-ndjson")
    assert (status, json.loads(report)["suggestions_created"]) == (200, 498)
    status, page = wire("GET", "suggestions?limit=500")
    assert (status, len(json.loads(page)["items"])) == (200, 499)
    assert wire("HEAD", "suggestions") == (200, b"")
    assert wire("GET", "nowhere")[0] == 404
    assert wire("PUT", "suggestions", body, Content_Type="application/json")[0] == 405
    assert wire("GET", "schema/")[0] == 200


def test_a_body_without_length_or_beyond_it_is_refused(wire: Wire) -> None:
    chunks = iter([b'{"external_id":', b'"s1"}'])
    assert wire("POST", "suggestions", chunks, Content_Type="application/json", Transfer_Encoding="chunked")[0] == 400
    wire.connection.close()
    big = b'{"external_id": "' + b"x" * (2 * 1024 * 1024) + b'"}'
    assert wire("POST", "suggestions", big, Content_Type="application/json")[0] == 413


def test_a_revoked_token_is_dead_on_an_open_connection(wire: Wire) -> None:
    assert wire("GET", "me")[0] == 200
    revoke_token(token=Token.objects.get(), actor=SYSTEM)
    assert wire("GET", "me")[0] == 401

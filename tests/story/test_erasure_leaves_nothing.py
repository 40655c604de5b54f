"""More than 200 canaries go in through every door that takes a contributor's words; after the erasure none is found.

Searched: every table as a superuser reads it, the files of the database, the broker, and the house's own folder with
its logs. Excepted, each by its name in the report: the write-ahead log, backups, and the published release.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from http.client import HTTPConnection
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pyarrow.parquet as pq
import pytest
from django.core.management import call_command
from django.test import Client
from psycopg import sql

from loop.audit.bundle import write_bundle
from loop.audit.seal import seal_all
from loop.audit.verify import verify
from loop.consent.evidence import document_of
from loop.export import places
from loop.export.advance import advance
from loop.export.build import build
from loop.export.models import Export
from loop.kernel.actor import SYSTEM
from loop.material.models import Production
from loop.material.register import add_material_version
from loop.people.account import add_user
from loop.people.leave import end_membership
from loop.people.member import add_member
from loop.people.models import Contributor, User
from loop.people.party import register_party
from loop.people.roles import SCOPES
from loop.people.token import create_token
from loop.recall.withdraw import withdraw
from loop.suggestion.models import Suggestion
from tests.conftest import FreshDatabase
from tests.support.processes import Broker
from tests.support.releases import Stage, finished, stage
from tests.support.site import Site

SEED = uuid4().hex[:8]
LEAST = 200


class Birds:
    """Canaries, each told apart."""

    def __init__(self) -> None:
        self.all: list[str] = []

    def __call__(self) -> str:
        self.all.append(f"canary{SEED}n{len(self.all):04d}x")
        return self.all[-1]

    def lines(self, count: int, **more: Any) -> Iterator[dict[str, Any]]:
        """Lines of the bulk format in whose every free field one sits, by an author who is the party."""
        for number in range(count):
            yield self.line(f"bulk-{number}", **more)

    def line(self, name: str, **more: Any) -> dict[str, Any]:
        who = more.pop("who")
        return {
            "external_id": name, "kind": "script_note", "stage": "development", "model": "vendor/model@1",
            "prompt": f"Asked: {self()}", "content": f"It says {self()} and turns.", "meta": {self(): [self()]},
            "parameters": {"negative": self()}, "constraints": [f"never {self()}"], "group_id": f"g-{name}",
            "contributors": [{"id": who, "capacity": "author_of_source"}], **more,
        }  # fmt: skip

    def judgement(self, who: str, **more: Any) -> dict[str, Any]:
        """What the party says of somebody else's work."""
        return {
            "outcome": "revise", "decided_by": who, "rationale": f"Because {self()}.", "revised_content": self(),
            "spans": [{"start": 0, "end": 2, "label": self(), "note": f"see {self()}"}], **more,
        }  # fmt: skip


@pytest.fixture
def doors(live_site: str) -> str:
    return live_site


def test_none_of_them_is_found_anywhere(
    fresh_database: FreshDatabase, broker: Broker, doors: str, site: Site, own_home: Path, tmp_path: Path
) -> None:
    birds, show = Birds(), stage()
    who = birds()
    party, published, waiting = _everything_they_said(birds, who, show, doors, broker)
    assert len(birds.all) >= LEAST
    before = _in_tables(fresh_database, birds.all) | _below(own_home, birds.all)
    assert set(birds.all) - before == set(), "a canary that nothing keeps proves nothing"
    copy = (places.root() / published.folder).relative_to(own_home)
    assert _below(own_home / copy, birds.all), "the published copy holds some: the search finds what is there"

    out = StringIO()
    call_command(
        "erase", "--party", str(party.uid), "--production", show.production.code, "--basis", "gdpr_art17_1_b",
        "--with-evidence", "--vacuum", stdout=out,
    )  # fmt: skip
    said = out.getvalue()
    assert "the write-ahead log and the backups" in said
    assert f"the published release E-{published.number}" in said
    assert "Rewrote" in said
    fresh_database.connect("superuser").execute("CHECKPOINT")

    assert _in_tables(fresh_database, birds.all) == set()
    assert _in_database_files(fresh_database, birds.all) == set()
    assert _in_broker(broker, birds.all) == set()
    assert _below(own_home, birds.all, without=own_home / copy) == set()
    assert _in(site.log.read_bytes(), birds.all) == set()

    finished(waiting)  # what was under way goes on without them
    assert _below(own_home, birds.all, without=own_home / copy) == set()
    seal_all()
    assert verify().problems == []
    bundle = tmp_path / "bundle"
    write_bundle(bundle)
    assert _below(bundle, birds.all) == set()
    assert _in_tables(fresh_database, birds.all) == set()


def _everything_they_said(
    birds: Birds, who: str, show: Stage, address: str, broker: Broker
) -> tuple[Contributor, Export, Export]:
    """In by the file, the API, the pages and the registry; then a release that is out, and one under way."""
    production = show.production
    others = [
        {"external_id": f"other-{n}", "content": "Nobody's secret.", "model": "vendor/model@1", "kind": "script_note"}
        for n in range(24)
    ]
    show.brings_in(
        [
            *birds.lines(14, who=who),
            *(line | {"decisions": [birds.judgement(who)]} for line in others[:12]),
            *others[12:],
        ]
    )
    party = register_party(
        production=production, external_id=who, actor=SYSTEM, name=f"Mara {birds()}", functions=[birds()]
    )
    user = add_user(username=birds(), email=f"{birds()}@mara.example", name=f"Mara {birds()}", actor=SYSTEM).user
    member = add_member(user=user, production=production, role="editor", contributor_id=who, actor=SYSTEM)
    _over_the_api(birds, who, user, production, address)
    _on_the_pages(birds, user, production)
    add_material_version(
        production=production, external_id="mara-draft", kind="script", actor=SYSTEM, text=f"INT. {birds()} - NIGHT",
        title=f"Draft of {birds()}", contributors=[(party, "author_of_source")],
    )  # fmt: skip
    for _ in range(3):
        show.authorises(who, evidence=document_of(f"{birds()}.txt", f"Signed: {birds()}".encode()))
    show.authorises()
    published, _ = show.releases()
    waiting = show.orders("unpaired_preference")
    while waiting.state != Export.State.BUILDING:
        advance(waiting.pk)
        waiting.refresh_from_db()
    while build(waiting.pk):
        pass
    [taken, *_] = show.authorises(who)
    withdraw(authorisations=[taken], actor=SYSTEM, reason=f"I said it is mine: {birds()}")
    end_membership(member=member, actor=SYSTEM)
    return Contributor.objects.get(pk=party.pk), published, waiting


def _over_the_api(birds: Birds, who: str, user: User, production: Production, address: str) -> None:
    token = create_token(user=user, name="robot", scopes=SCOPES, productions=[production], actor=SYSTEM)[1]
    wire = HTTPConnection(urlsplit(address).netloc, timeout=20)

    def send(method: str, path: str, body: bytes, kind: str = "application/json") -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind, "Content-Length": str(len(body))}
        wire.request(method, f"/api/v1/{path}", body, headers)
        answer = wire.getresponse()
        found: dict[str, Any] = json.loads(answer.read())
        assert answer.status in (200, 201), json.dumps(found)
        return found

    file = f"sound of {birds()}".encode()
    media = {
        "uri": f"takes/{birds()}.bin",
        "sha256": hashlib.sha256(file).hexdigest(),
        "mime": "application/octet-stream",
    }
    for number in range(4):
        more = {"media": media} if number == 0 else {}
        send("POST", "suggestions/", json.dumps(birds.line(f"api-{number}", who=who, **more)).encode())
    send("PUT", f"media/{media['sha256']}/", file, "application/octet-stream")
    for number in range(12, 17):
        given = birds.judgement(who, suggestion_external_id=f"other-{number}", external_id=f"d-{number}")
        given["context"] = {"said": birds()}
        send("POST", "decisions/", json.dumps(given).encode())
    wire.close()


def _on_the_pages(birds: Birds, user: User, production: Production) -> None:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    for number in range(17, 20):
        uid = Suggestion.objects.get(external_id=f"other-{number}").uid
        body: dict[str, Any] = {
            "idempotency_key": str(uuid4()), "suggestion": str(uid), "outcome": "revise", "rationale": birds(),
            "revised_content": birds(), "spans": [{"target": "content", "start": 0, "end": 2, "note": birds()}],
        }  # fmt: skip
        answer = client.post(f"/p/{production.code}/decide/", json.dumps(body), content_type="application/json")
        assert answer.status_code == 201, answer.content
    for number in range(20, 24):
        uid = Suggestion.objects.get(external_id=f"other-{number}").uid
        draft = {"body": {"rationale": birds(), "revised_content": birds()}, "base": None}
        answer = client.put(f"/p/{production.code}/drafts/{uid}/", json.dumps(draft), content_type="application/json")
        assert answer.status_code == 200, answer.content
    kept = client.post(f"/p/{production.code}/views/", {"name": f"of {birds()}", "query": "stage=post"})
    assert kept.status_code in (302, 303)


def _in(content: bytes, birds: Iterable[str]) -> set[str]:
    return {bird for bird in birds if bird.encode() in content} if SEED.encode() in content else set()


def _in_tables(database: FreshDatabase, birds: list[str]) -> set[str]:
    superuser = database.connect("superuser")
    tables = superuser.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    found: set[str] = set()
    for (table,) in tables:
        query = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(str(table)))
        with superuser.cursor().copy(query) as copy:
            found |= _in(b"".join(bytes(part) for part in copy), birds)
    return found


def _in_database_files(database: FreshDatabase, birds: list[str]) -> set[str]:
    """The files of the database itself; what the server keeps for all databases is the log, which is excepted."""
    superuser = database.connect("superuser")
    oid, folder = superuser.execute(
        "SELECT oid::text, current_setting('data_directory') FROM pg_database WHERE datname = current_database()"
    ).fetchone() or ("", "")
    base = Path(str(folder)) / "base" / str(oid)
    if not base.is_dir():  # a server of another machine: its files are its own
        return set()
    return set().union(*(_in(path.read_bytes(), birds) for path in base.iterdir() if path.is_file()))


def _in_broker(broker: Broker, birds: list[str]) -> set[str]:
    return set().union(*(_in(broker.client.dump(key) or b"", birds) for key in broker.client.scan_iter()), set())


def _below(folder: Path, birds: list[str], *, without: Path | None = None) -> set[str]:
    """In the files below a folder and in their names; Parquet is read, as its pages are compressed."""
    found: set[str] = set()
    for path in sorted(folder.rglob("*")):
        if without is not None and path.is_relative_to(without):
            continue
        found |= _in(str(path).encode(), birds)
        if path.is_file():
            found |= _in(path.read_bytes(), birds)
            if path.suffix == ".parquet":
                found |= _in(str(pq.read_table(path).to_pylist()).encode(), birds)
    return found

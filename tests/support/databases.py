"""Databases for tests: one template, migrated once for each state of the migrations, and cheap clones of it."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import psutil
import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from studio import env
from studio.local import roles
from studio.local.locks import held
from studio.local.servers import ensure_servers

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PREFIX = "circled_test"
KEPT_TEMPLATES = 3
ALIASES = ("default", "owner")

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Server:
    """The PostgreSQL server of this session, and logins on it."""

    admin: env.DatabaseUrl
    runtime: env.DatabaseUrl
    owner: env.DatabaseUrl
    broker: str
    home: Path

    def connect(self, database: str = "") -> Connection:
        """As the login that may create databases. Autocommit."""
        return psycopg.connect(self.admin.uri(database or None), autocommit=True)


@dataclass(slots=True)
class FreshDatabase:
    """A private clone for one test: real commits, several connections, triggers, other processes.

    `environment` is what a subprocess needs to work on it (database, broker, home, secret key).
    """

    name: str
    server: Server
    environment: dict[str, str]
    _opened: list[Connection] = field(default_factory=list)

    def connect(self, role: str = "circled_app") -> Connection:
        """A plain psycopg connection as circled_app, circled_owner or superuser, in autocommit; closed at the end."""
        url = {"circled_app": self.server.runtime, "circled_owner": self.server.owner}.get(role, self.server.admin)
        connection = psycopg.connect(url.uri(self.name), autocommit=True)
        self._opened.append(connection)
        if role != "superuser":
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        return connection

    def close(self) -> None:
        for connection in self._opened:
            connection.close()


def find_server(home: Path) -> Server:
    """The server that the environment names, else the embedded one of the test home (started, without fsync)."""
    given = env.database_url("DATABASE_URL")
    broker = env.redis_url("REDIS_URL")
    if given:
        if not broker:
            broker = ensure_servers(home, parts=frozenset({"broker"}), is_durable=False).broker
        return Server(admin=given, runtime=given, owner=env.database_url("DATABASE_OWNER_URL") or given,
                      broker=broker, home=home)  # fmt: skip
    urls = ensure_servers(home, is_durable=False)
    return Server(
        admin=env.parse_database_url(urls.superuser, source="the embedded server"),
        runtime=env.parse_database_url(urls.database, source="the embedded server"),
        owner=env.parse_database_url(urls.owner, source="the embedded server"),
        broker=broker or urls.broker,
        home=home,
    )


def template(server: Server) -> str:
    """The name of the template database, migrated by whoever comes first; the others wait for that one."""
    name = f"{PREFIX}_template_{_state_of_migrations()}"
    with held(server.home / "run" / "template.lock"), server.connect() as admin:
        _drop_leftovers(admin, keep=name)
        if not _exists(admin, name):
            making = f"{name}_making"
            roles.ensure(admin, runtime_login=server.runtime.user)
            _drop(admin, making)
            _create(admin, making)
            with server.connect(making) as inside:
                roles.ensure(inside, runtime_login=server.runtime.user)
            with pointed_at(making):
                call_command("migrate", database="owner", verbosity=0, interactive=False)
            admin.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(making), sql.Identifier(name))
            )
    return name


@contextmanager
def clone(server: Server, source: str, label: str) -> Iterator[str]:
    """A copy of the template under a name that holds our pid, dropped at the end whoever is still connected."""
    name = f"{PREFIX}_{os.getpid()}_{label}"
    with server.connect() as admin:
        _drop(admin, name)
        _create(admin, name, source)
    try:
        yield name
    finally:
        with server.connect() as admin:
            _drop(admin, name)


@contextmanager
def pointed_at(name: str) -> Iterator[None]:
    """Within the block Django's connections lead to database `name`; all are closed before and after."""
    connections.close_all()
    before = {alias: connections.settings[alias]["NAME"] for alias in ALIASES}
    for alias in ALIASES:
        connections.settings[alias]["NAME"] = name
    try:
        yield
    finally:
        connections.close_all()
        for alias in ALIASES:
            connections.settings[alias]["NAME"] = before[alias]


def _state_of_migrations() -> str:
    digest = hashlib.sha256()
    for package in ("django", "django-allauth"):
        digest.update(f"{package}={version(package)};".encode())
    for folder in ("loop/migrations", "loop/sql"):
        for path in sorted((REPOSITORY / folder).rglob("*")):
            if path.suffix in {".py", ".sql"}:
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:10]


def _drop_leftovers(admin: Connection, *, keep: str) -> None:
    """Drops clones whose session was killed, and all but the newest templates of other states."""
    names = admin.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY oid", [f"{PREFIX}%"]
    ).fetchall()
    templates = []
    for (found,) in names:
        name = str(found)
        word = name.removeprefix(f"{PREFIX}_").split("_")[0]
        if word == "template":
            templates.append(name)
        elif word.isdigit() and not psutil.pid_exists(int(word)):
            _drop(admin, name)
    for name in [name for name in templates if name != keep and not name.endswith("_making")][:-KEPT_TEMPLATES]:
        _drop(admin, name)


def _exists(admin: Connection, name: str) -> bool:
    return admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _create(admin: Connection, name: str, source: str = "template0") -> None:
    statement = sql.SQL("CREATE DATABASE {} OWNER circled_owner TEMPLATE {} ENCODING 'UTF8'")
    if source != "template0":
        statement = sql.SQL("CREATE DATABASE {} OWNER circled_owner TEMPLATE {}")
    admin.execute(statement.format(sql.Identifier(name), sql.Identifier(source)))


def _drop(admin: Connection, name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

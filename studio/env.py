"""Typed readers of environment variables. A malformed value stops the start and says what was expected and found."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit


class EnvError(RuntimeError):
    """An environment variable holds something else than it must; the message names the variable."""


TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})
POSTGRES_SCHEMES = frozenset({"postgres", "postgresql"})
REDIS_SCHEMES = frozenset({"redis", "rediss", "redis+socket", "unix"})


def text(name: str, default: str = "") -> str:
    """The value without surrounding blanks; an empty variable counts as unset."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool) -> bool:
    """1/true/yes/on or 0/false/no/off, in any case."""
    value = text(name).lower()
    if not value:
        return default
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise EnvError(f"{name}: expected 1 or 0 (true, false, yes, no, on, off), found {value!r}")


def number(name: str, *, default: int, least: int = 0) -> int:
    """A whole number of at least `least`."""
    value = text(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or int(value) < least:
        raise EnvError(f"{name}: expected a whole number of at least {least}, found {value!r}")
    return int(value)


def words(name: str) -> list[str]:
    """A comma-separated list; blanks around the entries and empty entries are dropped."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def folder(name: str, *, default: Path) -> Path:
    """An absolute path. `~` is expanded; a relative one counts from the working directory."""
    value = text(name)
    return Path(value).expanduser().resolve() if value else default.resolve()


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """Where a PostgreSQL database is and who logs in. `host` may be a directory: the one its Unix socket lies in."""

    name: str
    user: str
    password: str = field(repr=False)
    host: str
    port: int
    options: Mapping[str, str] = field(default_factory=dict)

    def uri(self, name: str | None = None) -> str:
        """The libpq URI, to this database or to another one of the same server. Holds the password: never log it."""
        login = quote(self.user, safe="") + (f":{quote(self.password, safe='')}" if self.password else "")
        query = {"host": self.host, "port": str(self.port), **self.options}
        pairs = "&".join(f"{key}={quote(value, safe='')}" for key, value in query.items() if value)
        return f"postgresql://{login}@/{quote(name or self.name, safe='')}?{pairs}"


def database_url(name: str) -> DatabaseUrl | None:
    """The database that the variable names, None if it is unset."""
    value = text(name)
    return parse_database_url(value, source=name) if value else None


def parse_database_url(value: str, *, source: str) -> DatabaseUrl:
    """`postgresql://user:password@host:port/name?sslmode=require`; `?host=/directory` for a Unix socket.

    Raises EnvError, which never repeats the password.
    """
    parts = urlsplit(value)
    if parts.scheme not in POSTGRES_SCHEMES:
        raise EnvError(
            f"{source}: expected postgresql://user:password@host:port/name, found the scheme {parts.scheme!r}"
        )
    query = dict(parse_qsl(parts.query))
    host = query.pop("host", "") or unquote(parts.hostname or "")
    user = query.pop("user", "") or unquote(parts.username or "")
    name = unquote(parts.path.lstrip("/"))
    try:
        port = int(query.pop("port", "") or parts.port or 5432)
    except ValueError as error:
        raise EnvError(f"{source}: expected a port number, found something else") from error
    if not name or not user:
        raise EnvError(f"{source}: expected a user and a database name, found user {user!r} and name {name!r}")
    password = query.pop("password", "") or unquote(parts.password or "")
    return DatabaseUrl(name=name, user=user, password=password, host=host or "localhost", port=port, options=query)


def redis_url(name: str) -> str:
    """The broker's URL as Celery reads it (`unix://` becomes `redis+socket://`); empty if the variable is unset."""
    value = text(name)
    if not value:
        return ""
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in REDIS_SCHEMES:
        raise EnvError(f"{name}: expected redis://, rediss:// or redis+socket://, found {scheme!r}")
    return f"redis+socket://{rest.replace('?db=', '?virtual_host=')}" if scheme == "unix" else value

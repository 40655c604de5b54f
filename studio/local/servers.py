"""Finds the embedded servers running, or has them started, and lets go of them at the end."""

import atexit
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio import env
from studio.local import postgres, roles
from studio.local.account import account, binaries
from studio.local.home import Home, claim, secret
from studio.local.locks import Lock, is_held
from studio.local.postgres import Postgres
from studio.local.processes import KEEPER_RUN, MARK, service_environment

START_S = 180
STOP_S = 60
PATIENCE_S = 5
ALL_PARTS = frozenset({"database", "broker"})
REPOSITORY = Path(__file__).resolve().parent.parent.parent

Say = Callable[[str], None]


class ServersError(RuntimeError):
    """The embedded servers cannot be had; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the servers of a home are. The values hold passwords: for environments, never for logs."""

    database: str
    owner: str
    superuser: str
    broker: str


_users: dict[Path, Lock] = {}
_keepers: dict[
    Path, "subprocess.Popen[bytes]"
] = {}  # those this process started: they outlive it, or are collected here


def ensure_servers(
    root: Path, *, parts: frozenset[str] = ALL_PARTS, is_durable: bool = True, say: Say | None = None
) -> Urls:
    """Has the embedded servers of the home at `root` running until this process ends or calls `release_servers`.

    Starts them (in a keeper process of their own) unless they run already; waits for crash recovery, at most three
    minutes, telling `say` about it. `is_durable=False` is for tests: after a power failure the data is lost.
    Raises ServersError or HomeError.
    """
    home = claim(root)
    if home.root not in _users:
        lock = Lock(home.run / "users.lock")
        lock.take(shared=True)  # waits while a keeper is stopping
        _users[home.root] = lock
    try:
        _wait_for_keeper(home, parts, is_durable=is_durable, say=say or (lambda _: None))
    except ServersError:
        release_servers(root)
        raise
    return urls(home)


def ensure_for_command() -> None:
    """For manage.py: has the servers running that no variable replaces, and waits for their stop at exit."""
    parts = embedded_parts()
    if not parts or env.text(MARK):
        return  # a service of `up` finds them running, and must not hold on to them
    root = env.folder("CIRCLED_HOME", default=REPOSITORY / ".local")
    was_running = are_running(root)
    ensure_servers(root, parts=parts, say=_complain)
    if not was_running:
        _complain("Started the embedded servers for this command.")
    atexit.register(stop_servers, root)


def embedded_parts() -> frozenset[str]:
    """Which servers no environment variable replaces."""
    named = {"database": env.text("DATABASE_URL"), "broker": env.text("REDIS_URL")}
    return frozenset(part for part, url in named.items() if not url)


def are_running(root: Path) -> bool:
    """True if a keeper of this home runs."""
    return is_held(root.resolve() / "run" / "keeper.lock")


def release_servers(root: Path) -> None:
    """Says that this process needs the servers no longer. The keeper stops them once nobody does."""
    lock = _users.pop(root.resolve(), None)
    if lock:
        lock.close()


def stop_servers(root: Path, *, seconds: float = STOP_S) -> bool:
    """As `release_servers`, and waits until the keeper has stopped them. False if others use them, or time ran out."""
    root = root.resolve()
    release_servers(root)
    deadline = time.monotonic() + seconds
    while are_running(root):
        if _is_used(root) or time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    _collect(root)
    return True


def urls(home: Home) -> Urls:
    """The addresses of a home's servers, whether they run or not."""

    def of(role: str, name: str = postgres.DATABASE) -> str:
        password = secret(home, f"password.{role}")
        url = env.DatabaseUrl(name=name, user=role, password=password, host=str(home.sockets), port=postgres.PORT)
        return url.uri()

    return Urls(
        database=of(roles.RUNTIME), owner=of(roles.OWNER), superuser=of("postgres", "postgres"), broker=home.broker_url
    )


def embedded_postgres(root: Path) -> Postgres:
    """The embedded server of a home, for its superuser's connections."""
    home = claim(root)
    return Postgres(home=home, programs=binaries(home).postgres, owner=account())


def _wait_for_keeper(home: Home, parts: frozenset[str], *, is_durable: bool, say: Say) -> None:
    started = time.monotonic()
    told = 0.0
    keeper: subprocess.Popen[bytes] | None = None
    _collect(home.root)
    while True:
        if not is_held(home.run / "keeper.lock"):
            if keeper is None:
                (home.run / "servers.json").unlink(missing_ok=True)
                keeper = _keepers[home.root] = _start_keeper(home, parts, is_durable=is_durable)
            elif keeper.poll() is not None:
                state = _state(home.root)
                reason = str(state.get("message") or f"see {home.log}")
                raise ServersError(f"The embedded servers could not be started: {reason}")
        state = _state(home.root)
        if state.get("state") == "ready" and is_held(home.run / "keeper.lock"):
            lacking = parts - set(str(state.get("parts", "")).split(","))
            if lacking:
                raise ServersError(
                    f"{home.root} runs without its {' and '.join(sorted(lacking))}, because it was started with "
                    "DATABASE_URL or REDIS_URL. Stop it, or set the same variables here."
                )
            return
        elapsed = time.monotonic() - started
        if elapsed > START_S:
            raise ServersError(f"The embedded servers did not answer within {START_S} s; see {home.log}")
        if elapsed - told > PATIENCE_S:
            told = elapsed
            say(f"Waiting for the embedded servers ({elapsed:.0f} s) ...")
        time.sleep(0.03)


def _collect(root: Path) -> None:
    keeper = _keepers.pop(root, None)
    if keeper and keeper.poll() is None:
        _keepers[root] = keeper


def _is_used(root: Path) -> bool:
    """True if others use the servers; False if nobody does, or if the keeper is stopping them already."""
    users = Lock(root / "run" / "users.lock")
    try:
        # The keeper holds the lock alone while it stops the servers, and may take it between our two looks.
        return users.is_free() and not users.try_take() and users.is_free()
    finally:
        users.close()


def _start_keeper(home: Home, parts: frozenset[str], *, is_durable: bool) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "studio.local.keeper", str(home.root), ",".join(sorted(parts))]
    with (home.log / "keeper.log").open("ab") as log:
        return subprocess.Popen(
            command if is_durable else [*command, "--not-durable"],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=service_environment(home.root, run=KEEPER_RUN, name="keeper"),
        )


def _state(root: Path) -> dict[str, object]:
    try:
        found = json.loads((root / "run" / "servers.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return dict(found)


def _complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

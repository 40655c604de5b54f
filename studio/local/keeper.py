"""The keeper: one small process that runs the embedded servers of a home for as long as somebody uses them.

A user of the servers (`up`, a command, a test session) holds the users' lock shared. The kernel drops the lock of a
killed user, so the keeper notices every end, kill -9 included, and stops the servers in order. It is started in a
session of its own: what ends a terminal or a process group does not reach it. If the keeper itself is killed, Linux
interrupts the servers with it; elsewhere the next keeper finds and ends them by their data directory.

    python -m studio.local.keeper HOME database,broker [--not-durable]
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import IO

from studio.local import postgres, roles
from studio.local.account import account, binaries, prepare_place
from studio.local.home import Home, HomeError, claim, secret, write_private
from studio.local.locks import Lock
from studio.local.postgres import Postgres
from studio.local.processes import identify
from studio.local.valkey import Valkey

TICK_S = 0.1
LOG_LIMIT_BYTES = 20 * 1024 * 1024
HEALTHY_S = 60
LONGEST_PAUSE_S = 30.0

Server = Postgres | Valkey


class Kept:
    """One server with its process, restarted when it dies by itself."""

    def __init__(self, name: str, server: Server, log: IO[bytes]) -> None:
        self.name = name
        self.server = server
        self.log = log
        self.process: Popen[bytes] | None = None
        self.started = 0.0
        self.pause_s = 0.5
        self.due = 0.0

    def start(self) -> None:
        """Starts the server, having ended what a killed start left, and waits until it answers."""
        if self.server.end_leftovers():
            note(self.log, f"ended a {self.name} that an earlier start had left running")
        self.server.prepare()
        self.process = self.server.start(self.log)
        self.started = time.monotonic()
        self.server.wait(self.process)

    def look_after(self) -> None:
        """Starts the server again if it died, later each time it dies soon after its start."""
        if self.process and self.process.poll() is None:
            return
        now = time.monotonic()
        if self.process:
            self.pause_s = 0.5 if now - self.started > HEALTHY_S else min(self.pause_s * 2, LONGEST_PAUSE_S)
            note(self.log, f"{self.name} ended with {self.process.returncode}; next start in {self.pause_s:.0f} s")
            self.process, self.due = None, now + self.pause_s
        if now >= self.due:
            try:
                self.start()
            except HomeError as error:
                note(self.log, str(error))

    def stop(self) -> None:
        """Stops the server in order and collects it."""
        if self.process and self.process.poll() is None:
            self.server.stop(identify(self.name, self.process.pid))
            self.process.wait()


def keep(root: Path, parts: frozenset[str], *, is_durable: bool) -> int:
    """Runs the servers until nobody uses them. Exit code 0 also if another keeper does so already."""
    home = claim(root)
    lock = Lock(home.run / "keeper.lock")
    if not _take(lock):
        return 0
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: stopping.append(received))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    kept: list[Kept] = []
    try:
        _tell(home, "starting", parts)
        kept = _servers(home, parts, is_durable=is_durable)
        for server in kept:
            server.start()
            if isinstance(server.server, Postgres):
                _prepare_database(server.server)
        _tell(home, "ready", parts)
        _wait(home, kept, lambda: bool(stopping))
    except (HomeError, OSError, roles.RolesError) as error:
        _tell(home, "failed", parts, str(error))
        return 1
    finally:
        for server in reversed(kept):
            server.stop()
    (home.run / "servers.json").unlink(missing_ok=True)
    return 0


def _servers(home: Home, parts: frozenset[str], *, is_durable: bool) -> list[Kept]:
    owner = account()
    prepare_place(home, owner)
    programs = binaries(home)
    kept = []
    if "database" in parts:
        server = Postgres(home=home, programs=programs.postgres, owner=owner, is_durable=is_durable)
        kept.append(Kept("database", server, _log(home, "database")))
    if "broker" in parts:
        kept.append(Kept("broker", Valkey(home=home, program=programs.valkey, owner=owner), _log(home, "broker")))
    return kept


def _prepare_database(server: Postgres) -> None:
    passwords = {role: secret(server.home, f"password.{role}") for role in roles.ROLES}
    with server.connect() as connection:
        roles.give_passwords(connection, passwords)
        postgres.make_database(connection, postgres.DATABASE, owner=roles.OWNER, template="template1")
    with server.connect(postgres.DATABASE) as connection:
        roles.ensure(connection)


def _wait(home: Home, kept: list[Kept], is_stopping: Callable[[], bool]) -> None:
    users = Lock(home.run / "users.lock")
    while not is_stopping():
        # Once we hold it alone nobody uses the servers, and whoever comes now waits until we are gone.
        if users.try_take():
            return
        for server in kept:
            server.look_after()
        if not (home.root / "home.json").exists():
            return  # the home was deleted under us: stop, and leave nothing running
        time.sleep(TICK_S)


def _take(lock: Lock) -> bool:
    # A moment's patience: whoever asks whether a keeper is there holds the lock for an instant.
    for _ in range(20):
        if lock.try_take():
            return True
        time.sleep(0.01)
    return False


def _tell(home: Home, state: str, parts: frozenset[str], message: str = "") -> None:
    content = {"state": state, "parts": ",".join(sorted(parts)), "pid": os.getpid(), "message": message}
    write_private(home.run / "servers.json", json.dumps(content))


def _log(home: Home, name: str) -> IO[bytes]:
    path = home.log / f"{name}.log"
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab", buffering=0)


def note(log: IO[bytes], text: str) -> None:
    """A line of our own in a server's log."""
    log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} keeper: {text}\n".encode())


if __name__ == "__main__":
    sys.exit(
        keep(Path(sys.argv[1]), frozenset(sys.argv[2].split(",")), is_durable="--not-durable" not in sys.argv[3:]),
    )

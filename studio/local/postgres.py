"""The embedded PostgreSQL: made with scram and checksums, reached through a private Unix socket only."""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql

from studio.local.account import Account
from studio.local.home import Home, HomeError, secret, write_private
from studio.local.processes import Identity, die_with_parent, end, working_in

PORT = 5432  # only names the socket file: nothing listens on TCP
SUPERUSER = "postgres"
DATABASE = "circled"
RECOVERY_S = 120
SHARED_MEMORY_NEEDED = 256 * 1024 * 1024

HBA = "local all all scram-sha-256\n"


@dataclass(frozen=True, slots=True)
class Postgres:
    """The server of one home."""

    home: Home
    programs: Path
    owner: Account
    is_durable: bool = True

    @property
    def data(self) -> Path:
        return self.home.place / "postgres"

    def prepare(self) -> None:
        """Makes the data directory if there is none, and writes the configuration. Raises HomeError if it is gone."""
        marker = self.home.root / "postgres.made"
        if not self.data.exists():
            if marker.exists():
                raise HomeError(
                    f"The database that {self.home.root} knows of is gone from {self.data}. "
                    f"Restore it, or start afresh by removing {self.home.root}."
                )
            self._make()
        marker.touch(mode=0o600)
        self._write(self.data / "circled.conf", self._configuration())
        self._write(self.data / "pg_hba.conf", HBA)

    def start(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        """Starts the server; `wait` says when it answers. The caller ended leftovers before."""
        self._remove_stale_files()
        return subprocess.Popen(
            [str(self.programs / "postgres"), "-D", str(self.data)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.home.place,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 -- the keeper has one thread
            umask=0o077,
            env=_environment(),
            user=self.owner.user,
            group=self.owner.group,
            extra_groups=self.owner.groups,
        )

    def wait(self, process: subprocess.Popen[bytes], seconds: float = RECOVERY_S) -> None:
        """Waits until the server answers, crash recovery included. Raises HomeError if it ends or takes too long."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                with self.connect(SUPERUSER):
                    return
            except psycopg.OperationalError as error:
                reason = str(error).strip()
            if process.poll() is not None:
                raise HomeError(f"PostgreSQL ended at its start; the reason stands in {self.home.log / 'database.log'}")
            if time.monotonic() > deadline:
                raise HomeError(f"PostgreSQL did not answer within {seconds:.0f} s: {reason}")
            time.sleep(0.05)

    def connect(self, database: str = SUPERUSER) -> "psycopg.Connection[tuple[object, ...]]":
        """A superuser's connection, for making roles and databases. Autocommit."""
        return psycopg.connect(self.superuser_uri(database), autocommit=True, connect_timeout=10)

    def superuser_uri(self, database: str = SUPERUSER) -> str:
        return psycopg.conninfo.make_conninfo(
            host=str(self.home.sockets),
            port=PORT,
            user=SUPERUSER,
            password=secret(self.home, "password.postgres"),
            dbname=database,
        )

    def end_leftovers(self) -> bool:
        """Ends what an earlier, killed start left running on our data; True if there was something."""
        found = working_in(self.data.resolve(), "postgres")
        if not found:
            return False
        leader = _first_line(self.data / "postmaster.pid")
        for identity in found:
            if str(identity.pid) == leader:
                self.stop(identity)
        # Backends whose postmaster was killed end by themselves when they notice; a long query notices late.
        for identity in found:
            end(identity, first=signal.SIGQUIT, grace_s=5)
        return True

    def stop(self, identity: Identity) -> None:
        """Fast shutdown (open sessions end), then SIGKILL, which the write-ahead log covers."""
        end(identity, first=signal.SIGINT, grace_s=30)

    def _make(self) -> None:
        password = self.home.place / ".superuser"
        making = self.data.with_name("postgres.making")  # what a killed start left half-made is made again
        shutil.rmtree(making, ignore_errors=True)
        self._write(password, secret(self.home, "password.postgres"))
        try:
            self._as_owner([
                str(self.programs / "initdb"), "--pgdata", str(making), "--username", SUPERUSER,
                "--auth", "scram-sha-256", "--pwfile", str(password), "--data-checksums", "--encoding", "UTF8",
                # The same order of letters on every machine, whatever its C library thinks.
                "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C", "--no-instructions",
                *([] if self.is_durable else ["--no-sync"]),
            ])  # fmt: skip
        finally:
            password.unlink(missing_ok=True)
        self._write(making / "postgresql.conf", "include 'circled.conf'\n")
        making.rename(self.data)

    def _write(self, path: Path, content: str) -> None:
        write_private(path, content, owner=self.owner.user)

    def _as_owner(self, command: list[str]) -> None:
        done = subprocess.run(
            command,
            cwd=self.home.place,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            umask=0o077,
            user=self.owner.user,
            group=self.owner.group,
            extra_groups=self.owner.groups,
        )
        if done.returncode:
            raise HomeError(
                f"{Path(command[0]).name} failed for the embedded PostgreSQL:\n{done.stderr or done.stdout}"
            )

    def _configuration(self) -> str:
        lines = [
            "# Written at every start.",
            "listen_addresses = ''",
            f"port = {PORT}",
            f"unix_socket_directories = '{self.home.sockets}'",
            "unix_socket_permissions = 0700",
            "password_encryption = 'scram-sha-256'",
            "max_connections = 200",
            "shared_buffers = '128MB'",
            "timezone = 'UTC'",
            "log_timezone = 'UTC'",
            "log_line_prefix = '%m '",
            # A refused row is quoted in DETAIL and in the statement: unreleased text must not reach the log.
            "log_error_verbosity = 'terse'",
            "log_min_error_statement = 'panic'",
            f"dynamic_shared_memory_type = '{_shared_memory()}'",
        ]
        if not self.is_durable:
            lines += ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
        return "\n".join(lines) + "\n"

    def _remove_stale_files(self) -> None:
        """Removes what a killed server left: its pid may be a stranger by now, and PostgreSQL would not start."""
        for path in (
            self.data / "postmaster.pid",
            self.home.sockets / f".s.PGSQL.{PORT}",
            self.home.sockets / f".s.PGSQL.{PORT}.lock",
        ):
            path.unlink(missing_ok=True)


def make_database(
    connection: "psycopg.Connection[tuple[object, ...]]", name: str, *, owner: str, template: str
) -> None:
    """Creates a database unless it exists."""
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    if not found:
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(owner), sql.Identifier(template)))


def _first_line(path: Path) -> str:
    try:
        return path.read_text().split("\n", 1)[0].strip()
    except FileNotFoundError:
        return ""


def _environment() -> dict[str, str]:
    # Nothing of the caller's: a stray PGDATA or LC_ALL must not change the server.
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _shared_memory() -> str:
    """`posix`, or `mmap` where /dev/shm is too small for parallel queries, as in a container with the usual 64 MB."""
    try:
        found = os.statvfs("/dev/shm")  # noqa: S108 -- only its size is asked
    except OSError:
        return "posix"
    return "posix" if found.f_blocks * found.f_frsize >= SHARED_MEMORY_NEEDED else "mmap"

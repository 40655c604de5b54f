"""The embedded Valkey: a private Unix socket, an append-only file, and nothing is ever evicted from a queue."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import redis

from studio.local.account import Account
from studio.local.home import Home, HomeError
from studio.local.processes import Identity, die_with_parent, end, working_in

LOADING_S = 120


@dataclass(frozen=True, slots=True)
class Valkey:
    """The broker of one home."""

    home: Home
    program: Path
    owner: Account

    @property
    def data(self) -> Path:
        return self.home.place / "broker"

    def prepare(self) -> None:
        """Makes the data directory if there is none."""
        if not self.data.exists():
            self.data.mkdir(mode=0o700)
            if self.owner.is_other:
                os.chown(self.data, self.owner.uid, -1, follow_symlinks=False)

    def start(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        """Starts the broker; `wait` says when it answers."""
        self.home.broker_socket.unlink(missing_ok=True)
        return subprocess.Popen(
            [
                str(self.program), "--port", "0",
                "--unixsocket", str(self.home.broker_socket), "--unixsocketperm", "700",
                "--dir", str(self.data), "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
                "--maxmemory-policy", "noeviction", "--databases", "64", "--daemonize", "no", "--logfile", "",
                "--set-proc-title", "no", "--loglevel", "warning",
                "--enable-debug-command", "no", "--enable-module-command", "no",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.data,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 -- the keeper has one thread
            umask=0o077,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            user=self.owner.user,
            group=self.owner.group,
            extra_groups=self.owner.groups,
        )  # fmt: skip

    def wait(self, process: subprocess.Popen[bytes], seconds: float = LOADING_S) -> None:
        """Waits until the broker answers, having read its file. Raises HomeError if it ends or takes too long."""
        deadline = time.monotonic() + seconds
        with redis.Redis(unix_socket_path=str(self.home.broker_socket), socket_timeout=5) as client:
            while True:
                try:
                    client.ping()
                except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError) as error:
                    reason = str(error)  # BusyLoadingError is a ConnectionError too
                else:
                    return
                if process.poll() is not None:
                    raise HomeError(f"Valkey ended at its start; the reason stands in {self.home.log / 'broker.log'}")
                if time.monotonic() > deadline:
                    raise HomeError(f"Valkey did not answer within {seconds:.0f} s: {reason}")
                time.sleep(0.02)

    def end_leftovers(self) -> bool:
        """Ends what an earlier, killed start left running on our data; True if there was something."""
        found = working_in(self.data.resolve(), "valkey-server")
        for identity in found:
            self.stop(identity)
        return bool(found)

    def stop(self, identity: Identity) -> None:
        """Writes its file and ends; SIGKILL after ten seconds loses at most the last second of messages."""
        end(identity, first=signal.SIGTERM, grace_s=10)

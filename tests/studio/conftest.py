"""Real installations for tests: a home of their own with its servers, and `up` as a process."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from studio.local.home import claim
from studio.local.processes import Identity, identify, is_alive, marked, working_in
from studio.local.remove import remove
from tests.support.databases import REPOSITORY

READY_S = 120
REPLACED = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "CIRCLED_BROKER_PREFIX", "PYTEST_XDIST_WORKER")


class Installation:
    """One home, and the commands run on it. Embedded servers, whatever the session uses."""

    def __init__(self, root: Path) -> None:
        self.home = claim(root)
        kept = {name: value for name, value in os.environ.items() if name not in REPLACED}
        self.environment = {**kept, "CIRCLED_HOME": str(root), "DJANGO_SETTINGS_MODULE": "tests.settings"}
        self.output = root / "up.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def up(self, *options: str) -> None:
        """Starts `manage.py up` and returns when it says that it is ready."""
        with self.output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", *options],
                cwd=REPOSITORY,
                env=self.environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.wait_until(lambda: " ready" in self.said() and "Ctrl-C" in self.said())

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Runs a command to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=REPOSITORY,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def address(self) -> str:
        return str(json.loads((self.home.run / "up.json").read_text())["address"])

    def processes(self) -> list[Identity]:
        """Everything that runs for this home: services, servers and the keeper. Not `up` itself."""
        found = [*marked(self.home.root), *working_in(self.home.place / "broker", "valkey-server")]
        found += working_in(self.home.place / "postgres", "postgres")
        for process in psutil.process_iter(["cmdline"]):
            command = process.info["cmdline"] or []
            if str(self.home.root) in command and {"studio.local.keeper", "studio.local.guardian"} & set(command):
                found.append(identify(command[2], process.pid))
        return [identity for identity in found if is_alive(identity)]

    def end(self, number: signal.Signals) -> int:
        """Signals `up` and returns its exit code."""
        assert self.process
        self.process.send_signal(number)
        return int(self.process.wait(60))

    def wait_until(self, is_so: Callable[[], bool], seconds: float = READY_S) -> None:
        deadline = time.monotonic() + seconds
        while not is_so():
            if self.process and self.process.poll() not in (None, -signal.SIGKILL):
                pytest.fail(f"`up` ended with {self.process.returncode}:\n{self.said()}")
            if time.monotonic() > deadline:
                pytest.fail(f"not so within {seconds} s; {self.processes()}\n{self.said()}")
            time.sleep(0.1)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A home without anything in it yet; all that was started on it is ended afterwards."""
    found = Installation(tmp_path / "installation")
    yield found
    if found.process and found.process.poll() is None:
        found.process.kill()
        found.process.wait()
    for identity in found.processes():
        if is_alive(identity):
            os.kill(identity.pid, signal.SIGKILL)
    assert remove(found.home.root) == ""

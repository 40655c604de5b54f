"""Real processes for tests: Celery workers, a web server, a broker of one's own keys."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import redis

REPOSITORY = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Broker:
    """The broker, and our keys on it. A message that `clear` removes is lost, as after a crash of the broker."""

    url: str
    prefix: str
    client: "redis.Redis"

    def clear(self) -> None:
        """Deletes every key of ours: all messages are lost."""
        for key in self.client.scan_iter(match=f"{self.prefix}*", count=1000):
            self.client.delete(key)

    def waiting(self, queue: str) -> int:
        """How many messages wait in `queue`."""
        return int(self.client.llen(f"{self.prefix}{queue}"))


class Program:
    """A subprocess in a session of its own, with its output in a file."""

    def __init__(self, command: list[str], *, environment: Mapping[str, str], log: Path) -> None:
        self.log_path = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                command, cwd=REPOSITORY, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self.process.pid

    def log(self) -> str:
        """What it wrote so far."""
        return self.log_path.read_text(errors="replace")

    def wait_for(self, is_ready: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Waits until `is_ready`; fails with the output if the program ends or time runs out."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            if self.process.poll() is not None:
                raise AssertionError(f"{what} ended with {self.process.returncode}:\n{self.log()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} was not ready within {seconds} s:\n{self.log()}")
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL to the whole group: no clean-up of its own."""
        self._signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds: float = 10) -> int:
        """SIGTERM, then kill -9 after `seconds`; returns the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        self.kill()
        return int(self.process.returncode)

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):
            return


def celery_worker(environment: Mapping[str, str], *, queues: str, concurrency: int, log: Path) -> Program:
    """A Celery worker that is ready to take messages."""
    name = f"test{os.getpid()}.{time.monotonic_ns()}@localhost"
    program = Program(
        [sys.executable, "-m", "celery", "-A", "studio", "worker", "-Q", queues, "-n", name, "--loglevel", "INFO",
         "--concurrency", str(concurrency), "--without-gossip", "--without-mingle"],
        environment={**environment, "DJANGO_SETTINGS_MODULE": "tests.settings", "CIRCLED_LOG": "console"},
        log=log,
    )  # fmt: skip
    try:
        program.wait_for(lambda: " ready." in program.log(), seconds=60, what="the worker")
    except AssertionError:
        program.kill()
        raise
    return program


def web_server(
    environment: Mapping[str, str], *, log: Path, settings: str = "tests.settings", threads: int = 4
) -> tuple[Program, str]:
    """A gunicorn on a free port of this machine, and its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    program = Program(
        [sys.executable, "-m", "gunicorn", "studio.wsgi:application", "--worker-class", "gthread",
         "--threads", str(threads), "--bind", f"127.0.0.1:{port}", "--no-control-socket"],
        environment={**environment, "DJANGO_SETTINGS_MODULE": settings, "CIRCLED_LOG": "console"},
        log=log,
    )  # fmt: skip
    try:
        program.wait_for(lambda: _answers(f"{address}/health/live"), seconds=60, what="the web server")
    except AssertionError:
        program.kill()
        raise
    return program, address


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False

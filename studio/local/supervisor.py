"""The supervisor: keeps the services of a home running, and leaves nothing behind however it ends.

Children are marked in their environment and live in sessions of their own, so a Ctrl-C reaches only us and we stop them
in order. A guardian process ends them if we are killed; if the guardian is killed too, the next start does.
"""

import json
import os
import secrets
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType, TracebackType
from typing import IO, Self

from studio.local.console import Console, Tail
from studio.local.home import Home, HomeError, write_private
from studio.local.locks import Lock
from studio.local.processes import MARK, end_marked, marked, service_environment
from studio.local.servers import REPOSITORY, ServersError, are_running, ensure_servers, stop_servers
from studio.local.services import Service

HEALTHY_S = 60
LONGEST_PAUSE_S = 30.0
FIRST_PAUSE_S = 0.5
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOG_LIMIT_BYTES = 20 * 1024 * 1024
# Said at every start about machines that hold gigabytes in a broker; the log file keeps it.
NOISE = ("Memory overcommit must be enabled",)


class RunningError(RuntimeError):
    """Another supervisor runs this home; the message says where."""


class Child:
    """One service and its present process."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.pause_s = FIRST_PAUSE_S
        self.due = 0.0
        self.rest = b""
        self.log: IO[bytes] | None = None


class Supervisor:
    """Takes the home for itself, then `start`, `wait`, `stop`. As a context manager it stops after the block."""

    def __init__(self, home: Home, *, parts: frozenset[str], console: Console) -> None:
        """`parts` are the embedded servers to keep (see servers.embedded_parts). Raises RunningError."""
        self.home = home
        self.console = console
        self._parts = parts
        self._run = secrets.token_hex(4)
        self._lock = Lock(home.run / "up.lock")
        if not self._lock.try_take():
            raise RunningError(_who_runs(home))
        self._children: list[Child] = []
        self._selector = selectors.DefaultSelector()
        self._tails = {part: Tail(home.log / f"{part}.log") for part in sorted(parts)}
        self._ending = threading.Event()
        self._asked = threading.Event()
        self._thread: threading.Thread | None = None
        self._guardian: subprocess.Popen[bytes] | None = None
        self.tell("")
        left = end_marked(home.root, but_run=self._run)
        if left:
            console.say(f"Ended what a killed start had left running: {', '.join(left)}.")

    def tell(self, address: str) -> None:
        """Leaves a note where we are, for whoever starts a second supervisor."""
        write_private(self.home.run / "up.json", json.dumps({"pid": os.getpid(), "address": address}))

    def ensure_servers(self) -> None:
        """Has the embedded servers running. Raises ServersError."""
        if self._parts:
            ensure_servers(self.home.root, parts=self._parts, say=self.console.say)

    def start(self, services: Sequence[Service]) -> None:
        """Starts the services, and the thread that looks after all of them."""
        if self._guardian is None:
            self._guardian = self._start_guardian()
        added = [Child(service) for service in services]
        for child in added:
            self._start(child)
        self._children += added
        if self._thread is None:
            self._thread = threading.Thread(target=self._look_after, name="supervisor", daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Returns when a signal asks us to end (SIGINT, SIGTERM, SIGHUP). Call it in the main thread."""
        for number in ENDING:
            signal.signal(number, self._ask)
        # In steps: a bare wait would hold back the handlers on some systems.
        while not self._asked.wait(0.5):
            pass

    def stop(self) -> None:
        """Stops scheduler, workers and web server in that order, then lets the servers go. Leaves no process."""
        if self._ending.is_set():
            return
        self._ending.set()
        if threading.current_thread() is threading.main_thread():
            # A second signal no longer waits for anything, and does not break off the clearing up.
            for number in ENDING:
                signal.signal(number, self._hurry)
        if self._thread:
            self._thread.join()
        # All are told at once, in the opposite order of their start, so the longest grace is the longest wait.
        for child in reversed(self._children):
            if child.process and child.process.poll() is None:
                child.process.terminate()
        for child in reversed(self._children):
            self._stop(child)
        if marked(self.home.root, run=self._run):
            end_marked(self.home.root, run=self._run, grace_s=1)
        self._drain()
        if self._guardian and self._guardian.stdin:
            self._guardian.stdin.close()
            self._guardian.wait()
        if self._parts and not stop_servers(self.home.root):
            self.console.say("The embedded servers stay up: another command still uses them.")
        (self.home.run / "up.json").unlink(missing_ok=True)
        self._selector.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self, child: Child) -> None:
        service = child.service
        path = self.home.log / f"{service.name}.log"
        if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(path.with_suffix(".log.1"))
        child.log = child.log or path.open("ab", buffering=0)
        more = {"CIRCLED_LOG": os.environ.get("CIRCLED_LOG", "console"), **service.environment}
        reading, writing = os.pipe()
        child.process = subprocess.Popen(
            service.command,
            cwd=REPOSITORY,
            env=service_environment(self.home.root, run=self._run, name=service.name, more=more),
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=subprocess.STDOUT,
            pass_fds=service.descriptors,
            start_new_session=True,
        )
        os.close(writing)
        child.started = time.monotonic()
        self._selector.register(reading, selectors.EVENT_READ, child)

    def _start_guardian(self) -> "subprocess.Popen[bytes]":
        environment = {name: value for name, value in os.environ.items() if name != MARK}
        return subprocess.Popen(
            [sys.executable, "-m", "studio.local.guardian", str(self.home.root), self._run],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def _look_after(self) -> None:
        while not self._ending.is_set():
            self._drain(0.2)
            for name, tail in self._tails.items():
                for line in tail.lines():
                    if not any(noise in line for noise in NOISE):
                        self.console.service(name, line)
            self._revive_servers()
            for child in self._children:
                self._revive(child)

    def _revive_servers(self) -> None:
        if self._parts and not are_running(self.home.root) and not self._ending.is_set():
            self.console.say("The embedded servers are gone; starting them again.")
            try:
                ensure_servers(self.home.root, parts=self._parts, say=self.console.say)
            except (ServersError, HomeError) as error:
                self.console.say(str(error))
                self._ending.wait(5)

    def _revive(self, child: Child) -> None:
        now = time.monotonic()
        if child.process and child.process.poll() is not None:
            is_healthy = now - child.started > HEALTHY_S
            child.pause_s = FIRST_PAUSE_S if is_healthy else min(child.pause_s * 2, LONGEST_PAUSE_S)
            code, child.process, child.due = child.process.returncode, None, now + child.pause_s
            self.console.say(f"{child.service.name} ended with {code}; starting it again in {child.pause_s:.0f} s.")
        if child.process is None and now >= child.due:
            self._start(child)

    def _stop(self, child: Child) -> None:
        process = child.process
        if process and process.poll() is None:
            deadline = time.monotonic() + child.service.grace_s
            while process.poll() is None and time.monotonic() < deadline:
                self._drain(0.05)
            if process.poll() is None:
                # Its rows' leases run out and are taken over: a kill here is what the work is built for.
                self.console.say(f"{child.service.name} does not end; killing it.")
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _drain(self, seconds: float = 0) -> None:
        for key, _ in self._selector.select(seconds):
            child: Child = key.data
            data = os.read(key.fd, 65536)
            if not data:
                self._selector.unregister(key.fileobj)
                os.close(key.fd)
                continue
            if child.log:
                child.log.write(data)
            *whole, child.rest = (child.rest + data).split(b"\n")
            for line in whole:
                if line.strip():
                    self.console.service(child.service.name, line.decode(errors="replace").rstrip())

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked.set()

    def _hurry(self, number: int, frame: FrameType | None) -> None:
        for child in self._children:
            if child.process and child.process.poll() is None:
                os.killpg(child.process.pid, signal.SIGKILL)


def _who_runs(home: Home) -> str:
    try:
        note = json.loads((home.run / "up.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        note = {}
    pid = note.get("pid", "unknown")
    place = f" It answers at {note['address']}." if note.get("address") else ""
    return f"{home.root} is already running, process {pid}.{place} Stop it with: kill {pid}"

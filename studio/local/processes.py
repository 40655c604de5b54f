"""Which process is ours: a pid alone says nothing once its owner has died and the number is given out again.

A process is identified by pid, start time and command; only one that matches in all three is ever signalled.
"""

import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from studio.local.home import write_private

MARK = "CIRCLED_SERVICE_OF"  # in the environment of every service: which home it belongs to
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """A process as it was when we started it."""

    name: str
    pid: int
    started: str
    command: str


def identify(name: str, pid: int) -> Identity:
    """Describes a process that runs now. Raises psutil.NoSuchProcess if it does not."""
    return Identity(name=name, pid=pid, started=_started(pid), command=_program(psutil.Process(pid)))


def is_alive(identity: Identity) -> bool:
    """True if that very process still runs. A zombie does not: it has ended and waits for its parent."""
    try:
        process = psutil.Process(identity.pid)
        return (
            process.status() != psutil.STATUS_ZOMBIE
            and _started(identity.pid) == identity.started
            and _program(process) == identity.command
        )
    except (psutil.NoSuchProcess, psutil.AccessDenied, FileNotFoundError, ProcessLookupError):
        return False


def write_identity(path: Path, identity: Identity) -> None:
    write_private(path, json.dumps(asdict(identity)))


def read_identity(path: Path) -> Identity | None:
    """The identity written there; None if there is none or a crash left half a file."""
    try:
        return Identity(**json.loads(path.read_text()))
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None


def end(identity: Identity, *, first: signal.Signals = signal.SIGTERM, grace_s: float = 10, mark: str = "") -> None:
    """Ends the process politely, then by SIGKILL after `grace_s` seconds; then what is left of its process group.

    Members of the group are killed only if their environment says that they belong to the home `mark`.
    """
    if is_alive(identity):
        _signal(identity.pid, first)
        if not wait_until_gone([identity], grace_s):
            _signal(identity.pid, signal.SIGKILL)
            wait_until_gone([identity], 5)
    if mark:
        for process in _group(identity.pid, mark):
            _signal(process.pid, signal.SIGKILL)


def wait_until_gone(identities: Iterable[Identity], seconds: float) -> bool:
    """Waits at most `seconds` for all of them to end; True if they did."""
    waiting = list(identities)
    deadline = time.monotonic() + seconds
    while waiting := [identity for identity in waiting if is_alive(identity)]:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def working_in(folder: Path, name: str) -> list[Identity]:
    """Every live process called `name` whose working directory is `folder`: a server's children after its own death."""
    found = []
    for process in psutil.process_iter():
        try:
            is_one = process.name() == name and process.status() != psutil.STATUS_ZOMBIE
            if is_one and Path(process.cwd()) == folder:
                found.append(identify(name, process.pid))
        except (psutil.NoSuchProcess, psutil.AccessDenied, FileNotFoundError, ProcessLookupError):
            continue
    return found


def die_with_parent() -> None:
    """For `preexec_fn`: on Linux the kernel interrupts the child when its parent is killed. Elsewhere does nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)


def service_environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment for a service of `home`, with the mark that lets a later start recognise it."""
    return {**os.environ, "CIRCLED_HOME": str(home), "PYTHONUNBUFFERED": "1", **(more or {}), MARK: str(home)}


def shorten(command: Sequence[str]) -> str:
    return " ".join(command)[:500]


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _program(process: psutil.Process) -> str:
    # Some programs rewrite their arguments while they run; the executable stays.
    command = process.cmdline()
    try:
        return process.exe() or shorten(command[:1])
    except psutil.AccessDenied:
        return shorten(command[:1])


def _started(pid: int) -> str:
    """When the process started, in a form that a corrected wall clock does not change."""
    if sys.platform == "linux":
        # Field 22, counted behind the parenthesised name: ticks since boot.
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}:{ticks}"
    return str(round(psutil.Process(pid).create_time(), 2))


def _group(leader: int, mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == leader and process.environ().get(MARK) == mark:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError, PermissionError):
            continue
    return found

"""Which process is ours: a pid alone says nothing once its owner has died and the number is given out again.

A server is recognised by its program and the data directory it works in, a service by a mark that only our supervisor
puts into the environment of its children. Between recognising and signalling, the start time guards the pid.
"""

import ctypes
import os
import platform
import signal
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

MARK = "CIRCLED_SERVICE_OF"  # value: home#run#name
KEEPER_RUN = "keeper"
PR_SET_PDEATHSIG = 1
IS_LINUX = platform.system() == "Linux"

GONE = (psutil.NoSuchProcess, psutil.AccessDenied, FileNotFoundError, ProcessLookupError, PermissionError)


@dataclass(frozen=True, slots=True)
class Identity:
    """One process at one time: its number and when it started."""

    name: str
    pid: int
    started: str


def identify(name: str, pid: int) -> Identity:
    """Describes a process that runs now. Raises psutil.NoSuchProcess or FileNotFoundError if it does not."""
    return Identity(name=name, pid=pid, started=_started(pid))


def is_alive(identity: Identity) -> bool:
    """True if that very process still runs. A zombie does not: it has ended and waits for its parent."""
    try:
        is_zombie = psutil.Process(identity.pid).status() == psutil.STATUS_ZOMBIE
        return not is_zombie and _started(identity.pid) == identity.started
    except GONE:
        return False


def end(identity: Identity, *, first: signal.Signals = signal.SIGTERM, grace_s: float = 10) -> None:
    """Ends the process politely, then by SIGKILL after `grace_s` seconds."""
    _signal(identity, first)
    if not wait_until_gone([identity], grace_s):
        _signal(identity, signal.SIGKILL)
        wait_until_gone([identity], 5)


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
    """Every live process called `name` that works in `folder`: a server, or its children after its death."""
    found = []
    for process in psutil.process_iter():
        try:
            is_one = process.name() == name and process.status() != psutil.STATUS_ZOMBIE
            if is_one and Path(process.cwd()) == folder:
                found.append(identify(name, process.pid))
        except GONE:
            continue
    return found


def mark(home: Path, run: str, name: str) -> str:
    """What marks the processes of service `name` in one run of the supervisor of `home`."""
    return f"{home}#{run}#{name}"


def marked(home: Path, *, run: str = "", but_run: str = "") -> list[Identity]:
    """Every live process that a supervisor of `home` started: of one run, or of all but one. Never the keeper."""
    found = []
    for process in psutil.process_iter():
        try:
            marker = process.environ().get(MARK, "")
            if not marker.startswith(f"{home}#") or process.status() == psutil.STATUS_ZOMBIE:
                continue
            _, of, name = marker.rsplit("#", 2)
            if of not in (KEEPER_RUN, but_run) and run in ("", of) and process.pid != os.getpid():
                found.append(identify(name, process.pid))
        except GONE:
            continue
    return found


def end_marked(home: Path, *, run: str = "", but_run: str = "", grace_s: float = 5) -> list[str]:
    """Ends what `marked` finds: SIGTERM to all, SIGKILL to what is left after `grace_s`. Returns the names."""
    found = marked(home, run=run, but_run=but_run)
    for identity in found:
        _signal(identity, signal.SIGTERM)
    if not wait_until_gone(found, grace_s):
        # Again from the start: a service may have forked meanwhile.
        for identity in [*found, *marked(home, run=run, but_run=but_run)]:
            _signal(identity, signal.SIGKILL)
        wait_until_gone(found, 5)
    return sorted({identity.name for identity in found})


def die_with_parent() -> None:
    """For `preexec_fn`: on Linux the kernel interrupts the child when its parent is killed. Elsewhere does nothing."""
    if IS_LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)


def service_environment(home: Path, *, run: str, name: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment for a service of `home`, with the mark that lets a later start recognise it."""
    return {
        **os.environ,
        "CIRCLED_HOME": str(home),
        "PYTHONUNBUFFERED": "1",
        **(more or {}),
        MARK: mark(home, run, name),
    }


def _signal(identity: Identity, number: signal.Signals) -> None:
    if is_alive(identity):
        try:
            os.kill(identity.pid, number)
        except ProcessLookupError:
            return


def _started(pid: int) -> str:
    """When the process started, in a form that a corrected wall clock does not change."""
    if IS_LINUX:
        # Field 22, counted behind the parenthesised name: ticks since boot.
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}:{ticks}"
    return str(round(psutil.Process(pid).create_time(), 2))

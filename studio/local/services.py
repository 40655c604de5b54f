"""The services that the supervisor runs beside the servers, in the order in which they start."""

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from studio import env
from studio.local.home import Home

FIRST_PORT = 8000
LAST_PORT = 8099
MOST_PROCESSES = 4


class PortError(RuntimeError):
    """The port that was asked for is taken."""


@dataclass(frozen=True, slots=True)
class Service:
    """A program to keep running. It inherits the open files `descriptors`; a polite stop may take `grace_s` seconds."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    descriptors: tuple[int, ...] = ()
    grace_s: float = 10


def listen(port: int | None) -> socket.socket:
    """A listening socket on this machine's loopback: at `port`, or at the first free one from 8000.

    We keep it open over restarts of the web server, so the address stays and no request is refused meanwhile.
    Raises PortError if `port` is taken.
    """
    for candidate in [port] if port is not None else [*range(FIRST_PORT, LAST_PORT + 1), 0]:
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            # Some systems let us bind beside a listener on all addresses; whoever answers was first.
            if candidate and _answers(candidate):
                raise OSError
            found.bind(("127.0.0.1", candidate))
            found.listen(128)
        except OSError:
            found.close()
            continue
        return found
    raise PortError(f"Port {port} of this machine is in use: name another with --port, or none to get a free one")


def web(home: Home, listener: socket.socket) -> Service:
    """The web server on the open socket: gunicorn with threads."""
    metrics = home.run / "metrics"
    metrics.mkdir(exist_ok=True, mode=0o700)
    for old in metrics.glob("*.db"):
        old.unlink()
    processes = env.number("CIRCLED_WEB_PROCESSES", default=min(_processors(), MOST_PROCESSES), least=1)
    threads = env.number("CIRCLED_WEB_THREADS", default=8, least=1)
    return Service(
        name="web",
        command=(
            sys.executable, "-m", "gunicorn", "studio.wsgi:application", "--worker-class", "gthread",
            "--workers", str(processes), "--threads", str(threads), "--bind", f"fd://{listener.fileno()}",
            "--worker-tmp-dir", str(home.run), "--timeout", "60", "--graceful-timeout", "8", "--keep-alive", "15",
            "--max-requests", "20000", "--max-requests-jitter", "2000", "--log-level", "warning", "--no-control-socket",
        ),
        environment={
            "CIRCLED_CONNECTION_MAX_AGE_S": "60",
            "CIRCLED_STATEMENT_TIMEOUT_MS": "30000",
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        },
        descriptors=(listener.fileno(),),
    )  # fmt: skip


def workers() -> list[Service]:
    """The worker of exports, of everything short and of media, and the clock that wakes them."""
    exports = env.number("CIRCLED_EXPORT_PROCESSES", default=min(_processors(), 2), least=1)
    media = env.number("CIRCLED_MEDIA_PROCESSES", default=1, least=1)
    return [
        _worker("worker", queue="export", processes=exports),
        _worker("control", queue="control", processes=1),
        # Transcoding takes what it gets; whoever judges at the same machine must not feel it.
        _worker("media", queue="media", processes=media, before=("nice", "-n", "10")),
        Service(
            name="scheduler",
            # Every entry is a short interval, so nothing is worth remembering over a restart: the schedule stays in
            # memory, and there is no file that a kill could corrupt.
            command=(sys.executable, "-m", "celery", "--quiet", "-A", "studio", "beat",
                     "--scheduler", "celery.beat:Scheduler", "--pidfile", ""),
            grace_s=5,
        ),
    ]  # fmt: skip


def _worker(name: str, *, queue: str, processes: int, before: tuple[str, ...] = ()) -> Service:
    return Service(
        name=name,
        command=(
            *before, sys.executable, "-m", "celery", "--quiet", "-A", "studio", "worker", "-Q", queue,
            "-n", f"{name}-{os.getpid()}@localhost", "--concurrency", str(processes),
            "--without-gossip", "--without-mingle",
        ),
    )  # fmt: skip


def _answers(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _processors() -> int:
    return os.cpu_count() or 1

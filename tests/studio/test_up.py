"""`up` with real processes: it serves, refuses a second one, stops cleanly, and recovers from kill -9."""

import json
import os
import signal
import socket
import urllib.request

import psutil
import psycopg

from studio.local.processes import is_alive, wait_until_gone
from studio.local.servers import urls
from tests.studio.conftest import Installation


def test_up_serves_until_it_is_told_to_stop(installation: Installation) -> None:
    installation.up()
    with urllib.request.urlopen(f"{installation.address()}/health/ready") as response:
        assert json.load(response) == {"status": "ok", "database": "ok"}
        policy = {one.strip() for one in response.headers["Content-Security-Policy"].split(";")}
        assert {"default-src 'self'", "script-src 'self'", "style-src 'self'", "object-src 'none'"} <= policy

    second = installation.command("up")
    assert second.returncode == 1
    assert f"already running, process {installation.process.pid}" in second.stderr
    assert installation.address() in second.stderr

    doctor = installation.command("doctor")
    assert doctor.returncode == 0, doctor.stdout
    assert "as circled_app" in doctor.stdout

    _only_loopback(installation)
    assert installation.end(signal.SIGINT) == 0
    assert installation.processes() == []
    assert "Stopped." in installation.said()

    installation.up("--no-web")
    assert "Applied" not in installation.said()
    assert installation.end(signal.SIGTERM) == 0
    assert installation.processes() == []


def test_up_recovers_from_kill_9(installation: Installation) -> None:
    installation.up("--no-web")
    with psycopg.connect(urls(installation.home).database, autocommit=True) as connection:
        connection.execute("INSERT INTO loop_heartbeat (name, at) VALUES ('before the kill', now())")

    # The supervisor alone: guardian and keeper end all the rest by themselves.
    installation.end(signal.SIGKILL)
    installation.wait_until(lambda: not installation.processes(), seconds=60)

    # Everything at once: the next start clears up.
    installation.up("--no-web")
    before = installation.processes()
    assert {"worker", "control", "scheduler", "postgres", "valkey-server"} <= {identity.name for identity in before}
    os.kill(installation.process.pid, signal.SIGSTOP)  # it must not start again what we kill
    for identity in before:
        if is_alive(identity):
            os.kill(identity.pid, signal.SIGKILL)
    installation.end(signal.SIGKILL)

    installation.up("--no-web")
    assert wait_until_gone(before, 0)
    with psycopg.connect(urls(installation.home).database, autocommit=True) as connection:
        names = connection.execute("SELECT name FROM loop_heartbeat").fetchall()
    assert ("before the kill",) in names
    assert installation.end(signal.SIGTERM) == 0
    assert installation.processes() == []


def test_a_dead_child_is_started_again(installation: Installation) -> None:
    installation.up("--no-web")
    killed = [identity for identity in installation.processes() if identity.name in ("scheduler", "valkey-server")]
    for identity in killed:
        os.kill(identity.pid, signal.SIGKILL)
    names = {identity.name for identity in killed}
    installation.wait_until(
        lambda: names <= {identity.name for identity in installation.processes() if identity not in killed}
    )
    assert installation.end(signal.SIGTERM) == 0


def _only_loopback(installation: Installation) -> None:
    """The web server listens on 127.0.0.1; database and broker on no port at all."""
    for identity in installation.processes():
        for connection in psutil.Process(identity.pid).net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN and connection.family == socket.AF_INET:
                assert connection.laddr.ip == "127.0.0.1"
                assert identity.name == "web"

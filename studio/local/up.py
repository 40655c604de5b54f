"""The whole installation: prepared, started, and watched until somebody ends it."""

import signal
import time
import urllib.error
import urllib.request

from django.conf import settings

from studio.local import preparation, services
from studio.local.console import Console
from studio.local.home import Home
from studio.local.servers import embedded_parts
from studio.local.supervisor import ENDING, Supervisor

WEB_START_S = 90


def up(*, port: int | None = None, with_web: bool = True) -> None:
    """Runs everything until SIGINT, SIGTERM or SIGHUP.

    Raises HomeError, PortError, RolesError, RunningError or ServersError if it cannot be started.
    """
    console = Console()
    for number in ENDING:
        signal.signal(number, signal.default_int_handler)  # until all is started, an end is an interruption
    with supervise(console) as supervisor:
        try:
            address = start(supervisor, port=port, with_web=with_web)
            if address:
                console.say(f"Circled is ready: {address}   (Ctrl-C stops it)")
            else:
                console.say("The workers are ready.   (Ctrl-C stops them)")
            supervisor.wait()
        except KeyboardInterrupt:
            console.say("Interrupted before everything was ready.")
        console.say("Stopping ...")
    console.say("Stopped.")


def supervise(console: Console) -> Supervisor:
    """A supervisor of this installation's home, which nobody else may run meanwhile. Raises RunningError."""
    home: Home = settings.HOME
    return Supervisor(home, parts=embedded_parts(), console=console)


def start(supervisor: Supervisor, *, port: int | None = None, with_web: bool = True) -> str:
    """Prepares servers, roles, migrations and static files, starts the services and returns the web server's address.

    The address is empty without a web server. Raises HomeError, PortError, RolesError, ServersError.
    """
    console = supervisor.console
    embedded = embedded_parts()
    if embedded:
        console.say(f"Embedded {' and '.join(sorted(embedded))} in {supervisor.home.root}: for one machine, "
                    "not for unreleased material.")  # fmt: skip
    supervisor.ensure_servers()
    for statement in preparation.ensure_external_roles():
        console.say(f"Ran: {statement}")
    applied = preparation.migrate()
    if applied:
        console.say(f"Applied {applied} migrations.")
    if not with_web:
        supervisor.start(services.workers())
        return ""
    if preparation.collect_static(supervisor.home):
        console.say("Collected the static files.")
    listener = services.listen(port)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    supervisor.start([services.web(supervisor.home, listener), *services.workers()])
    supervisor.tell(address)
    _wait_for(address, console)
    return address


def _wait_for(address: str, console: Console) -> None:
    deadline = time.monotonic() + WEB_START_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/health/ready", timeout=5):  # noqa: S310 -- our own address
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    console.say(f"The web server did not answer within {WEB_START_S} s; its lines above say why.")

"""One web server for a whole session of tests: each test finds it on a new database and in a new home."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from studio.local.home import claim
from tests.support import processes
from tests.support.processes import Program

LABEL = "live"  # of the database's name: the same for every test, so the running server finds the new one under it
FOLDERS = ("keys", "media", "releases", "run", "log")
PLAIN_HOST = "studio.test"  # a name that no browser trusts without TLS, as in a studio's own network


@dataclass(slots=True)
class Site:
    """The server, started by the first test that wants it and again if a test ended it."""

    home: Path
    log: Path
    program: Program | None = None
    address: str = ""

    @property
    def session_cookie(self) -> str:
        """The name of the server's session cookie: it holds the identity of the home."""
        return f"circled_session_{claim(self.home).id}"

    def renew(self) -> None:
        """Empties the home. What the server itself keeps there (its identity, the static files) stays."""
        for name in FOLDERS:
            folder = self.home / name
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for found in folder.iterdir():
                shutil.rmtree(found) if found.is_dir() and not found.is_symlink() else found.unlink()

    def serve(self, environment: Mapping[str, str], static_files: Path) -> str:
        """The address of the running server. `environment` is of the first test; of the later ones it is the same."""
        if self.program is None or self.program.process.poll() is not None:
            static = self.home / "static"
            if not static.is_symlink():
                static.symlink_to(static_files)
            given = {**environment, "CIRCLED_HOSTS": PLAIN_HOST}
            self.program, self.address = processes.web_server(given, log=self.log)
        return self.address

    def stop(self) -> None:
        if self.program is not None:
            self.program.stop()

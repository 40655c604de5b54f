"""`demo` with real processes on an empty home: from nothing to a verified release, then the pages."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.studio.conftest import Installation
from tests.support.databases import REPOSITORY


def test_demo_makes_a_verified_release_serves_it_and_finds_it_tampered_with(installation: Installation) -> None:
    first = installation.command("demo", "--no-serve")
    assert first.returncode == 0, first.stdout + first.stderr
    assert first.stderr == ""
    assert "70 suggestions and 75 decisions recorded." in first.stdout
    assert "39 pictures, clips and sounds stored" in first.stdout
    assert re.search(r"^ +\d.* pictures, clips and sounds prepared", first.stdout, re.MULTILINE)
    assert "28 of 30 preference pairs left the house." in first.stdout
    assert re.search(r"^ +1  stayed: WITHDRAWN, the party's authorisation was withdrawn", first.stdout, re.MULTILINE)
    assert "5/5  Verifying it as its recipient would" in first.stdout
    assert installation.processes() == []
    folder = _folder(first.stdout)
    manifest = (folder / "manifest.json").read_bytes()

    installation.environment["SERVE"] = "1"
    serving = _serve(installation)
    said = installation.said()
    assert "All of it was here: 70 suggestions, 75 decisions." in said
    assert "taking that one" in said
    assert _folder(said) == folder
    assert (folder / "manifest.json").read_bytes() == manifest
    assert len(list((installation.home.root / "releases").iterdir())) == 1
    logins = json.loads((installation.home.keys / "sample_logins.json").read_text())
    for name, kept in logins.items():
        assert re.search(rf"^  {name} +{re.escape(kept['password'])} +\w", said, re.MULTILINE)
    with urllib.request.urlopen(f"{installation.address()}/accounts/login/") as response:
        assert b"<form" in response.read()

    second = installation.command("demo", "--no-serve")
    assert second.returncode == 1
    assert f"already running, process {serving.pid}" in second.stderr

    assert installation.end(signal.SIGINT) == 0
    assert installation.processes() == []

    card = folder / "README.md"
    card.write_bytes(card.read_bytes().replace(b"a", b"b", 1))
    third = installation.command("demo", "--no-serve")
    assert third.returncode == 1
    assert "README.md: expected SHA-256" in third.stdout
    assert f"Delete {folder}" in third.stderr
    assert installation.processes() == []


def _folder(said: str) -> Path:
    found = re.search(r"^Dataset   (/.+)$", said, re.MULTILINE)
    assert found, said
    return Path(found[1])


def _serve(installation: Installation) -> "subprocess.Popen[bytes]":
    with installation.output.open("wb") as file:
        installation.process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=REPOSITORY,
            env=installation.environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    installation.wait_until(lambda: "Ctrl-C stops everything" in installation.said())
    return installation.process

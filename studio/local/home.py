"""The one folder an installation lives in (`CIRCLED_HOME`), its identity and its secrets.

home.json   who claimed the folder, and where the servers' data and sockets lie (no secrets)
keys/       0600 each: secret_key, passwords of the database roles, signing keys
run/        pid files and locks; safe to delete while nothing runs
log/        what the servers wrote
media/ releases/ static/ postgres/ broker/
"""

import json
import os
import secrets
import stat
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from studio.local.locks import held

ROOT_PLACES = Path("/var/lib/circled")
SOCKET_PLACES = Path("/tmp")  # noqa: S108 -- the directory below it is 0700, and its owner is checked before each use


OTHERS = 0o077


class HomeError(RuntimeError):
    """The folder cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Home:
    """A claimed home. `place` holds the servers' data: `root` itself, or, when root runs it, a place apart."""

    root: Path
    id: str
    place: Path
    sockets: Path
    is_split: bool

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def broker_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def broker_url(self) -> str:
        return f"redis+socket://{self.broker_socket}?virtual_host=0"


def claim(root: Path) -> Home:
    """The home at `root`, created and given an identity if it has none. Starts nothing.

    Raises HomeError if the folder belongs to somebody else.
    """
    root = root.resolve()
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    owner = root.stat().st_uid
    if owner != os.geteuid():
        raise HomeError(
            f"{root} belongs to user {owner}, you are user {os.geteuid()}: "
            "run as that user, or set CIRCLED_HOME to a folder of your own"
        )
    pointer = root / "home.json"
    if not pointer.exists() or _was_copied(root, pointer):
        with held(root / "claim.lock"):
            if not pointer.exists() or _was_copied(root, pointer):
                _write_pointer(root, secrets.token_hex(4))
    home = _describe(root, str(json.loads(pointer.read_text())["id"]))
    for part in (home.keys, home.run, home.log):
        part.mkdir(exist_ok=True, mode=0o700)
    return home


def secret(home: Home, name: str, *, size: int = 32) -> str:
    """The secret `keys/<name>`, made on first use: `size` random bytes, URL-safe, readable by its owner only."""
    path = home.keys / name
    if not path.exists():
        with held(home.root / "claim.lock"):
            if not path.exists():
                write_private(path, secrets.token_urlsafe(size))
    return path.read_text().strip()


def write_private(path: Path, content: str, *, owner: int | None = None) -> None:
    """Replaces `path` in one step with a file that only its owner may read: ourselves, or the user `owner`.

    Follows no link: root writes into directories of an account that it does not trust.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        if owner is not None:
            os.fchown(descriptor, owner, -1)
        file.write(content + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def private_directory(path: Path, *, owner: int) -> None:
    """Makes `path` a directory that only `owner` may enter. Raises HomeError if somebody else made it first."""
    try:
        path.mkdir(mode=0o700)
        if owner != os.geteuid():
            os.chown(path, owner, -1, follow_symlinks=False)
    except FileExistsError:
        pass
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
        raise HomeError(f"{path} exists and is not a directory of user {owner}: remove it and start again")
    if stat.S_IMODE(found.st_mode) & OTHERS:
        path.chmod(0o700)


def _describe(root: Path, identity: str) -> Home:
    if os.geteuid() == 0 and sys.platform == "linux":
        # PostgreSQL refuses root, and an unprivileged account must not be let into root's private folders.
        place = ROOT_PLACES / identity
        return Home(root=root, id=identity, place=place, sockets=place / "s", is_split=True)
    short = sha256(f"{root}:{identity}".encode()).hexdigest()[:8]
    # A socket path may have 103 bytes at most, and a home may lie deeper than that.
    sockets = SOCKET_PLACES / f"circled-{os.geteuid()}-{short}"
    return Home(root=root, id=identity, place=root, sockets=sockets, is_split=False)


def _write_pointer(root: Path, identity: str) -> None:
    home = _describe(root, identity)
    content = {"id": identity, "home": str(root), "data": str(home.place), "sockets": str(home.sockets)}
    write_private(root / "home.json", json.dumps(content, indent=1))


def _was_copied(root: Path, pointer: Path) -> bool:
    """True if the folder is a copy of a home that still lives elsewhere: two must not share one set of data.

    A home that was moved (its old folder is gone) keeps its identity and its data.
    """
    recorded = json.loads(pointer.read_text())
    original = Path(recorded["home"])
    if original == root:
        return False
    other = original / "home.json"
    if other.exists() and json.loads(other.read_text())["id"] == recorded["id"]:
        return True
    _write_pointer(root, recorded["id"])
    return False

"""Signing keys: Ed25519, one PEM file each (mode 0600) in settings.KEYS_ROOT, created once.

Beside `<purpose>.pem` stands `<purpose>.vkey`, the public half that outsiders are given. A key that was replaced
leaves its .vkey behind (as `<purpose>-<key id>.vkey`), so that what it signed can still be checked.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from django.conf import settings

from loop.audit.note import VerifierKey, parse_vkey
from loop.kernel.errors import LoopError

LOG = "log"
DEFAULT_ORIGIN = "circled.local/log"


class SigningKeyError(LoopError):
    """A key file is unreadable, of the wrong kind, or readable by others."""

    code = "signing_key"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the name it signs under."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self.private.public_key().public_bytes_raw())


def origin() -> str:
    """The log's name in its checkpoints (settings.CIRCLED_LOG_ORIGIN)."""
    return str(getattr(settings, "CIRCLED_LOG_ORIGIN", DEFAULT_ORIGIN))


def load_or_create(purpose: str = LOG, *, name: str | None = None) -> SigningKey:
    """The signing key of `purpose` ("log", "release"), made on first use.

    Several processes may call it at once: one of them creates the file, all get the same key. The private file is
    complete from the moment it has its name, and a crash leaves at most a stray temporary file.
    `name` is what it signs under; the default is the log's origin. Raises SigningKeyError.
    """
    folder = Path(settings.KEYS_ROOT)
    path = folder / f"{purpose}.pem"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _create(path)
    key = SigningKey(name or origin(), _load(path))
    _publish(folder / f"{purpose}.vkey", key.verifier)
    return key


def trusted(purpose: str = LOG) -> list[VerifierKey]:
    """The public keys that this house has signed with for `purpose`, the present one first. Never made here."""
    folder = Path(settings.KEYS_ROOT)
    paths = [folder / f"{purpose}.vkey", *sorted(folder.glob(f"{purpose}-*.vkey"))]
    return [parse_vkey(path.read_text(encoding="utf-8")) for path in paths if path.exists()]


def _create(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    temporary = _write_aside(path, pem, 0o600)
    try:
        os.link(temporary, path)  # unlike a rename, a link never replaces the key that another process made first
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    _sync_folder(path.parent)


def _publish(path: Path, key: VerifierKey) -> None:
    if path.exists():
        old = parse_vkey(path.read_text(encoding="utf-8"))
        if old == key:
            return
        path.rename(path.with_name(f"{path.stem}-{old.key_id.hex()}.vkey"))
    _write_aside(path, f"{key}\n".encode(), 0o644).replace(path)
    _sync_folder(path.parent)


def _write_aside(path: Path, data: bytes, mode: int) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _load(path: Path) -> Ed25519PrivateKey:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise SigningKeyError(f"{path.name}: expected a key only its owner may read (mode 600), found mode {mode:o}")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise SigningKeyError(f"{path.name}: expected an Ed25519 private key in PEM, found something else") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyError(f"{path.name}: expected an Ed25519 private key, found {type(key).__name__}")
    return key

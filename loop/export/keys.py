"""The house's release key and the pseudonyms made from it: they differ per recipient and order, and never reverse.

The key stands in KEYS_ROOT/release.key (32 random bytes). Losing it changes the pseudonyms of later releases; leaking
it lets whoever knows our internal ids link rows between recipients.
"""

import hashlib
import hmac
import os
import secrets
from functools import cached_property
from pathlib import Path
from uuid import UUID

from django.conf import settings

KEY_BYTES = 32
PSEUDONYM_BYTES = 16
BLOCK = 64  # of SHA-256, for HMAC in SQL


def release_key() -> bytes:
    """The key, made on first use. Two processes that make it at once agree: the first link wins."""
    path = Path(settings.KEYS_ROOT) / "release.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path.name}: expected {KEY_BYTES} bytes, found {len(key)}; restore it from the backup")
    return key


class Pseudonyms:
    """Names that stand for our ids in one release. The same order to the same recipient gives the same names."""

    def __init__(self, *, recipient: str, order_digest: bytes, key: bytes | None = None) -> None:
        self._root = hmac.digest(key or release_key(), recipient.encode() + b"\x00" + order_digest, "sha256")
        self._keys: dict[str, bytes] = {}

    def of(self, what: str, uid: UUID | bytes) -> str:
        """The pseudonym of `uid` as a thing of kind `what` ("auth", "party", "brief", "suggestion")."""
        raw = uid.bytes if isinstance(uid, UUID) else uid
        return hmac.digest(self._key(what), raw, "sha256")[:PSEUDONYM_BYTES].hex()

    def row(self, decision: UUID, other: UUID | None, side: str) -> str:
        """The `fb_row_id` of a row; what `row_id_sql` computes."""
        message = f"{decision}|{other or ''}|{side}".encode()
        return hmac.digest(self._key("row"), message, "sha256")[:PSEUDONYM_BYTES].hex()

    @cached_property
    def row_pads(self) -> tuple[bytes, bytes]:
        """(outer, inner) padded key of `row`, for HMAC written out in SQL: PostgreSQL has sha256() but no hmac()."""
        key = self._key("row").ljust(BLOCK, b"\x00")
        return bytes(b ^ 0x5C for b in key), bytes(b ^ 0x36 for b in key)

    def _key(self, what: str) -> bytes:
        if what not in self._keys:
            self._keys[what] = hmac.digest(self._root, what.encode(), "sha256")
        return self._keys[what]


# Parameters, in order: outer pad, inner pad. `{message}` is a text expression.
ROW_ID_SQL = "encode(substr(sha256(%s || sha256(%s || convert_to({message}, 'UTF8'))), 1, 16), 'hex')"


def whole(value: object) -> object:
    """The text that the pieces of a list make (steps, or contents of messages); anything else as it is."""
    if not isinstance(value, list):
        return value
    return "".join(each["content"] if isinstance(each, dict) else each for each in value)


def text_digest(*texts: object) -> str:
    """`fb_content_sha256`: SHA-256 over the row's training texts as netstrings, so that no two rows share an input.

    A text is `<bytes>:<UTF-8>,`; null is `-,`; a boolean is the text true or false. Whoever holds the row can check it.
    """
    parts = []
    for item in texts:
        if item is None:
            parts.append(b"-,")
            continue
        raw = item.encode() if isinstance(item, str) else (b"true" if item else b"false")
        parts.append(b"%d:%b," % (len(raw), raw))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def text_digest_sql(*expressions: str) -> str:
    """`text_digest` as an SQL expression over text expressions."""
    parts = " || ".join(
        f"CASE WHEN ({e}) IS NULL THEN '-,' ELSE octet_length({e})::text || ':' || ({e}) || ',' END"
        for e in expressions
    )
    return f"encode(sha256(convert_to({parts}, 'UTF8')), 'hex')"

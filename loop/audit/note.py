"""Signed notes, checkpoints and proofs in the text forms of C2SP: signed-note, tlog-checkpoint, tlog-proof. Pure.

A signed note is text, a blank line, and lines of "— <key name> base64(key id || signature)". A checkpoint is a note
whose text is origin, size and base64 root. Only Ed25519 (type 0x01) is written; other lines are carried and ignored.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from loop.audit.merkle import HASH_SIZE

ED25519 = b"\x01"
PUBLIC_KEY_SIZE = 32
CHECKPOINT_LINES = 3
MOST_SIGNATURES = 100
PROOF_HEAD = "c2sp.org/tlog-proof@v1"
_SIGNATURE_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteError(ValueError):
    """A note, checkpoint, proof or key is malformed, or no trusted key vouches for it; the message says which."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named Ed25519 public key that a note may be checked with."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of SHA-256(name || 0x0A || 0x01 || public key)."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        """The key as people pass it on: name+hash+key."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(ED25519 + self.public).decode()}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log states: its name, how many entries it has, and the root over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That an entry stands at `index`, under the checkpoint in `note`."""

    index: int
    hashes: tuple[bytes, ...]
    note: str

    def text(self) -> str:
        """The content of a `.tlog-proof` file."""
        hashes = "".join(f"{b64encode(value).decode()}\n" for value in self.hashes)
        return f"{PROOF_HEAD}\nindex {self.index}\n{hashes}\n{self.note}"


def parse_vkey(text: str) -> VerifierKey:
    """Reads "name+hash+key". Raises NoteError if the parts do not fit together."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    if not _is_key_name(name) or not encoded:
        raise NoteError(f"expected a verifier key name+hash+key, found {text.strip()[:80]!r}")
    data = _base64(encoded, "verifier key")
    if data[:1] != ED25519 or len(data) != 1 + PUBLIC_KEY_SIZE:
        raise NoteError("expected an Ed25519 verifier key (type 0x01, 32 bytes)")
    key = VerifierKey(name, data[1:])
    if key.key_id.hex() != key_id:
        raise NoteError(f"verifier key {name}: expected the hash {key.key_id.hex()}, found {key_id[:16]!r}")
    return key


def sign(text: str, *, name: str, private: Ed25519PrivateKey) -> str:
    """`text` as a note signed by `private` under `name`. Raises NoteError for text that no note may hold."""
    if not text.endswith("\n") or any(character < " " and character != "\n" for character in text):
        raise NoteError("expected note text that ends in a newline and holds no other control characters")
    if not _is_key_name(name):
        raise NoteError(f"expected a key name without spaces and plus signs, found {name!r}")
    key = VerifierKey(name, private.public_key().public_bytes_raw())
    signature = b64encode(key.key_id + private.sign(text.encode())).decode()
    return f"{text}\n— {name} {signature}\n"


def open_note(note: str, trusted: Sequence[VerifierKey]) -> str:
    """The text of a note that a trusted key signed.

    Lines of unknown keys are ignored. Raises NoteError if the note is malformed, if a trusted key's signature is
    wrong, or if no trusted key signed.
    """
    text, lines = _split(note)
    verified = False
    for line in lines:
        match = _SIGNATURE_LINE.fullmatch(line)
        if match is None:
            raise NoteError(f"expected a signature line, found {line[:80]!r}")
        data = _base64(match.group(2), "signature")
        for key in trusted:
            if (key.name, key.key_id) != (match.group(1), data[:4]):
                continue
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(data[4:], text.encode())
            except InvalidSignature:
                raise NoteError(f"the signature of {key.name} does not fit the text") from None
            verified = True
    if not verified:
        raise NoteError(
            f"expected a signature of {', '.join(key.name for key in trusted) or 'a trusted key'}, found none"
        )
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """Reads origin, size and root from a note's text. Extension lines are allowed and ignored."""
    *lines, end = text.split("\n")
    if len(lines) < CHECKPOINT_LINES or end or not all(lines):
        raise NoteError("expected a checkpoint of at least three lines, none empty")
    if not _DECIMAL.fullmatch(lines[1]):
        raise NoteError(f"expected the size as a decimal without leading zeroes, found {lines[1][:40]!r}")
    root = _base64(lines[2], "root")
    if len(root) != HASH_SIZE:
        raise NoteError(f"expected a root of 32 bytes, found {len(root)}")
    return Checkpoint(lines[0], int(lines[1]), root)


def open_checkpoint(note: str, trusted: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint of a note that a trusted key signed under the log's own name."""
    checkpoint = parse_checkpoint(_split(note)[0])
    open_note(note, [key for key in trusted if key.name == checkpoint.origin])
    return checkpoint


def parse_proof(text: str) -> InclusionProof:
    """Reads a `.tlog-proof`. Its checkpoint is not yet verified: see `open_checkpoint`."""
    head, separator, note = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines[0] != PROOF_HEAD:
        raise NoteError(f"expected a proof that starts with {PROOF_HEAD}")
    lines = lines[2:] if len(lines) > 1 and lines[1].startswith("extra ") else lines[1:]
    if not lines or not lines[0].startswith("index ") or not _DECIMAL.fullmatch(lines[0][6:]):
        raise NoteError("expected a line with the index of the entry")
    hashes = tuple(_base64(line, "proof hash") for line in lines[1:])
    if any(len(value) != HASH_SIZE for value in hashes):
        raise NoteError("expected proof hashes of 32 bytes")
    return InclusionProof(int(lines[0][6:]), hashes, note)


def _split(note: str) -> tuple[str, list[str]]:
    if any(character < " " and character != "\n" for character in note):
        raise NoteError("expected a note without control characters")
    text, separator, signatures = note.rpartition("\n\n")
    lines = signatures.split("\n")
    if not separator or lines[-1] or not 1 <= len(lines) - 1 <= MOST_SIGNATURES:
        raise NoteError("expected a text, a blank line and signature lines that end in a newline")
    return text + "\n", lines[:-1]


def _is_key_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def _base64(text: str, what: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except ValueError as error:
        raise NoteError(f"{what}: expected base64, found {text[:80]!r}") from error
    if b64encode(data).decode() != text:
        raise NoteError(f"{what}: expected base64 in its one canonical form, found {text[:80]!r}")
    return data

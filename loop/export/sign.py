"""Signatures: DSSE envelopes, Ed25519, over a release (an in-toto statement about its files) and other documents."""

from collections.abc import Mapping
from pathlib import Path

import orjson
from securesystemslib.dsse import Envelope
from securesystemslib.signer._crypto_signer import CryptoSigner
from securesystemslib.signer._key import SSlibKey

from loop.audit.keys import SigningKey
from loop.audit.note import VerifierKey
from loop.kernel.canonical import Json, canonical

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:circled:dataset-release:v1"


def statement(digests: Mapping[str, str], predicate: Mapping[str, Json]) -> bytes:
    """The canonical bytes of a statement about files (path -> SHA-256 in hex)."""
    return canonical(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(digests.items())],
            "predicateType": PREDICATE_TYPE,
            "predicate": predicate,
        }
    )


def sign(payload: bytes, key: SigningKey, *, kind: str = PAYLOAD_TYPE) -> bytes:
    """The canonical bytes of the envelope around a payload of that type, which is signed with it.

    Ed25519 is deterministic: the same payload gives the same envelope.
    """
    envelope = Envelope(payload, kind, {})
    envelope.sign(CryptoSigner(key.private, public_key(key.verifier)))
    return canonical(envelope.to_dict())


def public_key(key: VerifierKey) -> SSlibKey:
    """The public half as securesystemslib knows it; its key id is the key's whole text, name included."""
    return SSlibKey(
        keyid=str(key),
        keytype="ed25519",
        scheme="ed25519",
        keyval={"public": key.public.hex()},
    )


def read_envelope(path: Path) -> Envelope:
    """The envelope of a file. Raises ValueError or KeyError if it is none, or not in its one canonical form."""
    return parse_envelope(path.read_bytes())


def parse_envelope(raw: bytes) -> Envelope:
    """The envelope in these bytes. Raises ValueError or KeyError if they are none, or not in its one canonical form."""
    envelope = Envelope.from_dict(orjson.loads(raw))
    if canonical(envelope.to_dict()) != raw:
        raise ValueError("expected the envelope in canonical form, found other bytes of the same meaning")
    return envelope

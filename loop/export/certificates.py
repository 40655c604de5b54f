"""The certificates that the house signs content credentials under: a root of its own, and one for signing.

They are worked out from the two keys (KEYS_ROOT/media-root.pem, media.pem), so there is nothing more to store, and the
same keys give the same certificates. No public list has this root: a validator says `Valid`, never `Trusted`.
"""

import hashlib
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from loop.audit.keys import load_or_create
from loop.export.naming import house

ROOT: Final = "media-root"
SIGNING: Final = "media"
# Keys are replaced by people, not by the calendar: a release must stay checkable for as long as it is kept.
NOT_BEFORE: Final = datetime(2025, 1, 1, tzinfo=UTC)
NOT_AFTER: Final = datetime(2055, 1, 1, tzinfo=UTC)
SERIAL_BYTES: Final = 8


def signing_key() -> bytes:
    """The private key as PEM (PKCS 8)."""
    key = load_or_create(SIGNING, name=house()).private
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def chain() -> bytes:
    """The certificate of the signing key, then the root's, as PEM."""
    root = load_or_create(ROOT, name=house()).private
    signing = load_or_create(SIGNING, name=house()).private.public_key()
    end = (
        _certificate(signing, subject="releases", root=root)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=True)  # what C2PA asks
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), critical=False)
    )
    top = (
        _certificate(root.public_key(), subject="root", root=root)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=False), critical=True)
    )
    return b"".join(each.sign(root, None).public_bytes(Encoding.PEM) for each in (end, top))


def _certificate(key: Ed25519PublicKey, *, subject: str, root: Ed25519PrivateKey) -> x509.CertificateBuilder:
    serial = hashlib.sha256(key.public_bytes_raw() + root.public_key().public_bytes_raw()).digest()[:SERIAL_BYTES]
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name("root"))
        .public_key(key)
        .serial_number(int.from_bytes(serial) >> 1)
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(what: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, house()),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Circled {what}"),
        ]
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=not signs, crl_sign=not signs, encipher_only=False, decipher_only=False,
    )  # fmt: skip

"""Signing keys: made once, private, and refused when others may read them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings

from loop.audit import keys
from loop.audit.note import parse_vkey


@pytest.fixture
def folder() -> Path:
    return Path(settings.KEYS_ROOT)


def test_it_is_made_once_by_whoever_comes_first(folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: keys.load_or_create().verifier, range(16)))
    assert len(set(made)) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["log.pem", "log.vkey"]
    assert (folder / "log.pem").stat().st_mode & 0o777 == 0o600
    assert parse_vkey((folder / "log.vkey").read_text()) == made[0]
    assert keys.trusted() == [made[0]]


def test_each_purpose_has_its_own_key() -> None:
    assert (
        keys.load_or_create("release", name="circled.local/release").verifier.public
        != keys.load_or_create().verifier.public
    )


def test_a_key_that_others_may_read_is_refused(folder: Path) -> None:
    keys.load_or_create()
    (folder / "log.pem").chmod(0o640)
    with pytest.raises(keys.SigningKeyError, match="found mode 640"):
        keys.load_or_create()


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused(folder: Path, content: bytes) -> None:
    (folder / "log.pem").write_bytes(content)
    (folder / "log.pem").chmod(0o600)
    with pytest.raises(keys.SigningKeyError, match="Ed25519"):
        keys.load_or_create()


def test_nothing_is_trusted_that_was_never_made() -> None:
    assert keys.trusted() == []

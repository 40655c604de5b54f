"""Notes, checkpoints and proofs: against a note signed by others, and byte by byte."""

from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from loop.audit import note
from loop.audit.note import Checkpoint, InclusionProof, NoteError, VerifierKey

# The sample of the Go package golang.org/x/mod/sumdb/note, which defined the format.
NEUMANN_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NEUMANN_NOTE = (
    f"{NEUMANN_TEXT}\n— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = VerifierKey("example.com/log", PRIVATE.public_key().public_bytes_raw())
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
POINT = Checkpoint("example.com/log", 20852163, bytes(range(32)))
SIGNED = note.sign(POINT.text(), name="example.com/log", private=PRIVATE)


def test_a_note_signed_by_others_opens() -> None:
    assert note.open_note(NEUMANN_NOTE, [note.parse_vkey(NEUMANN_KEY)]) == NEUMANN_TEXT
    assert str(note.parse_vkey(NEUMANN_KEY)) == NEUMANN_KEY


def test_a_checkpoint_has_exactly_these_bytes() -> None:
    text, _, signatures = SIGNED.partition("\n\n")
    assert text + "\n" == "example.com/log\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert signatures.startswith("— example.com/log ")
    data = b64decode(signatures.split(" ")[2])
    assert data[:4] == KEY.key_id
    assert len(data) == 68
    assert note.open_checkpoint(SIGNED, [KEY]) == POINT


@given(st.integers(0, len(SIGNED.encode()) - 1), st.integers(0, 7))
def test_any_flipped_bit_closes_the_note(position: int, bit: int) -> None:
    changed = bytearray(SIGNED.encode())
    changed[position] ^= 1 << bit
    try:
        text = changed.decode()
    except UnicodeDecodeError:
        return
    with pytest.raises(NoteError):
        note.open_checkpoint(text, [KEY])


def test_lines_of_strangers_are_carried_and_ignored() -> None:
    stranger = note.sign(POINT.text(), name="witness.example", private=STRANGER).rpartition("\n\n")[2]
    assert note.open_checkpoint(SIGNED + stranger, [KEY]) == POINT
    with pytest.raises(NoteError, match="found none"):
        note.open_checkpoint(POINT.text() + "\n" + stranger, [KEY])


def test_a_trusted_name_with_another_key_does_not_count() -> None:
    forged = note.sign(POINT.text(), name="example.com/log", private=STRANGER)
    with pytest.raises(NoteError, match="found none"):
        note.open_checkpoint(forged, [KEY])


def test_a_trusted_key_of_another_log_does_not_count() -> None:
    other = VerifierKey("example.com/other", KEY.public)
    signed = note.sign(POINT.text(), name="example.com/other", private=PRIVATE)
    assert note.open_note(signed, [other]) == POINT.text()
    with pytest.raises(NoteError):
        note.open_checkpoint(signed, [other])


def test_a_wrong_signature_of_a_trusted_key_rejects_the_whole_note() -> None:
    wrong = b64encode(KEY.key_id + bytes(64)).decode()
    with pytest.raises(NoteError, match="does not fit"):
        note.open_note(SIGNED + f"— example.com/log {wrong}\n", [KEY])


@pytest.mark.parametrize("text", [
    "", "log\n1\n", "log\n01\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n", "log\n-1\nAA==\n", "log\n1\nAA==\n",
    "log\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n", "\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
    "log\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n", "log\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "log\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n",
])  # fmt: skip
def test_malformed_checkpoints_are_refused(text: str) -> None:
    with pytest.raises(NoteError):
        note.parse_checkpoint(text)


@pytest.mark.parametrize("text", [
    "", "name", "name+00000000", "name+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    "PeterNeumann+c74f20a3+BBpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "PeterNeumann+c74f20a3+ARpc",
    "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
])  # fmt: skip
def test_malformed_keys_are_refused(text: str) -> None:
    with pytest.raises(NoteError):
        note.parse_vkey(text)


@pytest.mark.parametrize(
    ("text", "name"), [("no newline", "log"), ("tab\t\n", "log"), ("text\n", "a b"), ("text\n", "")]
)
def test_what_no_note_may_hold_is_not_signed(text: str, name: str) -> None:
    with pytest.raises(NoteError):
        note.sign(text, name=name, private=PRIVATE)


@given(st.integers(0, 2**62), st.lists(st.binary(min_size=32, max_size=32), max_size=40))
def test_a_proof_survives_its_text_form(index: int, hashes: list[bytes]) -> None:
    proof = InclusionProof(index, tuple(hashes), SIGNED)
    assert note.parse_proof(proof.text()) == proof


def test_a_proof_has_exactly_these_bytes() -> None:
    proof = InclusionProof(7, (bytes(32), bytes(range(32))), SIGNED)
    assert proof.text() == (
        "c2sp.org/tlog-proof@v1\nindex 7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
        f"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n{SIGNED}"
    )
    with_extra = proof.text().replace("\nindex", "\nextra aGk=\nindex", 1)
    assert note.parse_proof(with_extra) == proof


@pytest.mark.parametrize("text", [
    "", "c2sp.org/tlog-proof@v2\nindex 1\n\nnote", "c2sp.org/tlog-proof@v1\n\nnote",
    "c2sp.org/tlog-proof@v1\nindex 01\n\nnote", "c2sp.org/tlog-proof@v1\nindex 1\nAA==\n\nnote",
])  # fmt: skip
def test_malformed_proofs_are_refused(text: str) -> None:
    with pytest.raises(NoteError):
        note.parse_proof(text)

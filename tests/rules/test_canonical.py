"""The fast canonical form against RFC 8785's reference, and the fast entry writer against both."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from loop.audit import entry
from loop.kernel.canonical import MAX_SAFE_INTEGER, Json, NotCanonicalError, canonical, commitment, digest
from loop.kernel.clock import rfc3339

texts = st.text(st.characters(exclude_categories=["Cs"]))
keys = st.text(st.characters(max_codepoint=127))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)
moments = st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC))


@given(values)
def test_it_writes_what_rfc_8785_prescribes(value: Json) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(st.dictionaries(keys, values, max_size=5))
def test_the_order_of_keys_does_not_matter(value: dict[str, Json]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)


def test_a_known_object_has_exactly_these_bytes() -> None:
    value = {"b": ["é", "\u2028", '"\\\n\u0001', True, None, -7], "a": {}}
    assert canonical(value) == '{"a":{},"b":["é","\u2028","\\"\\\\\\n\\u0001",true,null,-7]}'.encode()


@pytest.mark.parametrize(("value", "place"), [
    ({"cost": 0.5}, "$.cost"), ([1, [2.0]], r"$\[1\]\[0\]"), ({"n": 2**53}, "$.n"), ({"n": -(2**53)}, "$.n"),
    ({"é": 1}, "ASCII"), ({1: 1}, "ASCII"), ({"x": b"bytes"}, "bytes"), ({"x": "\ud800"}, "Unicode"),
])  # fmt: skip
def test_what_has_no_canonical_form_is_refused_with_its_place(value: Json, place: str) -> None:
    with pytest.raises(NotCanonicalError, match=place.replace("$", r"\$")):
        canonical(value)


def test_digest_and_commitment_are_sha256_over_these_bytes() -> None:
    salt = bytes(range(32))
    assert digest({"a": 1}) == hashlib.sha256(b'{"a":1}').digest()
    assert commitment(salt, {"a": 1}) == hashlib.sha256(salt + b'{"a":1}').digest()
    with pytest.raises(ValueError, match="32 bytes, found 31"):
        commitment(salt[1:], {})


@given(
    st.uuids(), texts, moments, texts, st.none() | st.uuids(), texts, st.uuids(), st.binary(min_size=32, max_size=32)
)
def test_an_entry_is_the_canonical_form_of_its_fields(
    uid: UUID, event: str, at: datetime, pid: str, production: UUID | None, table: str, obj: UUID, commit: bytes
) -> None:
    written = entry.write(
        uid=uid, event=event, at=at, actor_pid=pid, production=production, obj_table=table, obj_uid=obj, commit=commit
    )
    assert written == canonical(
        {
            "v": 1,
            "id": str(uid),
            "type": event,
            "at": rfc3339(at),
            "actor": pid,
            "production": str(production) if production else None,
            "object": {"table": table, "uid": str(obj)},
            "commit": commit.hex(),
        }
    )
    assert entry.parse(written) == entry.Entry(uid, event, at, pid, production, table, obj, commit)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"v":2}', b'{"v":1,"id":"x"}', b"\xff", b"null"])
def test_what_is_no_entry_is_refused(data: bytes) -> None:
    with pytest.raises(entry.NotAnEntryError, match="version 1"):
        entry.parse(data)


def test_moments_are_written_in_utc_with_microseconds() -> None:
    east = datetime(2026, 5, 1, 2, 0, 7, 5, tzinfo=timezone(timedelta(hours=2)))
    assert rfc3339(east) == "2026-05-01T00:00:07.000005Z"
    with pytest.raises(ValueError, match="naive"):
        rfc3339(datetime(2026, 5, 1))

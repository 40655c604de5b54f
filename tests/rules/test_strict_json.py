"""JSON from outside has one meaning or is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.kernel.strict_json import MAX_DEPTH, StrictJsonError, loads

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)


@given(VALUES)
def test_it_reads_what_json_writes(value: object) -> None:
    assert loads(json.dumps(value).encode()) == value
    assert loads(json.dumps(value, ensure_ascii=False, indent=1).encode()) == value


@given(st.binary())
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    refused = ""
    try:
        loads(data)
    except StrictJsonError as error:
        refused = error.code
    assert refused in {"", "not_json"}


@pytest.mark.parametrize(
    "data",
    [
        b"", b"nul", b"{'a':1}", b'{"a":1,"a":1}', b'{"a":{"b":1,"b":2}}', b"NaN", b"[Infinity]",
        b"-Infinity", b"1e999",
        b"9223372036854775808", b"-9223372036854775808", b"9" * 100_000, b'"\\u0000"', b'"\\ud800"', b'{"\\udc00":1}',
        b"\xff", b"\xef\xbb\xbf1", b'"\x00"', b"[" * 100_000, b"[" * 65 + b"]" * 65, b"[" + b"0," * 200_000 + b"0]",
    ],
)  # fmt: skip
def test_it_refuses(data: bytes) -> None:
    with pytest.raises(StrictJsonError) as refusal:
        loads(data)
    assert len(str(refusal.value)) < 200


def test_the_limits_themselves_pass() -> None:
    assert loads(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    assert loads(b"9223372036854775807") == 2**63 - 1
    assert loads(b'"\\ud83c\\udfac"') == "\U0001f3ac"

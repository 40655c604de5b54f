"""Anything JSON can be committed to, and gives the same form after jsonb has kept it."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.kernel.canonical import NotCanonicalError, canonical
from loop.kernel.commit_form import commit_form

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
NUMBERS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=12,
)


def through_jsonb(value: Any) -> Any:
    """What the driver reads back: jsonb holds numbers as exact decimals and writes them without an exponent."""
    if isinstance(value, float):
        return json.loads(format(Decimal(repr(value)), "f"))
    if isinstance(value, dict):
        return {key: through_jsonb(item) for key, item in value.items()}
    if isinstance(value, list):
        return [through_jsonb(item) for item in value]
    return value


@given(VALUES)
def test_a_round_trip_through_the_database_changes_nothing(value: Any) -> None:
    assert canonical(commit_form(through_jsonb(value))) == canonical(commit_form(value))


def test_numbers_and_keys_have_one_form() -> None:
    assert commit_form([1, 1.0, 1e2, -0.0]) == [1, 1, 100, 0]
    assert commit_form(0.1) == {"$number": "0.1"}
    assert commit_form(2**60) == {"$number": "1152921504606846976"}
    assert commit_form({"größe": 1}) == {"$pairs": [["größe", 1]]}
    assert commit_form({"$number": "0.1"}) != commit_form(0.1)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal(1), b"bytes"])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(NotCanonicalError):
        commit_form(value)

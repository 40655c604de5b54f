"""Public identifiers are UUIDs of version 7 that sort by time."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from loop.kernel.ids import uuid7


@given(st.integers(0, 2**48 - 1))
def test_it_is_a_version_7_uuid_that_carries_its_moment(at_ms: int) -> None:
    made = uuid7(at_ms)
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == at_ms


@given(st.integers(0, 2**48 - 2))
def test_a_later_moment_sorts_later(at_ms: int) -> None:
    assert uuid7(at_ms) < uuid7(at_ms + 1)


def test_ids_of_one_moment_differ_in_their_74_random_bits() -> None:
    made = [uuid7(0).int for _ in range(2000)]
    assert len(set(made)) == 2000
    seen_set, seen_clear = 0, 0
    for value in made:
        seen_set |= value
        seen_clear |= ~value
    random_bits = seen_set & seen_clear & ((1 << 80) - 1)
    assert random_bits.bit_count() == 74


def test_now_is_the_default() -> None:
    before = uuid7()
    assert (before.int >> 80) <= (uuid7().int >> 80)

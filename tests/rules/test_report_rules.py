"""The Wilson interval against published values and its own bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.report.rules import wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(7, 10, 0.3968, 0.8922), (70, 100, 0.6042, 0.7811), (350, 500, 0.6584, 0.7385), (0, 10, 0.0, 0.2775)],
)
def test_it_gives_the_published_bounds(successes: int, n: int, low: float, high: float) -> None:
    interval = wilson(successes, n)
    assert interval is not None
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


def test_it_says_nothing_of_nothing() -> None:
    assert wilson(0, 0) is None


def test_it_refuses_more_successes_than_tries() -> None:
    with pytest.raises(ValueError, match="expected 0 <= successes <= n, found 4 of 3"):
        wilson(4, 3)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_it_holds_the_share_within_bounds(case: tuple[int, int]) -> None:
    interval = wilson(*case)
    assert interval is not None
    assert 0 <= interval.low <= interval.share <= interval.high <= 1

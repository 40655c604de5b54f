"""Krippendorff's alpha against worked values."""

from fractions import Fraction

from loop.export.annotators import Annotators, alpha_of


def test_full_agreement_and_full_disagreement() -> None:
    assert alpha_of({(2, 0, 0): 3, (0, 2, 0): 3}) == 1
    assert alpha_of({(1, 1, 0): 4}) == Fraction(-3, 4)  # two judges, four things, never the same: 1 - 7/4


def test_the_published_example_of_two_coders() -> None:
    """Krippendorff, Computing alpha-reliability (2011), A: ten things, two coders, binary: alpha = 0.095."""
    alpha = alpha_of({(2, 0): 5, (1, 1): 4, (0, 2): 1})
    assert alpha is not None
    assert round(float(alpha), 3) == 0.095


def test_it_is_not_defined_without_difference_or_without_two_judges() -> None:
    assert alpha_of({}) is None
    assert alpha_of({(1, 0, 0): 5, (0, 1, 0): 5}) is None
    assert alpha_of({(3, 0, 0): 5}) is None


def test_the_sentence_says_which() -> None:
    assert "cannot be stated" in Annotators(people=3, shared=0, alike=0, alpha=None).sentence
    assert "not defined" in Annotators(people=3, shared=2, alike=2, alpha=None).sentence
    assert "0.333" in Annotators(people=3, shared=2, alike=1, alpha=Fraction(1, 3)).sentence

"""Splits are drawn by a hash of the brief alone, and what cannot be split is refused with its field."""

from collections import Counter
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.export.recipe import Recipe, order_digest, read, write
from loop.export.rules import Slice, split_slices
from loop.export.splits import check_seed, names, place_of, read_splits, said, split_of_file, thresholds
from loop.kernel.errors import NotValidError

THREE = read_splits("train=0.8,validation=0.1,test=0.1")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("train", "name=share"),
        ("train=0.8,,test=0.2", "name=share"),
        ("Train=1", "lower-case"),
        ("all=0.5,train=0.5", "lower-case"),
        ("tr-ain=0.5,test=0.5", "lower-case"),
        ("train=0.5,train=0.5", "train twice"),
        ("train=0.8,test=0.1", "sum to 1, found 0.9"),
        ("train=0.8,test=0.3", "sum to 1, found 1.1"),
        ("train=many,test=0.1", "a decimal, found 'many'"),
        ("train=1,test=0", "above 0"),
        ("train=1.5,test=-0.5", "above 0"),
        ("train=NaN,test=0.5", "above 0"),
        ("train=0.9999999,test=0.0000001", "6 decimals"),
    ],
)
def test_bad_splits_are_refused_with_what_was_found(text: str, found: str) -> None:
    with pytest.raises(NotValidError, match="splits: expected") as refused:
        read_splits(text)
    assert refused.value.facts["field"] == "splits"
    assert found in str(refused.value)


def test_good_ones_have_one_order_and_one_spelling() -> None:
    assert read_splits(" test=0.10, holdout=.1 ,train=0.80") == (("train", "0.8"), ("test", "0.1"), ("holdout", "0.1"))
    assert read_splits(said(THREE)) == THREE
    assert names(THREE) == ("train", "validation", "test")
    for one in ("", "  ", "train=1", "train=1.0"):
        assert read_splits(one) == ()
    assert names(()) == ("train",)


def test_a_seed_needs_splits_and_is_short() -> None:
    assert check_seed("2026", THREE) == "2026"
    for seed, shares in (("2026", ()), ("x" * 65, THREE), ("a\nb", THREE)):
        with pytest.raises(NotValidError) as refused:
            check_seed(seed, shares)
        assert refused.value.facts["field"] == "split_seed"


def test_a_recipe_without_splits_is_stored_as_ever() -> None:
    assert not {"splits", "split_seed"} & set(write().stored())
    split = write(splits="test=0.2,train=0.8", split_seed="7")
    assert read(split.stored()) == split
    assert split.stored()["splits"] == "train=0.8,test=0.2"


def test_splits_and_seed_are_part_of_the_order() -> None:
    def named(recipe: Recipe) -> bytes:
        return order_digest(
            recipe, production=UUID(int=1), profile="sft", purpose="p", recipient="r", checkpoint_size=1,
            gate_date=date(2026, 1, 1),
        )  # fmt: skip

    recipes = [write(), write(splits="train=0.8,test=0.2"), write(splits="train=0.8,test=0.2", split_seed="1")]
    assert len({named(recipe) for recipe in recipes}) == 3


def test_shares_are_kept_and_another_seed_draws_another_lot() -> None:
    briefs = [UUID(int=number * 7919) for number in range(20_000)]
    drawn = Counter(place_of(brief, THREE, "") for brief in briefs)
    assert [drawn[place] / len(briefs) for place in range(3)] == pytest.approx([0.8, 0.1, 0.1], abs=0.01)
    assert sum(place_of(brief, THREE, "") != place_of(brief, THREE, "1") for brief in briefs) > 5_000


@given(brief=st.uuids(), seed=st.text(max_size=8))
def test_every_brief_has_one_place_among_the_splits(brief: UUID, seed: str) -> None:
    assert place_of(brief, THREE, seed) in (0, 1, 2)
    assert place_of(brief, (), seed) == 0
    assert thresholds(THREE) == sorted(thresholds(THREE))


def test_shards_follow_their_splits_and_an_empty_split_has_none() -> None:
    assert split_slices([("train", 5), ("validation", 0), ("test", 2)], 3) == [
        Slice(0, 0, 3, "train"),
        Slice(1, 3, 5, "train"),
        Slice(2, 5, 7, "test"),
    ]
    assert split_slices([("train", 0), ("test", 0)], 3) == [Slice(0, 0, 0, "train")]
    assert split_of_file("data/sft/hold_out-00001-of-00002.parquet") == "hold_out"

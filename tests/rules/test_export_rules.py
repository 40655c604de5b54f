"""What of a release is decided without a database."""

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.export import rules, writers
from loop.export.keys import Pseudonyms, text_digest
from loop.export.profiles.registry import SHAPES
from loop.export.rows import columns

SCHEMA = pa.schema([pa.field("n", pa.int64(), nullable=False), pa.field("t", pa.string(), nullable=False)])


@given(st.integers(0, 1000), st.integers(1, 300))
def test_it_cuts_positions_into_shards_without_gaps(rows: int, size: int) -> None:
    parts = rules.slices(rows, size)
    assert [p for part in parts for p in range(part.first, part.end)] == list(range(rows))
    assert [part.number for part in parts] == list(range(len(parts)))
    assert all(part.end - part.first <= size for part in parts)


def test_no_rows_still_make_one_shard_so_that_there_is_a_file_to_load() -> None:
    assert rules.slices(0, 50_000) == [rules.Slice(0, 0, 0)]


def test_it_suppresses_small_counts() -> None:
    assert rules.suppressed({"A": 1, "B": 4, "C": 5, "D": 0}) == {"A": "<5", "B": "<5", "C": 5}


def test_one_small_count_takes_the_next_larger_with_it_so_that_no_total_gives_it_away() -> None:
    assert rules.suppressed({"A": 3, "B": 90, "C": 12}) == {"A": "<5", "B": 90, "C": "5 or more"}
    assert rules.suppressed({"A": 3}) == {"A": "<5"}
    assert rules.suppressed({"A": 30}) == {"A": 30}


def test_every_state_has_its_ways_out_and_ended_ones_have_none_but_a_retry() -> None:
    assert set(rules.ALLOWED) == {*rules.UNFINISHED, rules.AWAITING, rules.PUBLISHED, rules.FAILED, rules.CANCELLED}
    assert all(rules.may_become(state, rules.CANCELLED) for state in (*rules.UNFINISHED, rules.AWAITING))
    assert not rules.ALLOWED[rules.PUBLISHED]
    assert rules.ALLOWED[rules.FAILED] == {rules.ORDERED, rules.FROZEN}


@pytest.mark.parametrize("state", rules.ALLOWED)
def test_the_table_says_what_a_death_in_each_state_leaves_behind(state: str) -> None:
    assert f"| {state} " in (rules.__doc__ or "")


def test_a_folder_has_a_name_without_surprises() -> None:
    assert rules.folder_name("Night.Ferry/../x", 3, "unpaired_preference") == "night-ferry----x-e3-unpaired-preference"


@pytest.mark.parametrize("profile", SHAPES)
def test_no_column_has_a_name_that_a_trainer_switches_on(profile: str) -> None:
    names = [column.name for column in columns(SHAPES[profile])]
    assert len(names) == len(set(names))
    meant = {"labels"} if profile == "stepwise" else set()  # what its trainer asks for
    assert rules.TRAINER_WORDS & set(names) == meant


def test_only_what_is_meant_for_a_trainer_has_its_columns() -> None:
    """Columns by which a trainer takes a set for one of its kind; data sets of another kind have none of them."""
    kinds = {
        "preference": {"prompt", "chosen", "rejected"}, "reward": {"chosen", "rejected"},
        "unpaired_preference": {"prompt", "completion", "label"}, "sft": {"prompt", "completion"},
        "openai_ft": {"prompt", "completion"}, "prompt_only": {"prompt"},
        "stepwise": {"prompt", "completions", "labels"},
    }  # fmt: skip
    words = {"prompt", "chosen", "rejected", "completion", "completions", "label", "labels"}
    for profile, shape in SHAPES.items():
        own = {column.name for column in columns(shape) if not column.name.startswith("fb_")}
        if profile in kinds:
            assert own == kinds[profile]
        else:
            assert own & words == {"prompt"}


def test_texts_are_framed_so_that_no_two_rows_share_an_input() -> None:
    assert text_digest("a", "bc") != text_digest("ab", "c")
    assert text_digest(None) != text_digest("") != text_digest("-")
    assert text_digest("é", None, True) == hashlib.sha256("2:é,-,4:true,".encode()).hexdigest()


def test_pseudonyms_differ_per_recipient_order_and_kind() -> None:
    uid = bytes(range(16))
    key = bytes(32)
    one = Pseudonyms(recipient="lab", order_digest=b"o" * 32, key=key)
    assert one.of("auth", uid) == Pseudonyms(recipient="lab", order_digest=b"o" * 32, key=key).of("auth", uid)
    others = {
        Pseudonyms(recipient="lab2", order_digest=b"o" * 32, key=key).of("auth", uid),
        Pseudonyms(recipient="lab", order_digest=b"p" * 32, key=key).of("auth", uid),
        Pseudonyms(recipient="lab", order_digest=b"o" * 32, key=bytes(31) + b"\x01").of("auth", uid),
        one.of("party", uid),
    }
    assert one.of("auth", uid) not in others
    assert len(others) == 4


def _table(first: int, count: int) -> pa.Table:
    numbers = list(range(first, first + count))
    return pa.table({"n": numbers, "t": [f"text {n} «x»" for n in numbers]}, schema=SCHEMA)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "shards"
    made.mkdir()
    return made


def _written(folder: Path, pieces: list[int]) -> writers.Written:
    tables, first = [], 0
    for count in pieces:
        tables.append(_table(first, count))
        first += count
    return writers.write_parquet(
        tables, schema=SCHEMA, temporary=folder / ".t.tmp", named=lambda digest: folder / f"{digest}.parquet"
    )


def test_the_bytes_of_a_file_do_not_depend_on_the_size_of_the_batches(folder: Path) -> None:
    whole = _written(folder, [25_000])
    pieces = _written(folder, [1, 0, 9_998, 3, 14_000, 998])
    assert whole.sha256 == pieces.sha256
    assert (whole.rows, whole.size_bytes) == (25_000, whole.path.stat().st_size)
    with pq.ParquetFile(whole.path) as file:
        groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    assert groups == [5_000] * 5


def test_a_file_is_named_by_its_content_and_leaves_no_draft(folder: Path) -> None:
    written = _written(folder, [3])
    assert hashlib.sha256(written.path.read_bytes()).hexdigest() == written.sha256 == written.path.stem
    assert [path.name for path in folder.iterdir()] == [written.path.name]


def test_no_rows_make_a_file_with_its_schema(folder: Path) -> None:
    assert pq.read_table(_written(folder, []).path).schema.equals(SCHEMA)
    assert _written(folder, []).sha256 == _written(folder, [0, 0]).sha256


@pytest.mark.parametrize("broken_at", [0, 1, 40])
def test_an_error_while_reading_is_raised_and_leaves_nothing(folder: Path, broken_at: int) -> None:
    def tables():
        for number in range(60):
            if number == broken_at:
                raise ConnectionResetError("the database went away")
            yield _table(number * 1000, 1000)

    with pytest.raises(ConnectionResetError):
        writers.write_parquet(
            tables(), schema=SCHEMA, temporary=folder / ".t.tmp", named=lambda digest: folder / digest
        )
    assert list(folder.iterdir()) == []


def test_an_error_while_writing_is_raised_and_leaves_nothing(folder: Path) -> None:
    other = pa.table({"n": pa.array([None] * 10_000, pa.int64()), "t": ["x"] * 10_000})
    with pytest.raises(ValueError, match="schema"):
        writers.write_parquet(
            (other for _ in range(50)), schema=SCHEMA, temporary=folder / ".t.tmp", named=lambda d: folder / d
        )
    assert list(folder.iterdir()) == []

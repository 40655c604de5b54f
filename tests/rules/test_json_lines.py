"""Lines are read strictly, with a place and a reason for each refusal, in bounded memory."""

from decimal import Decimal
from pathlib import Path

import pytest

from loop.kernel.json_lines import MAX_LINE_BYTES, BadLineError, parse, plain, read, show


@pytest.mark.parametrize(
    ("line", "field", "found"),
    [
        (b"{", "line", "column 2"),
        (b"[]", "line", "a list"),
        (b"\xff{}", "line", "byte 0xff"),
        (b'{"a": 1, "a": 2}', "a", "twice"),
        (b'{"m": {"b": 1, "b": 1}}', "b", "twice"),
        (b'{"a": NaN}', "line", "NaN"),
        (b'{"a": -Infinity}', "line", "-Infinity"),
        (b'{"a": 9223372036854775808}', "line", "9223372036854775808"),
        (b'{"a": 1e999}', "line", "1e999"),
        (b'{"a": ["x\\u0000"]}', "a[0]", "U+0000"),
        (b'{"a": {"b": "\\ud800"}}', "a.b", "surrogate"),
        (b'{"\\udfff": 1}', "line", "surrogate"),
        (b'{"a": ' + b"[" * 100_000, "line", "nesting"),
        (b'{"a": "' + b"\x00" + b'"}', "line", "control character"),
        ('{"a": "\ud83d"}'.encode("utf-8", "surrogatepass"), "line", "byte"),
    ],
)
def test_what_is_no_json_we_can_keep_is_refused(line: bytes, field: str, found: str) -> None:
    with pytest.raises(BadLineError) as refused:
        parse(line)
    assert refused.value.problem.field == field
    assert found in refused.value.problem.found


def test_numbers_arrive_exactly_and_pairs_of_surrogates_are_text() -> None:
    assert parse(b'{"cost": 0.1, "n": 3, "face": "\\ud83d\\ude00"}') == {"cost": Decimal("0.1"), "n": 3, "face": "😀"}


def test_free_json_has_a_limit_of_depth() -> None:
    assert plain({"a": [Decimal("0.5"), 1]}, "meta") == {"a": [0.5, 1]}
    deep: object = 1
    for _ in range(40):
        deep = [deep]
    with pytest.raises(BadLineError, match="levels"):
        plain(deep, "meta")


def test_lines_have_numbers_and_an_end(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b"\xef\xbb\xbf{}\r\n\n" + b"x" * (MAX_LINE_BYTES + 5) + b"\n  {} \n{}")
    found = list(read(path))
    assert [number for number, _ in found] == [1, 3, 4, 5]
    assert [line for _, line in found if isinstance(line, bytes)] == [b"{}", b"  {} ", b"{}"]
    assert isinstance(found[1][1], BadLineError)
    assert [number for number, _ in read([b"{}\n", b"\n", b"{}"])] == [1, 3]


def test_what_was_found_is_cut_and_the_cut_is_said() -> None:
    assert show("a" * 500).endswith("(502 characters)")
    assert show("Å") == "'\\xc5'"

"""The table of docs/reliability.md: a run replaces its own lines and leaves the others."""

from __future__ import annotations

import pytest

from tests.support.soak_report import BEGIN, END, HEAD, PAGE, Line, merged

PASSED = Line("tests/a.py::test_a", "100", "7", "passed", "", 61.4)
FAILED = Line("tests/b.py::test_b", "200", "7", "**failed**", "one | two\nthree", 5)


def page(*rows: str) -> str:
    return "\n".join(["Before.", BEGIN, *rows, END, "After."])


def test_it_writes_lines_in_order() -> None:
    assert merged(page("Nothing yet."), [FAILED, PASSED], "here") == page(
        HEAD,
        "| `tests/a.py::test_a` | 100 | 7 | passed |  | 61 s | here |",
        "| `tests/b.py::test_b` | 200 | 7 | **failed** | one / two three | 5 s | here |",
    )


def test_it_keeps_what_did_not_run() -> None:
    first = merged(page(), [PASSED, FAILED], "yesterday")
    second = merged(first, [PASSED], "today")
    assert "passed |  | 61 s | today" in second
    assert "| 5 s | yesterday |" in second
    assert second.count("test_a") == second.count("test_b") == 1


def test_it_refuses_a_page_without_markers() -> None:
    with pytest.raises(pytest.UsageError, match="markers"):
        merged("Nothing.", [PASSED], "here")


def test_the_page_has_its_markers() -> None:
    assert BEGIN in PAGE.read_text()
    assert END in PAGE.read_text()

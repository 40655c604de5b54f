"""`make soak` writes what it ran into docs/reliability.md: one line a test, with rounds, seed, result and date.

A long run is marked `@pytest.mark.soak(rounds=FULL, seed=SEED)`; what it saw, if that says something, it gives to
`record_property("seen", ...)`. Under CIRCLED_SOAK=1 each such test that ran replaces its line between the markers of
the page; the lines of those that did not run stay, with their own dates. Nothing there is typed by hand.
"""

import os
import platform
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "reliability.md"
BEGIN, END = "<!-- soak: begin -->", "<!-- soak: end -->"
HEAD = "| test | rounds | seed | result | seen | took | run on |\n|---|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    test: str
    rounds: str
    seed: str
    result: str
    seen: str
    seconds: float

    def text(self, where: str) -> str:
        cells = (f"`{self.test}`", self.rounds, self.seed, self.result, self.seen, f"{self.seconds:.0f} s", where)
        return "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Hands rounds and seed of the mark on to the process that writes."""
    report = yield
    mark = item.get_closest_marker("soak")
    if mark is not None and is_soak() and (report.when == "call" or not report.passed):
        facts = {name: str(mark.kwargs[name]) for name in ("rounds", "seed")}
        report.user_properties.append(("soak", facts))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Writes the page, in the process that has all reports."""
    if not is_soak():
        return
    lines = [
        line_of(report, outcome)
        for outcome in ("passed", "failed", "error", "skipped")
        for report in terminalreporter.stats.get(outcome, [])
        if isinstance(report, pytest.TestReport) and "soak" in dict(report.user_properties)
    ]
    if lines:
        PAGE.write_text(merged(PAGE.read_text(encoding="utf-8"), lines, where()), encoding="utf-8")
        terminalreporter.write_line(f"Wrote {len(lines)} lines of {PAGE.relative_to(REPOSITORY)}.")


def is_soak() -> bool:
    """Whether the long runs are done at their full counts."""
    return os.environ.get("CIRCLED_SOAK") == "1"


def line_of(report: pytest.TestReport, outcome: str) -> Line:
    said = dict(report.user_properties)
    facts = said["soak"]
    assert isinstance(facts, dict)
    words = {"error": "failed", "skipped": "not run"}.get(outcome, outcome)
    return Line(
        report.nodeid, facts["rounds"], facts["seed"], f"**{words}**" if words != "passed" else words,
        str(said.get("seen", "")), report.duration,
    )  # fmt: skip


def merged(page: str, lines: list[Line], where: str) -> str:
    """The page with these lines in place of those of the same tests."""
    before, begin, rest = page.partition(BEGIN)
    old, end, after = rest.partition(END)
    if not begin or not end:
        raise pytest.UsageError(f"{PAGE.name}: expected the markers {BEGIN} and {END}")
    kept = {row.split("`")[1]: row for row in old.splitlines() if row.startswith("| `")}
    kept |= {line.test: line.text(where) for line in lines}
    table = "\n".join([HEAD, *(kept[test] for test in sorted(kept))])
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def where() -> str:
    """Date, machine and commit of a run."""
    done = subprocess.run(
        ["git", "describe", "--always", "--abbrev=12", "--dirty"],
        cwd=REPOSITORY,
        check=False,
        capture_output=True,
        text=True,
    )
    machine = (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    )
    return f"{datetime.now(UTC):%Y-%m-%d}, {machine}, commit {done.stdout.strip() or 'unknown'}"

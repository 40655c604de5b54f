"""Skips are announced at the end, and fail where everything must run (REQUIRE_ALL=1)."""

import os
from collections.abc import Generator

import pytest

IS_ALL_REQUIRED = os.environ.get("REQUIRE_ALL") == "1"
FLUSHING = {"transactional_db", "live_server", "django_db_reset_sequences", "django_db_serialized_rollback"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under REQUIRE_ALL=1 a skipped test is a failed one."""
    report = yield
    if IS_ALL_REQUIRED and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_ALL=1, but this was skipped: {_reason(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Under REQUIRE_ALL=1 a file that skips itself is a failed one."""
    report = yield
    if IS_ALL_REQUIRED and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_ALL=1, but this file was skipped: {_reason(report)}"
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuses what would flush tables between tests: the append-only triggers refuse it too, and later."""
    for item in items:
        mark = item.get_closest_marker("django_db")
        is_flushing = bool(mark and (mark.kwargs.get("transaction") or mark.kwargs.get("reset_sequences")))
        if is_flushing or FLUSHING & set(getattr(item, "fixturenames", ())):
            raise pytest.UsageError(
                f"{item.nodeid}: a flush truncates append-only tables. Use fresh_database (real commits) or live_site."
            )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what did not run and why, in the last lines."""
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = _reason(report)
        reasons[reason] = reasons.get(reason, 0) + 1
    for reason, number in sorted(reasons.items()):
        terminalreporter.write_line(f"NOT RUN: {number} tests, because: {reason}", yellow=True)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    found = report.longrepr
    return str(found[2] if isinstance(found, tuple) else found).removeprefix("Skipped: ")

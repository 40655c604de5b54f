"""`./manage.py compensation`, as payroll meets it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from loop.consent.models import CompensationEntry
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, few_lines, stage, today


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    return made


def run(*words: str) -> str:
    out = StringIO()
    call_command("compensation", *words, stdout=out)
    return out.getvalue()


def listed(show: Stage) -> list[str]:
    return [line.split()[0] for line in run("list", "--production", show.production.code).splitlines()]


def test_from_a_promise_to_what_met_it(show: Stage, tmp_path: Path) -> None:
    assert "promises any compensation" in run("list", "--production", show.production.code)
    paper = tmp_path / "waiver.txt"
    paper.write_text("I waive it. Signed.")
    export = show.releases()[0]  # before anybody is promised anything
    (fee,) = show.authorises("editor-1", compensation={"term": "one_fee"})
    (each,) = show.authorises("director-1", compensation={"term": "per_export_fee"})
    assert listed(show) == ["due", "promised"]
    said = run(
        "due", str(each.uid), "--due-on", "2026-01-31", "--release", f"E-{export.number}", "--rows", "3",
        "--amount", "30.00", "--currency", "EUR",
    )  # fmt: skip
    assert listed(show) == ["overdue", "due", "promised"]
    assert f"30.00 EUR  2026-01-31  E-{export.number}" in run("list", "--production", show.production.code)
    run("settle", str(each.uid), "--line", said.split()[0], "--amount", "30.00", "--currency", "EUR")
    with pytest.raises(CommandError, match="evidence: expected the document"):
        run("waive", str(fee.uid))
    assert "what it promised is waived" in run("waive", str(fee.uid), "--evidence", str(paper))
    assert listed(show) == ["promised", "settled", "waived"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--amount", "much", "--currency", "USD"), "--amount: expected a number"),
        (("--amount", "1", "--currency", "dollars"), "currency: expected three capitals"),
        (("--release", "E-9"), "has no release"),
        (("--release", "nine"), "has no release"),
        (("--due-on", "soon"), "--due-on: expected a date"),
    ],
)
def test_it_refuses_by_name_and_writes_nothing(show: Stage, words: tuple[str, ...], found: str) -> None:
    (fee,) = show.authorises("editor-1")
    day = today().isoformat()
    with pytest.raises(CommandError, match=found):
        run("due", str(fee.uid), "--due-on", day, *words)
    assert not CompensationEntry.objects.exists()
    assert day in run("due", str(fee.uid), "--due-on", day)

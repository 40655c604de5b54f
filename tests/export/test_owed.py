"""Fees that fall due with a release: which lines publishing writes, and what the gate makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from loop.audit.models import AuditEvent
from loop.consent import fees
from loop.consent.models import CompensationEntry
from loop.consent.settle import settle
from loop.export import publish as publishing
from loop.export.advance import advance
from loop.export.models import Export, ExportRowDropped
from loop.export.sweep import sweep
from loop.kernel.actor import SYSTEM
from loop.recall.querysets import records_of
from loop.recall.withdraw import withdraw
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, few_lines, finished, stage, today

PER_EXPORT = {"term": "per_export_fee", "amount": "40.00", "currency": "EUR"}
PER_ROW = {"term": "per_row_fee", "amount": "0.35", "currency": "USD"}
DAY = timedelta(days=1)


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    made.authorises("director-1")
    return made


def lines(export: Export) -> list[tuple[str, Decimal | None, str, int | None, object]]:
    found = CompensationEntry.objects.filter(release=export.uid, kind="due").order_by("id")
    return [
        (each.authorisation.party.external_id, each.amount, each.currency, each.rows, each.due_on) for each in found
    ]


def test_publishing_makes_it_due_the_next_export_waits_and_settling_lets_it_pass(show: Stage) -> None:
    show.authorises("editor-1", compensation=PER_EXPORT)
    first, _ = show.releases("signals")
    assert lines(first) == [("editor-1", Decimal("40.00"), "EUR", 6, today())]
    second, _ = show.releases("signals")
    assert second.excluded_by_code == {"COMPENSATION_DUE": 6}
    assert lines(second) == []
    line = CompensationEntry.objects.get(release=first.uid)
    settle(authorisation=line.authorisation, entry=line, kind="settled", actor=SYSTEM)
    third, _ = show.releases("signals")
    assert third.excluded_by_code == {}
    assert lines(third) == [("editor-1", Decimal("40.00"), "EUR", 6, today())]


def test_a_fee_a_row_counts_the_rows_that_left_under_the_record(show: Stage) -> None:
    show.authorises("editor-1", compensation=PER_ROW | {"due": "30 days"})
    first, _ = show.releases("signals")
    assert lines(first) == [("editor-1", Decimal("2.10"), "USD", 6, today() + 30 * DAY)]
    second, _ = show.releases("signals")
    assert second.excluded_by_code == {}
    assert AuditEvent.objects.filter(type="compensation.entry").count() == 2


def test_rows_taken_out_at_the_last_check_cost_nothing(show: Stage) -> None:
    show.authorises("editor-1", compensation=PER_ROW)
    export = show.orders("signals")
    while export.state != "verifying":
        assert export.pk in sweep()
        advance(export.pk)
        export.refresh_from_db()
    party = show.production.credits.get(contributor__external_id="editor-1").contributor
    withdraw(authorisations=records_of(party, show.production), actor=SYSTEM)
    finished(export)
    assert (export.state, ExportRowDropped.objects.count()) == ("published", 6)
    assert not CompensationEntry.objects.exists()


@pytest.mark.parametrize(
    ("promised", "owed"),
    [
        (PER_EXPORT | {"status": "waived"}, []),
        (PER_ROW | {"status": "paid"}, []),
        ({"term": "one_fee", "status": "paid"}, []),
        ({"term": "per_row_fee"}, [("editor-1", None, "", 6, today())]),
        (PER_EXPORT | {"due": "2020-01-31"}, [("editor-1", Decimal("40.00"), "EUR", 6, today())]),
        (PER_ROW | {"amount": "999999999999.99"}, [("editor-1", None, "", 6, today())]),
    ],
)
def test_what_a_promise_makes_due(show: Stage, promised: Mapping[str, Any], owed: list[object]) -> None:
    show.authorises("editor-1", compensation=promised)
    export, _ = show.releases("signals")
    assert export.excluded_by_code == {}
    assert lines(export) == owed


def test_a_replacement_owes_only_for_what_is_new_in_it(show: Stage) -> None:
    show.authorises("editor-1", compensation=PER_ROW | {"due": "30 days"})
    first, _ = show.releases("signals", filters={"outcomes": ["accept"]})
    second, _ = show.releases("signals", replaces=first)
    third, _ = show.releases("signals", replaces=second)
    assert [lines(each)[0][3] if lines(each) else 0 for each in (first, second, third)] == [1, 5, 0]
    show.authorises("director-1", compensation=PER_EXPORT | {"due": "30 days"})
    fourth, _ = show.releases("signals")
    fifth, _ = show.releases("signals", replaces=fourth)
    assert [line[0] for line in lines(fourth)] == ["editor-1", "director-1"]
    assert lines(fifth) == []


def test_a_publication_that_fails_leaves_nothing_due(show: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    show.authorises("editor-1", compensation=PER_EXPORT)
    export = show.orders("signals")
    real = publishing.fall_due

    def fail(*arguments: Any) -> int:
        real(*arguments)
        raise RuntimeError("the machine stops here")

    monkeypatch.setattr(publishing, "fall_due", fail)
    with pytest.raises(RuntimeError):
        finished(export)
    assert not CompensationEntry.objects.exists()
    export.refresh_from_db()
    assert export.state != "published"


def test_the_day_is_never_before_the_release() -> None:
    assert fees.due_on({"due": "0 days"}, today()) == today()
    assert fees.due_on({"due": "1 day"}, today()) == today() + DAY
    assert fees.due_on({"due": "soon"}, today()) == today()
    assert fees.due_on({"due": (today() + DAY).isoformat()}, today()) == today() + DAY

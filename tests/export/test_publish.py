"""The last look at consent: for every row exactly one holds, it was left out or a recall names it."""

from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from django.db import connection

from loop.audit.querysets import TrailFilter, everything, trail
from loop.audit.verify import verify as verify_log
from loop.export.advance import advance
from loop.export.models import Export, ExportRowDropped, ExportShard
from loop.export.sweep import sweep
from loop.kernel.actor import SYSTEM
from loop.material.models import Production
from loop.recall.models import RecallRow
from loop.recall.querysets import records_of
from loop.recall.withdraw import withdraw
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, few_lines, finished, stage, today


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    made.authorises()
    return made


def until(export: Export, state: str) -> Export:
    """Runs steps until the release is in `state`."""
    while export.state != state:
        assert export.pk in sweep(), export.state
        advance(export.pk)
        export.refresh_from_db()
    return export


def withdraws(show: Stage, who: str) -> None:
    party = show.production.credits.get(contributor__external_id=who).contributor
    withdraw(authorisations=records_of(party, show.production), actor=SYSTEM)


@pytest.mark.parametrize("state", ["ordered", "frozen", "building", "verifying"])
def test_a_withdrawal_at_any_step_leaves_the_rows_out(show: Stage, state: str) -> None:
    export = until(show.orders("signals", rows_per_shard=3), state)
    withdraws(show, "director-1")
    finished(export)
    assert export.state == "published"
    assert not RecallRow.objects.exists()
    dropped = ExportRowDropped.objects.filter(row__export=export)
    assert len(dropped) == (0 if state == "ordered" else 2)
    assert {row.code for row in dropped} <= {"WITHDRAWN"}
    folder = _folder(export)
    import pyarrow.parquet as pq

    rows = pq.read_table(folder / "data").to_pylist()
    assert len(rows) == 6
    assert len(trail(TrailFilter(obj_uid=export.uid, event="export.built"), visible=everything())) >= 1
    if state != "ordered":
        assert '"WITHDRAWN": "<5"' in (folder / "manifest.json").read_text()


def test_a_withdrawal_after_publishing_recalls_the_rows(show: Stage) -> None:
    export, _ = show.releases("signals")
    withdraws(show, "director-1")
    assert RecallRow.objects.filter(row__export=export).count() == 2
    assert not ExportRowDropped.objects.exists()


@pytest.mark.parametrize("round_", range(4))
def test_a_withdrawal_that_races_publishing_is_either_before_or_after(show: Stage, round_: int) -> None:
    export = until(show.orders("signals"), "verifying")

    def take_back() -> None:
        try:
            withdraws(show, "director-1")
        finally:
            connection.close()

    racer = Thread(target=take_back)
    racer.start()
    finished(export)
    racer.join()
    dropped = ExportRowDropped.objects.filter(row__export=export).count()
    recalled = RecallRow.objects.filter(row__export=export).count()
    assert {dropped, recalled} == {0, 2}


def test_what_is_built_again_differs_only_by_the_dropped_rows(show: Stage) -> None:
    export = until(show.orders("signals", rows_per_shard=3), "verifying")
    before = dict(ExportShard.objects.filter(export=export).values_list("number", "sha256"))
    withdraws(show, "director-1")  # rows 5 and 7: shards 1 and 2
    finished(export)
    after = dict(ExportShard.objects.filter(export=export).values_list("number", "sha256"))
    assert after[0] == before[0]
    assert after[1] != before[1]
    assert after[2] != before[2]
    rows = dict(ExportShard.objects.filter(export=export).values_list("number", "rows"))
    assert rows == {0: 3, 1: 2, 2: 1}


def test_a_stricter_word_after_the_freeze_takes_the_row_out(show: Stage) -> None:
    """A row whose file would say less than the party says now must not leave with the old flag."""
    show.authorises(
        "director-1", uses={"ai_generative_training": "allowed", "data_mining": "allowed"}, material_kinds=[]
    )
    export = until(show.orders("signals"), "verifying")
    assert set(export.rows.values_list("uses__data_mining", flat=True)) == {"allowed", "notAllowed"}
    show.authorises("director-1", uses={"data_mining": "notAllowed"}, recipients=[])
    finished(export)
    dropped = ExportRowDropped.objects.filter(row__export=export)
    assert {row.code for row in dropped} == {"CONSENT_CHANGED"}
    assert len(dropped) == 2


def test_an_order_that_no_rule_lets_out_any_more_fails_with_the_rule(show: Stage) -> None:
    export = until(show.orders(), "verifying")
    Production.objects.update(exports_allowed=False)
    finished(export)
    assert export.state == "failed"
    assert "PRODUCTION_BLOCKED" in export.failure
    assert export.published_at is None


def test_an_order_for_a_past_day_is_judged_by_today_too(show: Stage) -> None:
    withdraws(show, "director-1")
    export, _ = show.releases(gate_date=today() - timedelta(days=1))
    assert export.excluded_by_code == {"NOT_GIVEN": 8}  # yesterday nobody had given anything
    assert export.rows_included == 0


def test_the_log_holds_after_it_all(show: Stage) -> None:
    export = until(show.orders("signals"), "verifying")
    withdraws(show, "director-1")
    finished(export)
    report = verify_log()
    assert report.ok, report


def _folder(export: Export) -> Path:
    from loop.export import places

    return places.root() / export.folder

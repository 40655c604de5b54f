"""Membership: frozen once, as of a checkpoint, under names that differ per recipient."""

import hashlib
from pathlib import Path

import pytest

from loop.audit.seal import seal_all
from loop.export.advance import advance
from loop.export.keys import Pseudonyms
from loop.export.models import Export, ExportExclusion, ExportRow
from tests.support.databases import FreshDatabase
from tests.support.releases import PROFILES, Stage, decision, few_lines, finished, stage, suggestion


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    made.authorises()
    return made


def digests(folder: Path, below: str) -> dict[str, str]:
    found = sorted(path for path in (folder / below).rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


@pytest.mark.parametrize("profile", PROFILES)
def test_the_same_order_twice_gives_the_same_bytes(show: Stage, profile: str) -> None:
    (one, first), (two, second) = show.releases(profile), show.releases(profile)
    assert digests(first, "data") == digests(second, "data") != {}
    assert one.pk != two.pk
    for name in ("README.md", "LICENSE.md", "consents.jsonl", "disclosures.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_shards_of_another_size_hold_the_same_rows(show: Stage) -> None:
    import pyarrow.parquet as pq

    one, first = show.releases("signals")
    _, second = show.releases("signals", rows_per_shard=2)
    files = sorted((second / "data" / "signals").iterdir())
    assert [path.name for path in files] == [f"train-{n:05d}-of-00004.parquet" for n in range(4)]
    texts = [row["suggestion"] for path in files for row in pq.read_table(path).to_pylist()]
    assert texts == [row["suggestion"] for row in pq.read_table(first / "data" / "signals").to_pylist()]
    assert len(texts) == one.rows_included == 8


def test_what_comes_after_the_checkpoint_is_not_in_it(show: Stage) -> None:
    size = seal_all().size
    before, folder = show.releases("signals", checkpoint=size)
    show.brings_in([suggestion(20, decision("accept"), decision("reject", decided_at="2026-05-02T10:00:00Z"))])
    after, again = show.releases("signals", checkpoint=size)
    assert after.rows_included == before.rows_included
    assert digests(folder, "data") == digests(again, "data")
    assert show.releases("signals")[0].rows_included == before.rows_included + 2


@pytest.mark.parametrize("profile", PROFILES)
def test_sql_and_python_give_a_row_the_same_name(show: Stage, profile: str) -> None:
    export, _ = show.releases(profile)
    names = Pseudonyms(recipient=export.recipient.code, order_digest=bytes(export.order_digest))
    rows = list(
        ExportRow.objects.filter(export=export).select_related("decision", "other_decision").order_by("position")
    )
    assert [row.position for row in rows] == list(range(export.rows_included or 0))
    for row in rows:
        other = row.other_decision.uid if row.other_decision and row.pair_kind != "revise" else None
        assert row.row_id == names.row(row.decision.uid, other, row.side)


def test_a_row_names_nobody_and_differs_per_recipient(show: Stage) -> None:
    _, first = show.releases("signals")
    other = stage("other-show")
    other.production = show.production
    other.authorises()
    _, second = other.releases("signals")
    ids = [{row["fb_row_id"] for row in _rows(folder)} for folder in (first, second)]
    assert len(ids[0]) == len(ids[1]) == 8
    assert not ids[0] & ids[1]
    whole = b"".join(path.read_bytes() for path in first.rglob("*") if path.is_file())
    for name in (b"editor-1", b"director-1"):
        assert name not in whole


def _rows(folder: Path) -> list[dict[str, object]]:
    import pyarrow.parquet as pq

    found: list[dict[str, object]] = pq.read_table(folder / "data").to_pylist()
    return found


def test_who_was_refused_stays_in_the_house(fresh_database: FreshDatabase) -> None:
    show = stage()
    show.brings_in(few_lines())
    show.authorises("editor-1")
    export, folder = show.releases("signals")
    refused = ExportExclusion.objects.filter(export=export)
    assert {row.code for row in refused} == {"CONSENT_MISSING"}
    assert len(refused) == 2
    assert export.excluded_by_code == {"CONSENT_MISSING": 2}
    card = (folder / "README.md").read_text()
    assert "CONSENT_MISSING" in card
    assert "| <5 |" in card


def test_without_any_authorisation_the_folder_has_no_rows_and_says_why(fresh_database: FreshDatabase) -> None:
    show = stage()
    show.brings_in(few_lines())
    export, folder = show.releases("signals")
    assert (export.rows_included, export.excluded_by_code) == (0, {"CONSENT_MISSING": 8})
    assert "CONSENT_MISSING" in (folder / "README.md").read_text()
    assert (folder / "consents.jsonl").read_bytes() == b""
    assert _rows(folder) == []


def test_a_second_freeze_changes_nothing(show: Stage) -> None:
    export = show.orders("preference")
    assert advance(export.pk).state == "frozen"
    rows = list(ExportRow.objects.values_list("id", flat=True))
    Export.objects.filter(pk=export.pk).update(state="ordered")  # as if a doubled message came late
    from loop.export.freeze import freeze
    from loop.kernel.ids import uuid7

    assert freeze(export.pk, uuid7()) is None  # without the lease
    assert list(ExportRow.objects.values_list("id", flat=True)) == rows
    Export.objects.filter(pk=export.pk).update(state="frozen")
    assert finished(export).state == "published"

"""Who owns what a model puts out travels with every row, as the log knew it when the release was ordered."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from loop.audit.keys import trusted
from loop.export import places
from loop.export.models import Export
from loop.export.verify import verify
from loop.kernel.actor import SYSTEM
from loop.suggestion.terms import record_terms
from tests.conftest import FreshDatabase
from tests.support.releases import PROFILES, Stage, decision, few_lines, finished, stage, suggestion

ALLOWED = "allowed"


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    found = stage()
    found.brings_in([*few_lines(), suggestion(9, decision("accept"), model=None, origin="person")])
    found.authorises()
    return found


def owners(folder: Path, column: str = "fb_output_owner") -> dict[str, str]:
    rows = [row for path in sorted(folder.glob("data/*/*.parquet")) for row in pq.read_table(path).to_pylist()]
    model = column.replace("output_owner", "model")
    return {row[model]: row[column] for row in rows}


def owns(owner: str, label: str = "vendor/model@1") -> None:
    record_terms(label=label, training_on_outputs=ALLOWED, output_owner=owner, actor=SYSTEM)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_names_the_owner_of_the_newest_terms(show: Stage, profile: str) -> None:
    owns("an earlier owner")
    owns("Larkspur (fictional)")
    export, folder = show.releases(profile)
    found = owners(folder)
    assert found["vendor/model@1"] == "Larkspur (fictional)"
    assert found.get("vendor/model@2", "") == ""
    if profile == "preference":
        assert owners(folder, "fb_rejected_output_owner")["vendor/model@2"] == ""
    else:
        assert found[""] == ""
    card = (folder / "README.md").read_text()
    assert "Larkspur (fictional)" in card
    assert verify(folder, keys=trusted()).ok, export


def test_terms_recorded_after_the_order_change_no_byte(show: Stage) -> None:
    owns("Larkspur (fictional)")
    waits = show.orders()
    owns("a later owner")
    later = show.orders()
    for export, owner in ((waits, "Larkspur (fictional)"), (later, "a later owner")):
        finished(export)
        assert export.state == Export.State.PUBLISHED
        assert owners(places.root() / export.folder)["vendor/model@1"] == owner

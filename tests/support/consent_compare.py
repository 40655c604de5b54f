"""What the product's tables and files say, beside what the model says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

import pyarrow.parquet as pq

from loop.consent.models import Authorisation, AuthorisationEvent, Recipient
from loop.export import places
from loop.export.models import Export, ExportExclusion, ExportRow, ExportRowDropped
from loop.kernel.actor import Actor
from loop.people.models import Contributor
from loop.recall.models import RecallNotice, RecallRow
from tests.support.consent_model import Notice, Release, World
from tests.support.releases import Stage


@dataclass
class Compared:
    """One run: the product on one side, the model on the other. Records, releases and notices have the same numbers."""

    show: Stage
    second: Actor
    dice: Random
    connection: Any
    start: date
    parties: dict[str, Contributor]
    recipients: dict[str, Recipient]
    names: dict[int, str]  # decision -> row
    world: World
    records: list[Authorisation] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)
    notices: list[RecallNotice] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    papers: int = 0

    def compare_states(self) -> None:
        newest = AuthorisationEvent.objects.order_by("authorisation_id", "-effective_at", "-id")
        found = dict(newest.distinct("authorisation_id").values_list("authorisation_id", "state"))
        expected = {self.records[one.number].pk: one.state() for one in self.world.records}
        assert found == expected, self.story()

    def compare_notices(self, expected: list[Notice]) -> None:
        fresh = list(RecallNotice.objects.exclude(pk__in=[one.pk for one in self.notices]).order_by("id"))
        rows = RecallRow.objects.filter(notice__in=fresh).values_list("notice_id", "row__decision_id")
        named: dict[int, set[str]] = {one.pk: set() for one in fresh}
        for notice, row in rows:
            named[notice].add(self.names[row])
        numbers = {export.pk: number for number, export in enumerate(self.exports)}
        found = [(numbers[one.export_id], named[one.pk]) for one in fresh]
        assert found == [(one.release, set(one.rows)) for one in expected], (self.story(), found, expected)
        self.seen["rows recalled"] += sum(len(rows) for _, rows in found)
        self.notices += fresh

    def compare_frozen(self, release: Release) -> None:
        export = self.exports[release.number]
        numbers = {record.pk: number for number, record in enumerate(self.records)}
        found = {
            self.names[row.decision_id]: (
                {numbers[one] for one in row.authorisation_ids}, row.expires_on, row.uses,
                {party for party, who in self.parties.items() if who.pk in row.contributor_ids},
            )
            for row in ExportRow.objects.filter(export=export)
        }  # fmt: skip
        expected = {
            name: (set(leave.records), self.on(leave.until), leave.flags, set(leave.parties))
            for name, leave in release.rows.items()
        }  # fmt: skip
        assert found == expected, (self.story(), found, expected)
        left = ExportExclusion.objects.filter(export=export).values_list("decision_id", "codes")
        codes = {self.names[row]: tuple(each) for row, each in left}
        assert codes == release.excluded, (self.story(), codes, release.excluded)
        self.seen["rows in"] += len(found)
        self.seen["rows out"] += len(codes)

    def compare_dropped(self, release: Release) -> None:
        gone = ExportRowDropped.objects.filter(row__export=self.exports[release.number])
        found = {self.names[row]: code for row, code in gone.values_list("row__decision_id", "code")}
        assert found == release.dropped, (self.story(), found, release.dropped)

    def compare_files(self, release: Release) -> None:
        export = self.exports[release.number]
        rows = dict(ExportRow.objects.filter(export=export).values_list("row_id", "decision_id"))
        table = pq.read_table(places.root() / export.folder / "data", columns=["fb_row_id"])
        found = [self.names[rows[each]] for each in table.column("fb_row_id").to_pylist()]
        assert sorted(found) == sorted(release.shipped), (self.story(), found, release.shipped)
        self.seen["rows shipped"] += len(found)

    def on(self, day: int) -> date:
        return self.start + timedelta(days=day)

    def story(self) -> str:
        return "\n".join(["steps up to the disagreement:", *self.steps])

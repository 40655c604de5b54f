"""What a preview says beside counts: labels, splits, what one more authorisation unlocks, and a few rows."""

from io import StringIO
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.core.management import call_command

from loop.export.models import Export
from loop.export.preview import Preview, preview
from loop.kernel.actor import SYSTEM
from loop.people.member import add_member
from loop.people.models import Role, User
from loop.people.querysets import actor_for_user
from tests.support.databases import FreshDatabase
from tests.support.releases import PURPOSE, Stage, decision, few_lines, purpose_of, stage, suggestion


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    return made


def seen(show: Stage, profile: str = "signals", **changes: Any) -> Preview:
    asked: dict[str, Any] = {"production": show.production, "profile": profile, "purpose": purpose_of(profile),
                             "recipient": show.recipient, "actor": SYSTEM}  # fmt: skip
    return preview(**(asked | changes))


def test_one_party_alone_is_counted_and_named(show: Stage) -> None:
    none = seen(show)
    assert (none.rows, none.more.one_party, none.more.parties) == (0, none.considered, 2)
    assert [(each.party.external_id, each.rows) for each in none.more.unlocks] == [("editor-1", 6), ("director-1", 2)]
    show.authorises("editor-1")
    after = seen(show)
    assert after.rows == 6
    assert [(each.party.external_id, each.rows) for each in after.more.unlocks] == [("director-1", 2)]
    show.authorises("director-1")
    assert seen(show).more.unlocks == ()


def test_a_row_that_two_parties_hold_back_is_unlocked_by_neither(fresh_database: FreshDatabase) -> None:
    show = stage()
    show.brings_in([suggestion(0, decision("accept", on_behalf_of="director-1"))])
    found = seen(show)
    assert (found.rows, found.considered, found.more.one_party, found.more.unlocks) == (0, 1, 0, ())


def test_labels_pairs_and_splits_are_those_of_the_release(show: Stage) -> None:
    show.authorises()
    for profile, column in (("signals", "fb_verdict"), ("preference", "fb_pair_kind"), ("sft", "fb_side")):
        found = seen(show, profile, splits="train=0.5,test=0.5")
        export, folder = show.releases(profile, splits="train=0.5,test=0.5")
        rows = [row for path in (folder / "data").rglob("*.parquet") for row in pq.read_table(path).to_pylist()]
        assert found.rows == len(rows) == export.rows_included
        assert found.more.label_column == column
        values = [row[column] for row in rows]
        assert dict(found.more.labels) == {value: values.count(value) for value in values}
        assert found.more.pairs == (len(rows) if profile == "preference" else 0)
        assert sum(rows for rows, _ in found.more.splits.values()) == len(rows)
        for name, (count, briefs) in found.more.splits.items():
            files = list((folder / "data" / profile).glob(f"{name}-*.parquet"))
            tables = [pq.read_table(path).column("fb_brief").to_pylist() for path in files]
            assert (count, briefs) == (sum(map(len, tables)), len({one for each in tables for one in each}))


def test_samples_passed_the_gate(show: Stage) -> None:
    assert seen(show).more.samples == ()
    show.authorises("director-1")
    samples = seen(show).more.samples
    assert [(each.outcome, each.suggestion) for each in samples] == [
        ("accept", "Note 5: the turn comes too early — «la bascule»."),
        ("accept", "Note 8: the turn comes too early — «la bascule»."),
    ]
    show.authorises("editor-1")
    pairs = seen(show, "preference").more.samples
    assert pairs[0].other == "Note 1: the turn comes too early — «la bascule»."


def test_the_data_team_sees_texts_and_no_parties(show: Stage) -> None:
    show.authorises("editor-1")
    user = User.objects.create(username="dana")
    add_member(user=user, production=show.production, role=Role.DATA, actor=SYSTEM)
    found = seen(show, actor=actor_for_user(user))
    assert found.more.samples
    assert (found.more.one_party, found.more.parties, found.more.unlocks) == (2, 1, ())


def test_the_command_says_it(show: Stage) -> None:
    show.authorises("editor-1")
    out = StringIO()
    call_command(
        "export", production="night-ferry", purpose=PURPOSE, recipient="night-ferry-lab", profile="signals",
        preview=True, splits="train=0.5,test=0.5", stdout=out,
    )  # fmt: skip
    assert "6 of 8 rows would leave." in out.getvalue()
    assert "One more authorisation: 2 rows are held back by one party alone, 1 parties in all." in out.getvalue()
    assert "fb_verdict reject" in out.getvalue()
    assert not Export.objects.exists()

"""What an order may be narrowed to: rows by reason, person, role and day, with labels that stay everybody's."""

import json
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.core.management import call_command

from loop.export.models import Export, ExportRow
from loop.export.order import order
from loop.export.preview import preview
from loop.export.recipe import write
from loop.kernel.actor import SYSTEM
from loop.kernel.errors import NotValidError
from tests.support.databases import FreshDatabase
from tests.support.releases import PURPOSE, Stage, decision, stage, suggestion

EARLY, LATE = "2026-05-01T23:59:59Z", "2026-05-02T00:00:00Z"


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(
        [
            suggestion(0, decision("accept", by="ana", decided_at=EARLY)),
            suggestion(1, decision("reject", by="ana", decided_at=LATE, reasons=["continuity.prop"])),
            suggestion(3, decision("accept", by="ben", decided_at=LATE)),
            suggestion(
                4, decision("reject", by="ben", decided_at=LATE), decision("reject", by="ana", decided_at=EARLY)
            ),
            suggestion(6, decision("accept", by="cy", decided_at=None), kind="coverage"),
            suggestion(
                9, decision("accept", by="dan", on_behalf_of="ana", decided_at=LATE), origin="person", model=None
            ),
        ]
    )
    made.authorises()
    return made


def rows(show: Stage, profile: str = "signals", **filters: Sequence[str]) -> list[tuple[str, str]]:
    """(suggestion, person) of every row of a release."""
    export, _ = show.releases(profile, filters=filters)
    found = ExportRow.objects.filter(export=export).select_related("decision__suggestion", "decision__decided_by")
    return [
        (row.decision.suggestion.external_id, row.decision.decided_by.external_id) for row in found.order_by("position")
    ]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"reasons": ["continuity.prop"]}, [("s1", "ana")]),
        ({"people": ["ana"]}, [("s0", "ana"), ("s1", "ana"), ("s4", "ana"), ("s9", "dan")]),
        ({"people": ["dan"]}, [("s9", "dan")]),
        ({"decided_until": ["2026-05-01"]}, [("s0", "ana"), ("s4", "ana")]),
        ({"decided_from": ["2026-05-02"]}, [("s1", "ana"), ("s3", "ben"), ("s4", "ben"), ("s9", "dan")]),
        ({"decided_from": ["2026-05-02"], "decided_until": ["2026-05-02"], "people": ["ben"]},
         [("s3", "ben"), ("s4", "ben")]),
        ({"origins": ["person"]}, [("s9", "dan")]),
        ({"outcomes": ["reject"], "people": ["ana"]}, [("s1", "ana"), ("s4", "ana")]),
    ],
)  # fmt: skip
def test_each_filter_keeps_the_rows_it_says(
    show: Stage, filters: Mapping[str, Sequence[str]], expected: list[tuple[str, str]]
) -> None:
    assert rows(show, **filters) == expected
    seen = preview(production=show.production, profile="signals", purpose=PURPOSE, recipient=show.recipient,
                   actor=SYSTEM, filters=filters)  # fmt: skip
    assert seen.rows == len(expected)


def test_a_pair_needs_the_reason_on_one_side_and_the_person_on_both(show: Stage) -> None:
    assert rows(show, "preference") == [("s0", "ana"), ("s3", "ben")]
    assert rows(show, "preference", reasons=["continuity.prop"]) == [("s0", "ana")]
    assert rows(show, "preference", people=["ben"]) == [("s3", "ben")]
    assert rows(show, "preference", decided_from=["2026-05-02"]) == [("s3", "ben")]


def test_a_majority_stays_everybodys(show: Stage) -> None:
    _, folder = show.releases("signals", labels="majority", filters={"people": ["ben"]})
    table = pq.read_table(folder / "data").to_pylist()
    assert {(row["fb_verdict"], row["fb_effective"]) for row in table} == {("accept", True), ("reject", False)}


def test_roles_are_those_that_decided(show: Stage) -> None:
    with pytest.raises(NotValidError, match="roles: expected a role that somebody of night-ferry decided in"):
        show.orders(filters={"roles": ["director"]})


@pytest.mark.parametrize(
    ("filters", "field", "said"),
    [
        ({"reasons": ["story.none"]}, "reasons", "expected a reason that a decision of night-ferry has"),
        ({"people": ["eve"]}, "people", "expected the id of somebody who decided for night-ferry, found 'eve'"),
        ({"roles": ["gaffer"]}, "roles", "expected a role"),
        ({"kinds": ["poem"]}, "kinds", "there are coverage, script_note"),
        ({"models": ["a/b@9"]}, "models", "there are vendor/model@1, vendor/model@2"),
        ({"decided_from": ["2027-01-01"]}, "decided_from", "they are of 2026-05-01 to 2026-05-02"),
        ({"decided_until": ["2025-01-01"]}, "decided_until", "found none there"),
        ({"decided_from": ["yesterday"]}, "decided_from", "YYYY-MM-DD, found 'yesterday'"),
        ({"decided_from": ["20260501"]}, "decided_from", "YYYY-MM-DD"),
        ({"decided_from": ["2026-05-01", "2026-05-02"]}, "decided_from", "one day"),
        ({"decided_from": ["2026-05-02"], "decided_until": ["2026-05-01"]}, "decided_until", "2026-05-02 or later"),
        ({"kinds": ["coverage"], "people": ["ben"]}, "filters", "meets all of kinds, people, found none"),
        ({"decided_until": ["2026-05-01"], "people": ["ben"]}, "filters", "Take one of them away"),
    ],
)
def test_a_filter_that_nothing_meets_is_refused_with_a_way_out(
    show: Stage, filters: Mapping[str, Sequence[str]], field: str, said: str
) -> None:
    asked: dict[str, Any] = {"production": show.production, "profile": "signals", "purpose": PURPOSE,
                             "recipient": show.recipient, "actor": SYSTEM, "filters": filters}  # fmt: skip
    for refused in (_refusal(order, asked), _refusal(preview, asked)):
        assert refused.facts["field"] == field
        assert said in str(refused)
    assert not Export.objects.exists()


def _refusal(verb: Any, asked: Mapping[str, Any]) -> NotValidError:
    with pytest.raises(NotValidError) as refused:
        verb(**asked)
    return refused.value


def test_who_decided_is_not_told_to_the_recipient(show: Stage) -> None:
    _, folder = show.releases("signals", filters={"people": ["ana", "ben"], "briefs": ["b0", "b1"]})
    stated = json.loads((folder / "manifest.json").read_text())["order"]["filters"]
    assert stated == {"people": 2, "briefs": 2}
    assert "people: 2" in (folder / "README.md").read_text()
    for path in folder.rglob("*"):
        if path.is_file():
            assert b'"ana"' not in path.read_bytes()


def test_equal_filters_in_another_order_are_the_same_recipe() -> None:
    one = write(filters={"people": ["a", "b"], "reasons": ["x"]})
    assert one == write(filters={"reasons": ["x", "x"], "people": ["b", "a"]})


def test_the_command_takes_them_all(show: Stage) -> None:
    out = StringIO()
    call_command(
        "export", production="night-ferry", purpose=PURPOSE, recipient="night-ferry-lab", profile="signals",
        preview=True, person=["ana"], reason=["continuity.prop"], decided_from=["2026-05-01"],
        decided_until=["2026-05-02"], origin=["model"], brief=["b0"], splits="train=0.5,test=0.5", stdout=out,
    )  # fmt: skip
    assert "1 of 1 rows would leave." in out.getvalue()

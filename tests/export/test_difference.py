"""Two releases are compared row by row: what came, what went, what changed, and why."""

from __future__ import annotations

import pytest

from loop.export.balance import balance_of, drift
from loop.export.difference import Difference, NotComparableError, counted, difference, differing_rows
from loop.export.models import Export
from loop.kernel.actor import SYSTEM
from loop.people.models import Contributor
from loop.recall.erase import erase
from loop.recall.querysets import records_of
from loop.recall.withdraw import withdraw
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, decision, few_lines, stage, suggestion


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    made.authorises()
    return made


def withdraws(show: Stage, name: str) -> None:
    withdraw(authorisations=records_of(Contributor.objects.get(external_id=name), show.production), actor=SYSTEM)


def causes(found: Difference) -> dict[tuple[str, str, str], int | str]:
    return {(each.change, each.why, each.code): each.rows for each in found.causes}


def test_the_same_order_twice_differs_in_nothing(show: Stage) -> None:
    old, new = show.releases()[0], show.releases()[0]
    found = difference(old, new, sees_codes=True)
    assert (found.added, found.removed, found.changed, found.same) == (0, 0, 0, old.rows_included)
    assert not found.causes
    assert not found.parts
    assert not list(differing_rows(old, new, sees_codes=True))


def test_new_decisions_are_rows_added_and_the_other_way_round_removed(show: Stage) -> None:
    old, _ = show.releases()
    show.brings_in([suggestion(20, decision("accept")), suggestion(21, decision("reject"))])
    new, _ = show.releases()
    found = difference(old, new, sees_codes=True)
    assert causes(found) == {("added", "new_decision", ""): 2}
    assert [each.name for each in found.parts] == ["cut-off"]
    assert causes(difference(new, old, sees_codes=True)) == {("removed", "later_decision", ""): 2}
    assert counted(old, new) == (2, 0, 0)


def test_a_withdrawal_is_recalled_from_what_is_out_and_consent_in_between(show: Stage) -> None:
    old, _ = show.releases()
    withdraws(show, "director-1")
    new, _ = show.releases()
    assert causes(difference(old, new, sees_codes=True)) == {("removed", "recalled", ""): 2}
    assert set(causes(difference(new, old, sees_codes=True))) == {("added", "consent", "WITHDRAWN")}


def test_small_numbers_by_code_are_not_told_to_who_may_not_see_the_registry(show: Stage) -> None:
    withdraws(show, "director-1")
    old, _ = show.releases()
    show.authorises("director-1")
    new, _ = show.releases()
    assert causes(difference(old, new, sees_codes=True)) == {("added", "consent", "WITHDRAWN"): 2}
    told = difference(old, new, sees_codes=False)
    assert causes(told) == {("added", "consent", "WITHDRAWN"): "<5"}
    assert told.added == 2
    assert {each.code for each in differing_rows(old, new, sees_codes=False)} == {""}


def test_other_labels_and_filters_are_named(show: Stage) -> None:
    old, _ = show.releases()
    new, _ = show.releases(filters={"outcomes": ["accept"]}, formats=["csv"])
    found = difference(old, new, sees_codes=True)
    assert set(causes(found)) == {("removed", "recipe", "")}
    assert {(each.name, each.old, each.new) for each in found.parts} == {
        ("outcomes", "all", "accept"), ("formats", "parquet", "csv"),
    }  # fmt: skip


def test_other_terms_of_consent_change_rows(show: Stage) -> None:
    old, _ = show.releases()
    show.authorises(uses={"ai_generative_training": "allowed", "ai_inference": "allowed", "ai_evaluation": "allowed"})
    new, _ = show.releases()
    found = difference(old, new, sees_codes=True)
    assert causes(found) == {("changed", "consent", ""): old.rows_included}


def test_erased_text_is_said_as_such(show: Stage) -> None:
    old, _ = show.releases()
    party = Contributor.objects.get(external_id="editor-1")
    erase(party=party, production=show.production, basis="gdpr_art17_1_b", actor=SYSTEM)
    new, _ = show.releases()
    assert {each for each in causes(difference(old, new, sees_codes=True)) if each[0] == "removed"} == {
        ("removed", "erased", "")
    }


@pytest.mark.parametrize("profile", ["preference", "unpaired_preference", "span_critique", "prompt_only"])
def test_every_kind_of_row_finds_itself_again(show: Stage, profile: str) -> None:
    old, _ = show.releases(profile)
    show.brings_in([suggestion(30, decision("accept")), suggestion(31, decision("revise", revised_content="So."))])
    new, _ = show.releases(profile)
    found = difference(old, new, sees_codes=True)
    assert found.removed == found.changed == 0
    assert found.same == old.rows_included
    assert found.added == (new.rows_included or 0) - (old.rows_included or 0)


def test_what_cannot_be_compared_is_refused(show: Stage) -> None:
    old, _ = show.releases()
    other = stage("day-ferry")
    cases: list[tuple[Export, str]] = [
        (old, "one twice"),
        (show.releases("preference")[0], "one profile"),
        (show.orders(), "E-3 is ordered"),
        (other.orders(), "another production"),
    ]
    for each, words in cases:
        with pytest.raises(NotComparableError, match=words):
            difference(old, each, sees_codes=True)


def test_drift_is_told_in_counts_and_shares(show: Stage) -> None:
    old, _ = show.releases()
    show.brings_in([suggestion(n, decision("reject"), stage="production") for n in range(40, 44)])
    new, _ = show.releases()
    lines = {(each.by, each.value, each.outcome): each for each in drift(balance_of(old), balance_of(new))}
    stage_line = lines["stage", "production", ""]
    assert (stage_line.old_rows, stage_line.new_rows, stage_line.old_share) == (0, 4, 0)
    assert stage_line.new_share == 4 / (new.rows_included or 0)
    assert lines["all", "", "reject"].new_rows == lines["all", "", "reject"].old_rows + 4
    assert lines["stage", "production", "reject"].old_share is None
    assert balance_of(new) == balance_of(new), "what was kept is what was counted"

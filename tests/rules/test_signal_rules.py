"""The table "Rules that counts depend on", one test a row."""

from datetime import UTC, datetime

import pytest

from loop.signal import rules
from loop.signal.rules import Judgement, Row

EARLY = datetime(2026, 5, 1, 10, tzinfo=UTC)
LATE = datetime(2026, 5, 1, 11, tzinfo=UTC)
LATEST, EVERY, LEAD, MAJORITY = rules.LATEST_PER_PERSON, rules.EVERY_DECISION, rules.LEAD_WINS, rules.MAJORITY


def judged(number: int, outcome: str, **more: object) -> Judgement:
    fields = {"suggestion": 1, "brief": 1, "person": 1, "content": f"text {more.get('suggestion', 1)}", **more}
    return Judgement(number, outcome=outcome, **fields)  # type: ignore[arg-type]


def ids(found: list[Judgement]) -> list[int]:
    return [one.id for one in found]


def test_order_is_decided_at_then_position_then_arrival() -> None:
    assert ids(
        rules.effective([judged(1, "accept", decided_at=LATE), judged(2, "reject", decided_at=EARLY)], LATEST, None)
    ) == [1]
    assert ids(rules.effective([judged(1, "accept", position=1), judged(2, "reject", position=0)], LATEST, None)) == [1]
    assert ids(rules.effective([judged(1, "accept"), judged(2, "reject")], LATEST, None)) == [2]
    # An unknown moment comes before every known one.
    assert ids(rules.effective([judged(1, "accept", decided_at=EARLY), judged(2, "reject")], LATEST, None)) == [1]


def test_signals_have_a_row_for_each_live_label() -> None:
    decisions = [
        judged(1, "accept", dead=True),
        judged(2, "reject"),
        judged(3, "skip"),
        judged(4, "retract"),
        judged(5, "revise"),
    ]
    assert [row.decision for row in rules.signals(decisions, LATEST, None).rows] == [2, 5]
    assert [row.decision for row in rules.signals(decisions, EVERY, None).rows] == [1, 2, 5]
    effective = {row.decision: row.effective for row in rules.signals(decisions, LATEST, None).rows}
    assert effective == {2: False, 5: True}


def test_a_skip_hides_nothing() -> None:
    assert ids(rules.effective([judged(1, "accept"), judged(2, "skip")], LATEST, None)) == [1]


def test_the_lead_wins_or_nobody_does() -> None:
    decisions = [judged(1, "accept", person=1), judged(2, "reject", person=2)]
    assert ids(rules.effective(decisions, LEAD, 2)) == [2]
    assert ids(rules.effective(decisions, LEAD, 3)) == []
    assert ids(rules.effective(decisions, LEAD, None)) == []


def test_a_majority_is_more_than_any_other_and_ties_give_none() -> None:
    votes = [judged(1, "reject", person=1, decided_at=LATE), judged(2, "reject", person=2, decided_at=EARLY)]
    assert ids(rules.effective([*votes, judged(3, "accept", person=3)], MAJORITY, None)) == [2]
    assert (
        ids(rules.effective([*votes, judged(3, "accept", person=3), judged(4, "accept", person=4)], MAJORITY, None))
        == []
    )


def test_a_revise_is_a_negative_only_when_unacceptable() -> None:
    def made(severity: int | None, revision: str | None) -> list[Row]:
        return rules.unpaired([judged(1, "revise", severity=severity, revision=revision)], LATEST, None).rows

    positive = Row(1, side="revision", label=True)
    assert made(2, "new") == [positive]
    assert made(3, "new") == [Row(1, side="suggestion", label=False), positive]
    assert made(4, None) == [Row(1, side="suggestion", label=False)]
    assert made(None, "") == [positive]


def test_unpaired_rows_keep_the_kind_of_negative() -> None:
    decisions = [judged(1, "reject", negative_kind="dismissed"), judged(2, "accept", suggestion=2)]
    assert rules.unpaired(decisions, LATEST, None).rows == [
        Row(1, side="suggestion", negative_kind="dismissed", label=False),
        Row(2, side="suggestion", label=True),
    ]


@pytest.mark.parametrize(
    ("content", "revision", "reason"),
    [
        ("a", "b", None),
        ("", "b", None),
        ("a", "", None),
        ("a", "a", "identical"),
        ("", "", "both_empty"),
        ("a", None, "no_text"),
        (None, "b", "no_text"),
    ],
)
def test_a_pair_from_revise(content: str | None, revision: str | None, reason: str | None) -> None:
    made = rules.pairs([judged(1, "revise", content=content, revision=revision)], LATEST, None)
    assert len(made.rows) == (reason is None)
    assert {name for name, count in made.not_made.items() if count} == ({reason} if reason else set())


def test_pairs_among_candidates_are_of_one_brief_and_one_person() -> None:
    decisions = [
        judged(1, "accept", suggestion=1),
        judged(2, "reject", suggestion=2),
        judged(3, "reject", suggestion=3, negative_kind="sibling"),
        judged(4, "accept", suggestion=4),
        judged(5, "reject", suggestion=5, brief=2),
        judged(6, "reject", suggestion=6, person=2),
        judged(7, "revise", suggestion=7),
    ]
    made = [(row.decision, row.other, row.negative_kind) for row in rules.pairs(decisions, LATEST, None).rows]
    assert made == [(1, 2, "explicit"), (1, 3, "sibling"), (4, 2, "explicit"), (4, 3, "sibling")]
    # Under a majority the label is the production's, so people do not divide a brief.
    assert (1, 6) in {(row.decision, row.other) for row in rules.pairs(decisions, MAJORITY, None).rows}


def test_duplicate_candidates_make_no_pair() -> None:
    made = rules.pairs([judged(1, "accept", content="a"), judged(2, "reject", suggestion=2, content="a")], LATEST, None)
    assert made.rows == []
    assert made.not_made["identical"] == 1


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(ValueError, match="policy"):
        rules.effective([], "loudest", None)

"""How many are in each state of the queue, in one pass over the decisions: `querysets.state_of` as sums.

A test makes histories and proves that both say the same of every state. Written by hand because a condition of the
other kind asks the database once for every suggestion, which takes seconds where there are fifty thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet

from loop.material.models import Production
from loop.people.models import Contributor
from loop.queue.policy import policy_of
from loop.queue.querysets import (
    ALL,
    ASSIGNED,
    DISAGREED,
    HELD,
    MINE,
    OPINION,
    SKIPPED,
    WAITING,
    claims_of_others,
    open_requests,
)  # fmt: skip
from loop.screening.querysets import suggestions_held_back
from loop.suggestion.models import Suggestion

STATES: Final = (WAITING, ASSIGNED, OPINION, SKIPPED, MINE, DISAGREED, HELD, ALL)

# One row a person and suggestion, then one a suggestion. `mine` is what somebody said or entered; `others` are people.
# Whoever shares nothing out and asks for no state of others needs no verdicts but their own.
_SAID: Final = """
WITH said AS (
    SELECT d.suggestion_id, coalesce(d.on_behalf_of_id, d.decided_by_id) AS person, d.outcome,
           coalesce(d.decided_by_id = %(me)s OR d.on_behalf_of_id = %(me)s, false) AS is_mine
    FROM loop_decision d
    WHERE d.production_id = %(production)s AND d.outcome <> 'retract'
      AND (%(everybody)s OR d.decided_by_id = %(me)s OR d.on_behalf_of_id = %(me)s)
      AND NOT EXISTS (SELECT 1 FROM loop_decision later WHERE later.supersedes_id = d.id)
), by_person AS (
    SELECT suggestion_id, is_mine, bool_or(outcome = 'skip') AS has_skip, bool_or(outcome <> 'skip') AS has_label,
           min(outcome) FILTER (WHERE outcome <> 'skip') AS least, max(outcome) FILTER (WHERE outcome <> 'skip') AS most
    FROM said GROUP BY suggestion_id, is_mine, person
), judged AS (
    SELECT suggestion_id, bool_or(is_mine) AS mine, bool_or(is_mine AND has_label) AS labelled,
           bool_or(is_mine AND has_skip) AS skipped, count(*) FILTER (WHERE has_label AND NOT is_mine) AS others,
           min(least) IS DISTINCT FROM max(most) AS differ,
           min(least) FILTER (WHERE NOT is_mine) IS DISTINCT FROM max(most) FILTER (WHERE NOT is_mine) AS others_differ
    FROM by_person GROUP BY suggestion_id
), meant AS (
    SELECT a.suggestion_id, bool_or(a.contributor_id = %(me)s) AS for_me
    FROM loop_assignment a JOIN loop_suggestion s ON s.id = a.suggestion_id AND s.production_id = %(production)s
    GROUP BY a.suggestion_id
), state AS (
    SELECT s.id, s.stage, coalesce(j.mine, false) AS mine, coalesce(j.labelled, false) AS labelled,
           coalesce(j.skipped, false) AS skipped, coalesce(j.differ, false) AS differ,
           coalesce(m.for_me, false) AS for_me, m.suggestion_id IS NOT NULL AS is_meant, s.id IN ({asked}) AS is_asked,
           s.id IN ({taken}) AS is_taken, coalesce(j.others, 0) >= %(reviewers)s AS is_enough,
           coalesce(j.others_differ, false) AS others_differ, s.id IN ({kept}) AS is_kept_back
    FROM loop_suggestion s
    LEFT JOIN judged j ON j.suggestion_id = s.id
    LEFT JOIN meant m ON m.suggestion_id = s.id
    WHERE s.id IN ({found})
), told AS (
    SELECT *, NOT is_kept_back AND (for_me OR NOT is_meant) AND (for_me OR is_asked OR is_enough IS NOT TRUE) AS is_open
    FROM state
)
"""

_STATES: Final[dict[str, str]] = {
    WAITING: "%(judges)s AND NOT mine AND is_open",
    ASSIGNED: "NOT labelled AND CASE WHEN %(judges)s THEN for_me ELSE is_meant END",
    OPINION: "NOT labelled AND (is_asked OR (is_enough IS TRUE AND others_differ))",
    SKIPPED: "skipped AND NOT labelled",
    MINE: "labelled",
    DISAGREED: "differ AND (labelled OR %(sees_all)s)",
    HELD: "is_taken",
    ALL: "true",
}

# What "n of m" is about: the list that is gone through, with its judged rows where they would leave it.
_WALKED: Final[dict[str, str]] = {
    **_STATES,
    WAITING: "mine OR is_open",
    SKIPPED: "mine OR is_open",
    ASSIGNED: "for_me",
}


def counts_by_stage(
    production: Production, me: Contributor | None, found: QuerySet[Suggestion], *, at: datetime
) -> dict[str, dict[str, int]]:
    """{stage: {state: how many of `found`}}, for stages that occur. One query."""
    sums = ", ".join(f"count(*) FILTER (WHERE {_STATES[state]})" for state in STATES)
    select = f"SELECT stage, {sums} FROM told GROUP BY stage"  # noqa: S608 - no value enters the text
    rows = _run(select, production, me, found, at=at, everybody=True)
    return {stage: dict(zip(STATES, counts, strict=True)) for stage, *counts in rows}


def walk_counts(
    production: Production, me: Contributor, found: QuerySet[Suggestion], state: str, *, before: int, at: datetime
) -> tuple[int, int, int, int]:
    """Of the list that is gone through in a state: (all, judged or skipped, labelled, before a key). One query."""
    walked = _WALKED[state]
    sums = ", ".join(
        f"count(*) FILTER (WHERE ({walked}) AND {each})" for each in ("true", "mine", "labelled", "id < %(before)s")
    )
    everybody = state in (OPINION, DISAGREED) or policy_of(production).reviewers_per_item is not None
    select = f"SELECT {sums} FROM told"  # noqa: S608 - no value enters the text
    rows = _run(select, production, me, found, at=at, everybody=everybody, before=before)
    ((total, judged, done, place),) = rows
    return total, judged, done, place


def _run(
    select: str, production: Production, me: Contributor | None, found: QuerySet[Suggestion], *, at: datetime,
    everybody: bool, before: int = 0,
) -> Sequence[Any]:  # fmt: skip
    policy = policy_of(production)
    asked = open_requests(production)
    parts = {
        "asked": (asked.exclude(asked_by=me) if me else asked).values("suggestion"),
        "taken": claims_of_others(production, me, at=at).order_by().values("suggestion"),
        "kept": suggestions_held_back(production).values("suggestion"),
        "found": found.order_by().values("pk"),
    }
    # The parts come with positional values and the rest has names: the names of theirs count on.
    values: dict[str, Any] = {
        "production": production.pk,
        "me": me.pk if me else 0,
        "judges": me is not None,
        "sees_all": me is None or not policy.blind_until_decided,
        "reviewers": policy.reviewers_per_item,
        "everybody": everybody,
        "before": before,
    }
    texts = {name: _named(part, name, values) for name, part in parts.items()}
    with connection.cursor() as cursor:
        cursor.execute(_SAID.format(**texts) + select, values)
        rows: list[Any] = cursor.fetchall()
    return rows


def _named(part: QuerySet[Any, Any], name: str, values: dict[str, Any]) -> str:
    text, given = part.query.sql_with_params()
    values |= {f"{name}_{place}": value for place, value in enumerate(given)}
    return text % tuple(f"%({name}_{place})s" for place in range(len(given))) if given else text

"""Which rows of which releases a withdrawal reaches, found through the index of a party's released rows.

A row is reached if the party is among its contributors as it was frozen, and if without the withdrawn records some
contribution of that party no longer passes what the gate asks of contributions, judged on the date of publishing (of
today, for a release in progress).
A row that another record of the party still carries is not reached. A row that an earlier notice about the party names
is not named again. The contributions of other parties play no part: their withdrawals have notices of their own.

The cost grows with the party's released rows, not with the rows stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.backends.utils import CursorWrapper

from loop.consent.models import Authorisation, AuthorisationState
from loop.export.models import Export
from loop.gate.contributions import gather
from loop.gate.facts import Contribution, StateEvent, Statement
from loop.gate.question import ask
from loop.gate.rules import judge
from loop.gate.statements import as_statement, records_of
from loop.kernel.clock import utc_date

REACHABLE = (
    Export.State.PUBLISHED, Export.State.FROZEN, Export.State.BUILDING, Export.State.VERIFYING, Export.State.AWAITING,
)  # fmt: skip
"""Published releases are recalled; those frozen and not yet published lose the row when they are checked again."""

_ROWS = """
CREATE TEMP TABLE reached_row ON COMMIT DROP AS
SELECT r.id AS n, r.decision_id, r.other_decision_id, r.export_id, r.authorisation_ids
FROM loop_export_row r
JOIN loop_export e ON e.id = r.export_id
LEFT JOIN loop_export_row_dropped x ON x.row_id = r.id
WHERE r.contributor_ids @> ARRAY[%(party)s]::bigint[]
    AND e.state = ANY(%(states)s)
    AND (%(productions)s::bigint[] IS NULL OR e.production_id = ANY(%(productions)s::bigint[]))
    AND x.row_id IS NULL
    AND NOT EXISTS (
        SELECT FROM loop_recall_row rr
        JOIN loop_recall_notice rn ON rn.id = rr.notice_id
        LEFT JOIN loop_authorisation_event ae ON ae.id = rn.cause_id
        LEFT JOIN loop_authorisation a ON a.id = ae.authorisation_id
        LEFT JOIN loop_erasure er ON er.id = rn.erasure_id
        WHERE rr.row_id = r.id AND (a.party_id = %(party)s OR er.party_id = %(party)s)
    )
"""

# The same decisions leave in many releases: who is involved in them is found once.
_PAIRS = """
CREATE TEMP TABLE reached_pair ON COMMIT DROP AS
SELECT row_number() OVER () AS n, decision_id, other_decision_id, array_agg(DISTINCT export_id) AS exports
FROM reached_row GROUP BY decision_id, other_decision_id
"""

_PARTS = """
SELECT DISTINCT x.export_id, p.capacity, p.material_kind
FROM reached_pair r JOIN sieve_part p USING (n) CROSS JOIN unnest(r.exports) x(export_id)
"""

_FAILING = """
CREATE TEMP TABLE failing_part ON COMMIT DROP AS
SELECT * FROM unnest(%(exports)s::bigint[], %(capacities)s::text[], %(kinds)s::text[])
    AS f(export_id, capacity, material_kind)
"""

_RECALLED = """
CREATE TEMP TABLE recalled_row ON COMMIT DROP AS
SELECT r.export_id, r.n AS row_id, r.authorisation_ids
FROM reached_row r
WHERE (r.export_id, r.decision_id, coalesce(r.other_decision_id, 0)) IN (
    SELECT x.export_id, d.decision_id, coalesce(d.other_decision_id, 0)
    FROM reached_pair d CROSS JOIN unnest(d.exports) x(export_id) JOIN sieve_part p USING (n)
    JOIN failing_part f ON f.export_id = x.export_id AND f.capacity = p.capacity AND f.material_kind = p.material_kind
)
"""


@dataclass(frozen=True, slots=True)
class Reach:
    """One release and the number of its rows that the withdrawal reaches. `rows` is never 0."""

    export: Export
    rows: int


def trace(
    cursor: CursorWrapper, *, party: int, withdrawn: Collection[Authorisation], moment: datetime
) -> tuple[Reach, ...]:
    """The releases that withdrawing these records of `party` at `moment` reaches, by export id.

    Works alike before the withdrawal is recorded (a preview) and after. Leaves the rows in the temporary table
    `recalled_row(export_id, row_id, authorisation_ids)`. Needs a transaction. Seven statements, and the question of
    each release (gate/question.py).
    """
    cursor.execute("DROP TABLE IF EXISTS reached_row, reached_pair, failing_part, recalled_row")
    productions = _productions(withdrawn)
    cursor.execute(_ROWS, {"party": party, "states": list(REACHABLE), "productions": productions})
    cursor.execute("ANALYZE reached_row (n, decision_id, export_id)")
    cursor.execute(_PAIRS)
    cursor.execute("ANALYZE reached_pair (n)")
    gather(cursor, candidates="reached_pair", party=party)
    failing = _failing(cursor, party, withdrawn, moment)
    cursor.execute(
        _FAILING,
        {
            "exports": [export for export, _ in failing],
            "capacities": [one.capacity for _, one in failing],
            "kinds": [one.material_kind for _, one in failing],
        },
    )
    cursor.execute("ANALYZE failing_part")
    cursor.execute(_RECALLED)
    cursor.execute("ANALYZE recalled_row (export_id, row_id)")
    cursor.execute("SELECT export_id, count(*) FROM recalled_row GROUP BY 1 ORDER BY 1")
    counts: dict[int, int] = dict(cursor.fetchall())
    exports = Export.objects.select_related("production", "recipient").in_bulk(counts)
    return tuple(Reach(exports[export], rows) for export, rows in counts.items())


def _productions(withdrawn: Collection[Authorisation]) -> list[int] | None:
    """The productions the records speak of; None: every one."""
    found = {record.production_id for record in withdrawn}
    return None if None in found else sorted(each for each in found if each is not None)


def _failing(
    cursor: CursorWrapper, party: int, withdrawn: Collection[Authorisation], moment: datetime
) -> list[tuple[int, Contribution]]:
    """The contributions of the party that fail without the withdrawn records, release by release."""
    cursor.execute(_PARTS)
    parts: dict[int, list[Contribution]] = defaultdict(list)
    for export_id, capacity, kind in cursor.fetchall():
        parts[export_id].append(Contribution(party, capacity, kind))
    gone = {record.pk for record in withdrawn}
    failing = []
    records = list(records_of([party]))
    exports = Export.objects.select_related("production", "recipient").in_bulk(parts)
    for export in exports.values():
        question = ask(
            production=export.production, purpose=export.purpose, profile=export.profile, recipient=export.recipient,
            on=utc_date(export.published_at or moment), moment=moment,
        )  # fmt: skip
        statements = [
            _without(each, moment) if each.id in gone else _undoubted(each)
            for each in (as_statement(record, on=question.on, moment=moment) for record in records)
        ]
        failing += [(export.pk, one) for one in parts[export.pk] if judge(question, one, statements).codes]
    return failing


def _undoubted(statement: Statement) -> Statement:
    """The statement as it stood before a withdrawal of it was asked for: what is only in doubt recalls nothing."""
    events = tuple(event for event in statement.events if event.state != AuthorisationState.UNKNOWN)
    return replace(statement, events=events)


def _without(statement: Statement, moment: datetime) -> Statement:
    """The statement as if it were withdrawn at `moment`, whatever its last event is."""
    last = max((event.id for event in statement.events), default=0)
    event = StateEvent(last + 1, AuthorisationState.WITHDRAWN.value, moment)
    return replace(statement, events=(*statement.events, event))

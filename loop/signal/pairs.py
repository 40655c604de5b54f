"""The rules of `rules.py` as set-wise SQL: which rows an export may contain, as of an audit checkpoint.

A test generates histories and proves that both give the same rows in the same order with the same counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

from loop.kernel.errors import NotValidError
from loop.signal.made import MADE
from loop.signal.rules import DEFAULT_POLICY, EVERY_DECISION, LATEST_PER_PERSON, LEAD_WINS, MAJORITY, NOT_MADE, POLICIES

PROFILES: Final = tuple(MADE)


class Cursor(Protocol):
    """What is used of a database cursor."""

    def execute(self, sql: str, params: Any = None, /) -> Any: ...

    def fetchall(self) -> list[tuple[Any, ...]]: ...


@dataclass(frozen=True, slots=True)
class Filters:
    """Which suggestions an order is about; an empty tuple does not filter. `models` are labels of model versions."""

    stages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    briefs: tuple[str, ...] = ()  # external ids


_NO_FILTERS: Final = Filters()

# Labels below the cut-off. A decision is dead when the one that names it in `supersedes` lies below the cut-off too.
_JUDGED: Final = """
CREATE TEMP TABLE candidates_judged ON COMMIT DROP AS
SELECT d.id, d.suggestion_id, s.brief_id, coalesce(d.on_behalf_of_id, d.decided_by_id) AS person, d.outcome,
       d.severity, coalesce(nullif(d.negative_kind, ''), 'explicit') AS negative_kind,
       d.decided_at, d.position, later.log_index IS NOT NULL AS dead
FROM loop_decision d
JOIN loop_audit_leaf leaf ON leaf.event_id = d.event_id AND leaf.log_index < %(cutoff)s
JOIN loop_suggestion s ON s.id = d.suggestion_id
LEFT JOIN loop_model_version m ON m.id = s.model_id
LEFT JOIN loop_brief b ON b.id = s.brief_id
LEFT JOIN loop_decision killer ON killer.supersedes_id = d.id
LEFT JOIN loop_audit_leaf later ON later.event_id = killer.event_id AND later.log_index < %(cutoff)s
WHERE d.production_id = %(production)s AND d.outcome IN ('accept', 'reject', 'revise')
  AND (%(stages)s::text[] IS NULL OR s.stage = ANY(%(stages)s))
  AND (%(kinds)s::text[] IS NULL OR s.kind = ANY(%(kinds)s))
  AND (%(models)s::text[] IS NULL OR m.label = ANY(%(models)s))
  AND (%(origins)s::text[] IS NULL OR s.origin = ANY(%(origins)s))
  AND (%(briefs)s::text[] IS NULL OR b.external_id = ANY(%(briefs)s))
"""

_LATEST: Final = """
SELECT DISTINCT ON (suggestion_id, person) * FROM candidates_judged WHERE NOT dead
ORDER BY suggestion_id, person, decided_at DESC NULLS LAST, position DESC, id DESC
"""

_EFFECTIVE: Final[dict[str, str]] = {
    EVERY_DECISION: "SELECT * FROM candidates_judged",
    LATEST_PER_PERSON: _LATEST,
    LEAD_WINS: f"SELECT * FROM ({_LATEST}) latest "  # noqa: S608  (no value enters the text)
    """
        WHERE person = (SELECT lead_id FROM loop_production WHERE id = %(production)s)""",
    MAJORITY: f"WITH latest AS ({_LATEST}), "  # noqa: S608
    """
        votes AS (SELECT suggestion_id, outcome, count(*) AS n FROM latest GROUP BY 1, 2),
        ranked AS (SELECT *, rank() OVER most AS place, count(*) OVER (PARTITION BY suggestion_id, n) AS tied
                   FROM votes WINDOW most AS (PARTITION BY suggestion_id ORDER BY n DESC))
        SELECT DISTINCT ON (suggestion_id) latest.*
        FROM latest JOIN ranked USING (suggestion_id, outcome)
        WHERE place = 1 AND tied = 1
        ORDER BY suggestion_id, decided_at ASC NULLS FIRST, position, id""",
}

_TABLE: Final = """
CREATE TEMP TABLE candidates (
    n bigint PRIMARY KEY, decision_id bigint NOT NULL, other_decision_id bigint, side text, pair_kind text,
    negative_kind text, label boolean, effective boolean NOT NULL
) ON COMMIT DROP
"""


def make_candidates(
    cursor: Cursor,
    *,
    profile: str,
    production_id: int,
    cutoff_size: int,
    labels: str = DEFAULT_POLICY,
    filters: Filters = _NO_FILTERS,
) -> dict[str, int]:
    """Create the temp table `candidates` of one profile and say how many rows were not made, by reason.

    Columns: n (1, 2, 3 ... in the order of suggestion id, decision id), decision_id (of a pair: the choosing one),
    other_decision_id (the rejecting one of a pair among candidates, else NULL), side (unpaired_preference: suggestion
    or revision), pair_kind (preference: revise or candidates), negative_kind (NULL unless a reject is meant), label
    (unpaired_preference), effective. Only decisions whose event has a log index below `cutoff_size` exist here.
    Call it within a transaction: the table is dropped at its end, and replaced by the next call.
    The reasons are `no_text`, `both_empty` and `identical`; all are always there.
    Raises NotValidError for an unknown profile or policy.
    """
    if profile not in PROFILES:
        raise NotValidError(f"profile: expected {' or '.join(PROFILES)}, found {profile!r}", field="profile")
    if labels not in POLICIES:
        raise NotValidError(f"labels: expected {' or '.join(POLICIES)}, found {labels!r}", field="labels")
    values = {
        "production": production_id,
        "cutoff": cutoff_size,
        "stages": list(filters.stages) or None,
        "kinds": list(filters.kinds) or None,
        "models": list(filters.models) or None,
        "origins": list(filters.origins) or None,
        "briefs": list(filters.briefs) or None,
        "every": labels == EVERY_DECISION,
        "shared": labels in (LEAD_WINS, MAJORITY),
    }
    cursor.execute("DROP TABLE IF EXISTS candidates, candidates_judged, candidates_effective, candidates_all")
    cursor.execute(_JUDGED, values)
    cursor.execute(f"CREATE TEMP TABLE candidates_effective ON COMMIT DROP AS {_EFFECTIVE[labels]}", values)
    cursor.execute("ANALYZE candidates_judged")
    cursor.execute("ANALYZE candidates_effective")
    cursor.execute(f"CREATE TEMP TABLE candidates_all ON COMMIT DROP AS {MADE[profile]}", values)
    cursor.execute(_TABLE)
    cursor.execute(
        """
        INSERT INTO candidates
        SELECT row_number() OVER (ORDER BY a, b, c, d), decision_id, other, side, pair_kind, negative_kind, label,
               effective
        FROM candidates_all WHERE reason IS NULL
        """
    )
    cursor.execute("SELECT reason, count(*) FROM candidates_all WHERE reason IS NOT NULL GROUP BY reason")
    not_made = dict.fromkeys(NOT_MADE, 0) | dict(cursor.fetchall())
    cursor.execute("DROP TABLE candidates_judged, candidates_effective, candidates_all")
    cursor.execute("ANALYZE candidates")
    return not_made

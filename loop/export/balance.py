"""How the rows of a release are spread over stages, kinds and models, and over outcomes within each of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.cache import cache
from django.db import connection

from loop.export.models import Export

ALL = "all"
BY: Mapping[str, str] = {ALL: "All rows", "stage": "Stage", "kind": "Kind", "model": "Model version"}
KEPT_S = 7 * 24 * 3600

_BALANCE = """
SELECT CASE WHEN GROUPING(s.stage) = 0 THEN 'stage' WHEN GROUPING(s.kind) = 0 THEN 'kind'
            WHEN GROUPING(m.label) = 0 THEN 'model' ELSE 'all' END,
       CASE WHEN GROUPING(s.stage) = 0 THEN s.stage WHEN GROUPING(s.kind) = 0 THEN s.kind
            WHEN GROUPING(m.label) = 0 THEN coalesce(m.label, '') ELSE '' END,
       d.outcome, count(*)
FROM loop_export_row r
JOIN loop_decision d ON d.id = r.decision_id
JOIN loop_suggestion s ON s.id = d.suggestion_id
LEFT JOIN loop_model_version m ON m.id = s.model_id
WHERE r.export_id = %s AND NOT EXISTS (SELECT FROM loop_export_row_dropped gone WHERE gone.row_id = r.id)
GROUP BY GROUPING SETS ((d.outcome), (d.outcome, s.stage), (d.outcome, s.kind), (d.outcome, m.label))
"""

Balance = Mapping[tuple[str, str], Mapping[str, int]]
"""{(by, value): {outcome: rows}}; by "all" has one value, "". """


@dataclass(frozen=True, slots=True)
class Drift:
    """Rows of one outcome ("": of any) under one value, in the old and the new release.

    Shares of an outcome are among the rows of the value, those of any outcome among the release's; None without rows.
    """

    by: str
    value: str
    outcome: str
    old_rows: int
    new_rows: int
    old_share: float | None
    new_share: float | None

    @property
    def difference(self) -> float | None:
        """New share less the old one."""
        return None if self.old_share is None or self.new_share is None else self.new_share - self.old_share


def balance_of(export: Export) -> Balance:
    """Counted over the frozen rows that are out, or would be. One query.

    A published release never changes, so what was counted is kept: the next to ask costs one look at the cache.
    """
    key = f"export-balance-1:{export.uid}"
    is_final = export.state == Export.State.PUBLISHED
    kept: Balance | None = cache.get(key) if is_final else None
    if kept is not None:
        return kept
    found: dict[tuple[str, str], dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_BALANCE, [export.pk])
        for by, value, outcome, rows in cursor.fetchall():
            found.setdefault((by, value), {})[outcome] = rows
    found = {
        name: dict(sorted(found[name].items())) for name in sorted(found, key=lambda name: (_place(name[0]), name))
    }
    if is_final:
        cache.set(key, found, KEPT_S)
    return found


def drift(old: Balance, new: Balance) -> list[Drift]:
    """Line by line, in the order of `BY`: each value, then its outcomes."""
    names = sorted(old.keys() | new.keys(), key=lambda name: (_place(name[0]), name))
    totals = [sum(each.get((ALL, ""), {}).values()) for each in (old, new)]
    lines = []
    for by, value in names:
        one, other = old.get((by, value), {}), new.get((by, value), {})
        sums = sum(one.values()), sum(other.values())
        if by != ALL:
            lines.append(Drift(by, value, "", *sums, _share(sums[0], totals[0]), _share(sums[1], totals[1])))
        for outcome in sorted(one.keys() | other.keys()):
            rows = one.get(outcome, 0), other.get(outcome, 0)
            lines.append(Drift(by, value, outcome, *rows, _share(rows[0], sums[0]), _share(rows[1], sums[1])))
    return lines


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _place(by: str) -> int:
    return list(BY).index(by)

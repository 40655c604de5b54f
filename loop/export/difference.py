"""What became of the rows of one release in another: added, removed, changed, and why. No file is read.

Two rows are the same row if they rest on the same decisions and show the same side, whatever they are called in their
releases. `changed` are those whose consent or label facts differ; decisions and texts never change, so a superseded
decision is a row removed and its successor a row added.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from loop.export import recipe as recipes
from loop.export.models import Export
from loop.export.rules import FILTERS, suppressed
from loop.kernel.errors import ConflictError

ADDED, REMOVED, CHANGED, SAME = "added", "removed", "changed", "same"
CHANGES = (ADDED, REMOVED, CHANGED)
CONSENT, RECIPE = "consent", "recipe"
WHY: Mapping[str, str] = {
    "new_decision": "decided since",
    "later_decision": "decided after the cut-off",
    "superseded": "a later decision took the place of one it rests on",
    "retracted": "a decision it rests on was taken back",
    CONSENT: "consent or policy, by the first rule that refuses or no longer refuses",
    "recalled": "recalled",
    "erased": "its text was erased",
    RECIPE: "the recipes differ",
    "label": "other decisions changed what the label policy makes",
}
PACKING = ("formats", "rows_per_shard")  # parts of a recipe that decide files and no row
TELLING = ("form", "splits", "split_seed")  # parts that decide how and where a row is told, not whether

# The rows that are out, or would be: frozen, and not dropped by the last check. Both sides go through the unique index
# of (export, position), and are then joined by hash.
_LIVE = """
SELECT r.* FROM loop_export_row r WHERE r.export_id = %({which})s
    AND NOT EXISTS (SELECT FROM loop_export_row_dropped gone WHERE gone.row_id = r.id)
"""
_CONSENT_FACTS = "({t}.authorisation_ids, {t}.expires_on, {t}.territory, {t}.uses)"
_LABEL_FACTS = "({t}.effective, {t}.pair_kind, {t}.negative_kind)"
_PAIRED = f"""
WITH paired AS MATERIALIZED (
    SELECT o.id AS old_id, n.id AS new_id, coalesce(o.decision_id, n.decision_id) AS decision_id,
        coalesce(o.other_decision_id, n.other_decision_id) AS other_id, coalesce(o.side, n.side) AS side,
        CASE WHEN n.id IS NULL THEN 'removed' WHEN o.id IS NULL THEN 'added'
             WHEN {_CONSENT_FACTS.format(t="o")} IS DISTINCT FROM {_CONSENT_FACTS.format(t="n")}
               OR {_LABEL_FACTS.format(t="o")} IS DISTINCT FROM {_LABEL_FACTS.format(t="n")} THEN 'changed'
             ELSE 'same' END AS change,
        {_CONSENT_FACTS.format(t="o")} IS DISTINCT FROM {_CONSENT_FACTS.format(t="n")} AS is_consent
    FROM ({_LIVE.format(which="old")}) o
    FULL JOIN ({_LIVE.format(which="new")}) n ON n.decision_id = o.decision_id
        AND coalesce(n.other_decision_id, 0) = coalesce(o.other_decision_id, 0) AND n.side = o.side
)
"""  # noqa: S608  (constants of this house)
_COUNTED = "SELECT change, count(*) FROM paired GROUP BY change"
_REFUSED = """
    SELECT decision_id, coalesce(other_decision_id, 0) AS other_id, min(code) AS code FROM (
        SELECT decision_id, other_decision_id, code FROM loop_export_exclusion WHERE export_id = %({which})s
        UNION ALL
        SELECT r.decision_id, r.other_decision_id, gone.code FROM loop_export_row r
        JOIN loop_export_row_dropped gone ON gone.row_id = r.id WHERE r.export_id = %({which})s
    ) each GROUP BY 1, 2
"""
_GONE = """NOT EXISTS (SELECT FROM loop_suggestion_text t WHERE t.suggestion_id = {d}.suggestion_id)
         OR ({d}.text_commit IS NOT NULL AND NOT EXISTS (SELECT FROM loop_decision_text t WHERE t.decision_id = {d}.id))
"""
# Joins and no look-ups a row: where half of a million rows differ, each of these is one pass.
_EXPLAINED = f"""
, refused_old AS MATERIALIZED ({_REFUSED.format(which="old")})
, refused_new AS MATERIALIZED ({_REFUSED.format(which="new")})
, recalled AS (
    SELECT DISTINCT rr.row_id FROM loop_recall_row rr JOIN loop_recall_notice notice ON notice.id = rr.notice_id
    WHERE notice.export_id = %(old)s
)
, killers AS (
    SELECT k.id, k.supersedes_id, k.outcome FROM loop_decision k
    JOIN loop_audit_leaf l ON l.event_id = k.event_id AND l.log_index < %(new_cut)s WHERE k.supersedes_id IS NOT NULL
)
, explained AS (
    SELECT p.*, d.uid AS decision_uid, e.uid AS other_uid,
        CASE p.change
        WHEN 'added' THEN CASE
            WHEN ro.code IS NOT NULL THEN 'consent'
            WHEN greatest(placed.log_index, placed_other.log_index) >= %(old_cut)s THEN 'new_decision'
            WHEN %(recipe)s = 1 THEN 'recipe' ELSE 'label' END
        WHEN 'removed' THEN CASE
            WHEN {_GONE.format(d="d")} OR (e.id IS NOT NULL AND ({_GONE.format(d="e")})) THEN 'erased'
            WHEN recalled.row_id IS NOT NULL THEN 'recalled'
            WHEN rn.code = 'TEXT_ERASED' THEN 'erased'
            WHEN rn.code IS NOT NULL THEN 'consent'
            WHEN greatest(placed.log_index, placed_other.log_index) >= %(new_cut)s THEN 'later_decision'
            WHEN 'retract' IN (killer.outcome, killer_other.outcome) THEN 'retracted'
            WHEN killer.id IS NOT NULL OR killer_other.id IS NOT NULL THEN 'superseded'
            WHEN %(recipe)s = 1 THEN 'recipe' ELSE 'label' END
        ELSE CASE WHEN p.is_consent THEN 'consent' WHEN %(recipe)s = 1 THEN 'recipe' ELSE 'label' END
        END AS why,
        CASE p.change WHEN 'added' THEN ro.code WHEN 'removed' THEN rn.code END AS code
    FROM paired p
    JOIN loop_decision d ON d.id = p.decision_id
    LEFT JOIN loop_decision e ON e.id = p.other_id
    JOIN loop_audit_leaf placed ON placed.event_id = d.event_id
    LEFT JOIN loop_audit_leaf placed_other ON placed_other.event_id = e.event_id
    LEFT JOIN refused_old ro ON ro.decision_id = p.decision_id AND ro.other_id = coalesce(p.other_id, 0)
        AND p.change = 'added'
    LEFT JOIN refused_new rn ON rn.decision_id = p.decision_id AND rn.other_id = coalesce(p.other_id, 0)
        AND p.change = 'removed'
    LEFT JOIN recalled ON recalled.row_id = p.old_id AND p.change = 'removed'
    LEFT JOIN killers killer ON killer.supersedes_id = p.decision_id AND p.change = 'removed'
    LEFT JOIN killers killer_other ON killer_other.supersedes_id = p.other_id AND p.change = 'removed'
    WHERE p.change <> 'same'
)
"""  # noqa: S608
_WHY = """
SELECT change, why, CASE WHEN why = 'consent' THEN coalesce(code, '') ELSE '' END, count(*) FROM explained
GROUP BY 1, 2, 3
UNION ALL SELECT 'same', '', '', count(*) FROM paired WHERE change = 'same'
"""
_LISTED = """
SELECT e.change, e.why, CASE WHEN e.why = 'consent' THEN coalesce(e.code, '') ELSE '' END, o.row_id, n.row_id,
    e.decision_uid::text, e.other_uid::text, e.side
FROM explained e LEFT JOIN loop_export_row o ON o.id = e.old_id LEFT JOIN loop_export_row n ON n.id = e.new_id
ORDER BY array_position(ARRAY['added', 'removed', 'changed'], e.change), o.position, n.position
"""


class NotComparableError(ConflictError):
    """The two releases have no rows in common by their nature, or none yet."""

    code = "not_comparable"


@dataclass(frozen=True, slots=True)
class Cause:
    """Rows of one change (added, removed, changed) that have one cause; `code` is the gate's where that is consent."""

    change: str
    why: str
    code: str
    rows: int | str  # text where the number is too small to be told


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the two orders that differs."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row that differs. `code` as in Cause."""

    change: str
    why: str
    code: str
    old_row_id: str | None
    new_row_id: str | None
    decision: str
    other_decision: str | None
    side: str


@dataclass(frozen=True, slots=True)
class Difference:
    """From `old` to `new`: how many rows, why, and what was ordered otherwise."""

    old: Export
    new: Export
    added: int
    removed: int
    changed: int
    same: int
    causes: tuple[Cause, ...]
    parts: tuple[Part, ...]


def difference(old: Export, new: Export, *, sees_codes: bool) -> Difference:
    """Compares the frozen rows of two releases of one production. One query.

    Without `sees_codes` (it is for whoever may see the registry) small numbers of rows by code of consent are
    suppressed; totals never are. Raises NotComparableError: one release with itself, two profiles, another production,
    or one whose membership is not frozen.
    """
    _check(old, new)
    with connection.cursor() as cursor:
        cursor.execute(_PAIRED + _EXPLAINED + _WHY, _values(old, new))
        found = [Cause(*row) for row in cursor.fetchall()]
    rows = {change: sum(int(each.rows) for each in found if each.change == change) for change in (*CHANGES, SAME)}
    causes = [each for each in found if each.change != SAME]
    return Difference(
        old=old, new=new, added=rows[ADDED], removed=rows[REMOVED], changed=rows[CHANGED], same=rows[SAME],
        causes=tuple(sorted(_told(causes, sees_codes=sees_codes), key=_place)),
        parts=differing_parts(old, new),
    )  # fmt: skip


def counted(old: Export, new: Export) -> tuple[int, int, int]:
    """(added, removed, changed), without the causes. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_PAIRED + _COUNTED, _values(old, new))
        rows: dict[str, int] = dict(cursor.fetchall())
    return rows.get(ADDED, 0), rows.get(REMOVED, 0), rows.get(CHANGED, 0)


def differing_rows(old: Export, new: Export, *, sees_codes: bool) -> Iterator[Row]:
    """Every row that differs: added, removed, changed, each in the order of its release. One query.

    Raises what `difference` raises, before the first row.
    """
    _check(old, new)
    with connection.cursor() as cursor:
        cursor.execute(_PAIRED + _EXPLAINED + _LISTED, _values(old, new))
        rows = [Row(*row) for row in cursor.fetchall()]
    for row in rows:
        yield row if sees_codes else Row(row.change, row.why, "", *_rest(row))


def differing_parts(old: Export, new: Export) -> tuple[Part, ...]:
    """The parts of the orders that differ, by name: what decides rows first, then what packs them."""
    one, other = _parts(old), _parts(new)
    return tuple(Part(name, one[name], other[name]) for name in one if one[name] != other[name])


def is_edited(old: Export, new: Export) -> bool:
    """Whether rows that both hold are told otherwise by the orders alone: another form, other rules, other splits."""
    names = (old.recipe.keys() | new.recipe.keys()) - {*PACKING, "filters", "format"}
    return old.policy_version != new.policy_version or any(old.recipe.get(n) != new.recipe.get(n) for n in names)


def _parts(export: Export) -> dict[str, str]:
    recipe: Mapping[str, Any] = export.recipe
    filters: Mapping[str, list[str]] = recipe.get("filters", {})
    names = {
        "labels": str(recipe.get("labels", "")),
        "form": str(recipe.get("form", recipes.STANDARD)),
        **{name: ", ".join(filters.get(name, [])) or "all" for name in FILTERS},
        "recipient": export.recipient.code,
        "purpose": export.purpose,
        "cut-off": str(export.checkpoint_size),
        "consent judged on": export.gate_date.isoformat(),
        "rules": export.policy_version,
    }
    known = {"labels", "form", "filters", "format", *PACKING}
    names |= {name: str(recipe[name]) for name in sorted(recipe.keys() - known)}
    names["formats"] = ", ".join(recipe.get("formats", [])) or recipes.PARQUET
    return names | {"rows a file": str(recipe.get("rows_per_shard", ""))}


def _check(old: Export, new: Export) -> None:
    if old.pk == new.pk:
        raise NotComparableError("expected two releases, found one twice")
    if old.production_id != new.production_id:
        raise NotComparableError("expected two releases of one production, found another production's")
    if old.profile != new.profile:
        raise NotComparableError(
            f"expected two releases of one profile, found {old.profile} and {new.profile}: their rows are not alike"
        )
    for each in (old, new):
        if each.frozen_at is None:
            raise NotComparableError(f"expected frozen rows, found none: E-{each.number} is {each.state}")


def _values(old: Export, new: Export) -> dict[str, int]:
    names = (old.recipe.keys() | new.recipe.keys()) - {"format", *TELLING, *PACKING}
    return {
        "old": old.pk, "new": new.pk, "old_cut": old.checkpoint_size, "new_cut": new.checkpoint_size,
        "recipe": int(any(old.recipe.get(name) != new.recipe.get(name) for name in names)),
    }  # fmt: skip


def _told(causes: list[Cause], *, sees_codes: bool) -> list[Cause]:
    if sees_codes:
        return causes
    told = [each for each in causes if not each.code]
    for change in CHANGES:
        by_code = {each.code: int(each.rows) for each in causes if each.code and each.change == change}
        told += [Cause(change, CONSENT, code, rows) for code, rows in suppressed(by_code).items()]
    return told


def _place(cause: Cause) -> tuple[int, int, str]:
    return CHANGES.index(cause.change), list(WHY).index(cause.why), cause.code


def _rest(row: Row) -> tuple[str | None, str | None, str, str | None, str]:
    return row.old_row_id, row.new_row_id, row.decision, row.other_decision, row.side

"""What a change of the registry would do to rows: the gate asked before and after it, and the change undone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.transaction import TransactionManagementError

from loop.consent.lock import database_moment
from loop.consent.models import Recipient, RecipientAgreement
from loop.export.models import Export
from loop.gate.question import ask
from loop.gate.sieve import sieve
from loop.kernel.clock import utc_date
from loop.material.models import Production

# n > 0: a decision that gives a signal now. n < 0: a published row, by its id.
_LIVE = """
CREATE TEMP TABLE compare_row ON COMMIT DROP AS
SELECT d.id AS n, d.id AS decision_id, NULL::bigint AS other_decision_id, NULL::bigint AS export_id
FROM loop_signal g JOIN loop_decision d ON d.id = g.decision_id
WHERE g.production_id = %(production)s
    AND NOT EXISTS (SELECT FROM loop_decision later WHERE later.supersedes_id = d.id)
    AND (d.decided_by_id = ANY(%(parties)s) OR d.on_behalf_of_id = ANY(%(parties)s) OR d.suggestion_id IN (
        SELECT suggestion_id FROM loop_suggestion_contribution WHERE contributor_id = ANY(%(parties)s)
        UNION ALL
        SELECT l.suggestion_id FROM loop_suggestion_material l
        JOIN loop_material_contribution c ON c.material_id = l.material_id WHERE c.contributor_id = ANY(%(parties)s)
        UNION ALL
        SELECT s.id FROM loop_suggestion s
        JOIN loop_brief_contribution c ON c.brief_id = s.brief_id WHERE c.contributor_id = ANY(%(parties)s)
        UNION ALL
        SELECT s.id FROM loop_suggestion s JOIN loop_brief_material l ON l.brief_id = s.brief_id
        JOIN loop_material_contribution c ON c.material_id = l.material_id WHERE c.contributor_id = ANY(%(parties)s)
    ))
"""
_RELEASED = """
INSERT INTO compare_row
SELECT -r.id, r.decision_id, r.other_decision_id, r.export_id FROM loop_export_row r
JOIN loop_export e ON e.id = r.export_id AND e.production_id = %(production)s AND e.state = 'published'
WHERE r.contributor_ids && %(parties)s::bigint[]
    AND NOT EXISTS (SELECT FROM loop_export_row_dropped gone WHERE gone.row_id = r.id)
"""
_ASKED = """
CREATE TEMP TABLE compare_asked ON COMMIT DROP AS
SELECT n, decision_id, other_decision_id FROM compare_row
WHERE export_id IS NULL OR export_id IN (
    SELECT id FROM loop_export WHERE recipient_id = %s AND purpose = %s AND production_id = %s
)
"""
_KEEP = "INSERT INTO compare_before SELECT %s, n, coalesce(code, '') FROM sieved"
_CHANGED = """
SELECT coalesce(r.export_id, 0), b.code, coalesce(a.code, ''), count(*)
FROM sieved a JOIN compare_before b ON b.pair = %s AND b.n = a.n JOIN compare_row r ON r.n = a.n
GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Effect:
    """What changes for one recipient and purpose, over the present signals that involve the parties.

    `before` and `after` count those that may leave. `codes`: (primary code, rows before, rows after), where the two
    differ. `released`: published releases with the number of rows that may be out now and no longer could.
    """

    recipient: Recipient
    purpose: str
    rows: int
    before: int
    after: int
    gained: int
    lost: int
    codes: tuple[tuple[str, int, int], ...]
    released: tuple[tuple[Export, int], ...]

    @property
    def changes(self) -> bool:
        """Whether anything does."""
        return bool(self.codes or self.gained or self.lost or self.released)


class _UndoneError(Exception):
    """Takes the change out again."""


def compare(
    *,
    production: Production,
    parties: Collection[int],
    asked: Sequence[tuple[Recipient, str]],
    change: Callable[[datetime], object],
) -> list[Effect]:
    """The effect of `change` on each (recipient, purpose) of `asked`, judged today; the change is undone.

    `change` gets the database's moment and writes whatever it likes. It runs in a savepoint that is rolled back, so
    nothing remains of it; files are its own affair. No profile is named: a condition on profiles counts as not met.
    Needs a transaction of the caller's; leaves temporary tables in it. Two passes of the gate for each pair, over the
    rows that involve the parties only.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("expected a transaction: the tables live as long as it does")
    values: dict[str, int | list[int]] = {"production": production.pk, "parties": sorted(parties)}
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS compare_row, compare_before, compare_asked")
        cursor.execute(_LIVE, values)
        cursor.execute(_RELEASED, values)
        cursor.execute("ANALYZE compare_row")
        cursor.execute("CREATE TEMP TABLE compare_before (pair int, n bigint, code text) ON COMMIT DROP")
        moment = database_moment()
        for pair, (recipient, purpose) in enumerate(asked):
            _ask(cursor, production, recipient, purpose, moment)
            cursor.execute(_KEEP, [pair])
        cursor.execute("ANALYZE compare_before")
        found: list[Effect] = []
        try:
            with transaction.atomic():
                moment = database_moment()
                change(moment)
                for pair, (recipient, purpose) in enumerate(asked):
                    _ask(cursor, production, recipient, purpose, moment)
                    cursor.execute(_CHANGED, [pair])
                    found.append(_effect(recipient, purpose, cursor.fetchall()))
                raise _UndoneError
        except _UndoneError:
            pass
    return found


def pairs(purposes: Iterable[str], *, moment: datetime, named: Collection[str] = ()) -> list[tuple[Recipient, str]]:
    """Who is worth asking about: recipients with an agreement in force for a purpose, and those `named` by code."""
    on = utc_date(moment)
    wanted = sorted(set(purposes))
    in_force = RecipientAgreement.objects.filter(signed_on__lte=on, valid_from__lte=on, valid_until__gte=on)
    listed: dict[int, set[str]] = {}
    for recipient_id, theirs in in_force.values_list("recipient_id", "purposes"):
        listed.setdefault(recipient_id, set()).update(theirs)
    return [
        (recipient, purpose)
        for recipient in Recipient.objects.order_by("code")
        for purpose in wanted
        if recipient.code in named or purpose in listed.get(recipient.pk, ())
    ]


def _ask(cursor: CursorWrapper, production: Production, recipient: Recipient, purpose: str, moment: datetime) -> None:
    question = ask(
        production=production, purpose=purpose, profile=None, recipient=recipient, on=utc_date(moment), moment=moment
    )
    cursor.execute("DROP TABLE IF EXISTS compare_asked")
    cursor.execute(_ASKED, [recipient.pk, purpose, production.pk])
    cursor.execute("ANALYZE compare_asked")
    sieve(cursor, candidates="compare_asked", question=question)


def _effect(recipient: Recipient, purpose: str, counted: Sequence[tuple[int, str, str, int]]) -> Effect:
    live = [(old, new, count) for export, old, new, count in counted if not export]
    out: dict[int, int] = {}
    for export, old, new, count in counted:
        if export and not old and new:
            out[export] = out.get(export, 0) + count
    exports = Export.objects.select_related("production", "recipient").in_bulk(out) if out else {}
    names = sorted({code for old, new, _ in live for code in (old, new) if code and old != new})
    codes = [
        (name, sum(c for old, _, c in live if old == name), sum(c for _, new, c in live if new == name))
        for name in names
    ]
    return Effect(
        recipient=recipient,
        purpose=purpose,
        rows=sum(count for _, _, count in live),
        before=sum(count for old, _, count in live if not old),
        after=sum(count for _, new, count in live if not new),
        gained=sum(count for old, new, count in live if old and not new),
        lost=sum(count for old, new, count in live if new and not old),
        codes=tuple(each for each in codes if each[1] != each[2]),
        released=tuple((exports[pk], out[pk]) for pk in sorted(out)),
    )

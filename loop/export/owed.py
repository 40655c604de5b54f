"""What falls due with a release: a line of the ledger for each record with a fee that the release's rows left under."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection
from django.db.models import Q, Sum

from loop.consent import fees, terms
from loop.consent.compensation import Entry, write_entry
from loop.consent.models import Authorisation, CompensationEntry
from loop.export.models import Export
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import utc_date

_ROWS = """
SELECT used.id, count(*) FROM loop_export_row r CROSS JOIN LATERAL unnest(r.authorisation_ids) AS used(id)
WHERE r.export_id = %(export)s AND r.authorisation_ids && %(records)s::bigint[]
    AND used.id = ANY(%(records)s::bigint[])
    AND NOT EXISTS (SELECT FROM loop_export_row_dropped gone WHERE gone.row_id = r.id)
GROUP BY used.id ORDER BY used.id
"""


def fall_due(export: Export, at: datetime) -> int:
    """Writes what publishing `export` at `at` makes due, in the caller's transaction; the number of lines.

    One line for each record with a `per_export_fee` or a `per_row_fee` (consent/fees.py) that published rows left
    under: rows that the last check dropped do not count. A release that replaces another owes for what it holds beyond
    it: no second fee for the export, and rows only where there are more of them. The caller publishes once, under the
    lock of consent. Rows are counted in one statement, and only if a record of the production promises such a fee.
    """
    about = Q(production=export.production_id) | Q(production=None)
    promising = Authorisation.objects.filter(about, compensation__term__in=terms.PER_RELEASE).select_related(
        "production"
    )
    records = {each.pk: each for each in promising if fees.is_per_release(each.compensation)}
    if not records:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {"export": export.pk, "records": list(records)})
        rows: dict[int, int] = dict(cursor.fetchall())
    before = _counted_before(export)
    lines = 0
    for pk, count in rows.items():
        record = records[pk]
        fresh = count - before.get(pk, 0)
        if pk in before and (record.compensation["term"] != fees.PER_ROW or fresh <= 0):
            continue
        amount, currency = fees.fee(record.compensation, fresh)
        line = Entry(
            CompensationEntry.Kind.DUE, None, export.uid, fresh, amount, currency,
            fees.due_on(record.compensation, utc_date(at)),
        )  # fmt: skip
        write_entry(record, line, None, SYSTEM, at)
        lines += 1
    return lines


def _counted_before(export: Export) -> Mapping[int, int]:
    """{record: rows} that lines of the releases which this one replaces, one after another, counted already."""
    replaced, earlier = [], export.replaces
    while earlier is not None:
        replaced.append(earlier.uid)
        earlier = earlier.replaces
    if not replaced:
        return {}
    found = CompensationEntry.objects.filter(kind=CompensationEntry.Kind.DUE, release__in=replaced)
    return {record: rows or 0 for record, rows in found.values_list("authorisation").annotate(counted=Sum("rows"))}

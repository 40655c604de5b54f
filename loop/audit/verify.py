"""Recomputes the log and holds the business tables against it."""

from collections.abc import Callable, Sequence

from loop.audit import verify_log, verify_rows, verify_texts
from loop.audit.keys import trusted as own_keys
from loop.audit.note import VerifierKey
from loop.audit.report import Report


def verify(
    *,
    trusted: Sequence[VerifierKey] | None = None,
    witnessed: Sequence[str] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Checks everything that the log claims, and that the tables still say what was logged.

    1. The log: entries hash to their leaves, the index is gapless, every checkpoint's root, frontier and signature
       follow from the leaves below it, nothing stands beyond the newest one, and every event is sealed or pending.
    2. Rows: each event's row exists, each row that needs an event has its own, digests equal commits, digests follow
       from the rows' columns, and facts recorded of append-only rows still hold.
    3. Texts and facts: each opens its commitment, or a text.erased event says why it is gone.

    `trusted` are the public keys that may have signed (default: this house's own, from its key folder, never from the
    database). `witnessed` are checkpoint notes kept outside: without one, whoever owns database and key could have
    rewritten everything, or cut off the end. Reads in pages: memory is bounded, the time is that of one pass over each
    table. Writers may go on meanwhile. Raises nothing for what it finds: it is in the report.
    """
    report = Report()
    keys = own_keys() if trusted is None else list(trusted)
    progress("log")
    verify_log.check(report, keys, witnessed)
    verify_rows.check(report, progress)
    verify_texts.check(report, progress)
    return report

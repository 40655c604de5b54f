"""The gate's question of a release: one production, purpose, profile and recipient, asked of a date and a moment."""

from datetime import UTC, date, datetime, time, timedelta

from loop.export.models import Export
from loop.gate.facts import Question
from loop.gate.question import ask
from loop.kernel.clock import utc_date


def at_freeze(export: Export, moment: datetime) -> Question:
    """The question of the order's own date.

    Events count that took effect by the end of that day, and for today by `moment`, the database's: the same order
    given again for a past day is judged the same way.
    """
    return _ask(export, export.gate_date, judged_at(export, moment))


def at_publish(export: Export, moment: datetime) -> Question:
    """The question of this moment: consent always wins up to publishing."""
    return _ask(export, utc_date(moment), moment)


def judged_at(export: Export, moment: datetime) -> datetime:
    """The moment whose states of authorisations the freeze at `moment` judged."""
    return min(moment, datetime.combine(export.gate_date + timedelta(days=1), time(), UTC))


def _ask(export: Export, on: date, moment: datetime) -> Question:
    return ask(
        production=export.production,
        purpose=export.purpose,
        profile=export.profile,
        recipient=export.recipient,
        on=on,
        moment=moment,
    )

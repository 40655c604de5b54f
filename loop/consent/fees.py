"""What a release makes due under a record, pure: the fee, its amount, and the day from which it is owed.

`per_export_fee` promises `amount` for each release, `per_row_fee` for each row of one. `due` says when: a date, or
"30 days" after the release; without it the fee is owed from the day of the release. A record whose status says that
nothing is owed (terms.SETTLED) owes nothing for a release either: the party was paid, or waived, in advance.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from loop.consent import terms

PER_ROW: Final = "per_row_fee"
MOST: Final = Decimal("999999999999.99")
DUE_AFTER: Final = re.compile(r"([0-9]{1,4}) days?", re.ASCII)
_AMOUNT: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?", re.ASCII)


def is_per_release(compensation: Mapping[str, object]) -> bool:
    """Whether the record promises a fee that falls due with a release."""
    return compensation.get("term") in terms.PER_RELEASE and compensation.get("status") not in terms.SETTLED


def fee(compensation: Mapping[str, object], rows: int) -> tuple[Decimal | None, str]:
    """Amount and currency for a release with `rows` rows under the record; (None, "") where they cannot be known.

    That is: no sound amount was recorded, or the product is more than the ledger holds. The line is due all the same.
    """
    text, currency = str(compensation.get("amount") or ""), str(compensation.get("currency") or "")
    if not _AMOUNT.fullmatch(text) or not currency:
        return None, ""
    each = Decimal(text)
    found = each * rows if compensation.get("term") == PER_ROW else each
    return (found, currency) if found <= MOST else (None, "")


def due_on(compensation: Mapping[str, object], released_on: date) -> date:
    """The first day on which the fee for a release of that day is owed: never before the release itself."""
    text = str(compensation.get("due") or "")
    after = DUE_AFTER.fullmatch(text)
    if after:
        return released_on + timedelta(days=int(after[1]))
    day = day_of(text)
    return released_on if day is None or day < released_on else day


def day_of(text: str) -> date | None:
    """The date that `due` names; None if it names none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None

"""Removing drafts that nobody came back for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from loop.decision.models import DecisionDraft
from loop.kernel.clock import now

KEPT: Final = timedelta(days=14)


def sweep_drafts(*, at: datetime | None = None) -> int:
    """Removes what was not touched for fourteen days, and says how many. Durable."""
    with transaction.atomic(durable=True):
        removed, _ = DecisionDraft.objects.filter(saved_at__lt=(at or now()) - KEPT).delete()
    return removed

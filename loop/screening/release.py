"""Letting go what was held back: a person's word, with a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError, NotValidError
from loop.material.models import Production
from loop.people.querysets import require
from loop.people.roles import Permission
from loop.screening.models import ScreenVerdict
from loop.screening.querysets import held_back
from loop.screening.verdict import record_verdict

MAX_REASON: Final = 2000


def release(
    *, verdict: ScreenVerdict, production: Production, reason: str, actor: Actor, at: datetime | None = None
) -> ScreenVerdict:
    """Releases the text that `verdict` holds back; the new verdict. Whether a row may leave is for the gate again.

    1. The production's row is locked, so that of two people who release the same text one comes too late.
    2. The verdict must be the one that counts: ConflictError for one that a later verdict answers, or that holds
       nothing back, or that is another production's.
    3. The word of release stands beside the finding, with who said it and why.

    Raises NotValidError without a reason, NotAllowedError without the permission for people and policy. Durable.
    """
    require(actor, production, Permission.MANAGE_PEOPLE)
    words = checked_reason(reason)
    moment = at or now()
    with transaction.atomic(durable=True):
        Production.objects.select_for_update().get(pk=production.pk)
        held = held_back(production).select_related("suggestion", "decision").filter(pk=verdict.pk).first()
        if held is None:
            raise ConflictError("verdict: expected one that holds a text back, found that it was answered already")
        return record_verdict(
            verdict=ScreenVerdict.Verdict.RELEASED, version=held.version, findings=held.findings, reason=words,
            suggestion=held.suggestion, decision=held.decision, actor=actor, production_id=production.pk, at=moment,
        )  # fmt: skip


def checked_reason(reason: str) -> str:
    """The words of a release. Raises NotValidError if there are none, or too many."""
    words = reason.strip()
    if not words or len(words) > MAX_REASON or "\x00" in words:
        raise NotValidError(f"reason: expected 1 to {MAX_REASON} characters, found {len(words)}", field="reason")
    return words

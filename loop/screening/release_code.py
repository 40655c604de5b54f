"""Letting go all that one finding alone holds back: a person's word, with a reason, on each text."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError
from loop.material.models import Production
from loop.people.querysets import require
from loop.people.roles import Permission
from loop.screening.models import ScreenVerdict
from loop.screening.querysets import held_alone_by
from loop.screening.release import checked_reason
from loop.screening.verdict import record_verdict

MOST: Final = 1_000  # texts at a time; the next call takes the next ones


def release_code(*, production: Production, code: str, reason: str, actor: Actor, at: datetime | None = None) -> int:
    """Releases every text that `code` alone holds back, `MOST` at a time, oldest first; how many.

    A text that another finding holds back too stays held: it wants a look of its own. Each gets a verdict and an event,
    as if it were released alone. Raises NotValidError without a reason, ConflictError if the code holds nothing back
    alone, NotAllowedError without the permission for people and policy. Durable.
    """
    require(actor, production, Permission.MANAGE_PEOPLE)
    words = checked_reason(reason)
    moment = at or now()
    with transaction.atomic(durable=True):
        show = Production.objects.select_for_update().get(pk=production.pk)
        held = held_alone_by(show, code)[:MOST]
        if not held:
            raise ConflictError(f"code: expected one that holds a text back alone, found {code[:80]!r}")
        for each in held:
            record_verdict(
                verdict=ScreenVerdict.Verdict.RELEASED, version=each.version, findings=each.findings, reason=words,
                suggestion=each.suggestion, decision=each.decision, actor=actor, production_id=show.pk, at=moment,
            )  # fmt: skip
    return len(held)

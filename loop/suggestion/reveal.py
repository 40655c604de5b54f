"""Unreleased text shown to somebody whose role sees it only by a recorded reveal."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from loop.audit.record import record
from loop.consent import checks
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.people.querysets import require
from loop.people.roles import Permission
from loop.suggestion.models import Suggestion, SuggestionText

MAX_BASIS: Final = 500  # characters


def reveal(*, suggestion: Suggestion, actor: Actor, basis: str, at: datetime | None = None) -> SuggestionText | None:
    """Records that `actor` has the text of `suggestion` revealed, and why; returns the text, None if it was erased.

    Source: product.md, "Who may do what": auditor and admin see unreleased text only so. One event in the same
    transaction, which is committed before anything can be shown; the basis is part of the event's erasable facts. The
    reveal counts for one showing of the suggestion with what was said of it: each further one is a further event.

    Raises NotAllowedError for a role that has no reveal (those who see the text anyway need none), NotFoundError for a
    production that `actor` may not know, NotValidError for a basis that is not 1 to 500 printable characters.
    """
    require(actor, suggestion.production, Permission.REVEAL_TEXT)
    basis = checks.named("basis", basis, MAX_BASIS)
    with transaction.atomic(durable=True):
        record(
            event="text.revealed", actor=actor, obj_table="loop_suggestion", obj_uid=suggestion.uid,
            production_id=suggestion.production_id, at=at or now(),
            facts={"basis": basis, "suggestion": suggestion.external_id},
        )  # fmt: skip
        return SuggestionText.objects.filter(suggestion=suggestion).first()

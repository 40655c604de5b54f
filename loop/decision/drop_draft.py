"""Removing a draft: it was decided, or emptied by hand."""

from __future__ import annotations

from django.db import transaction

from loop.decision.models import DecisionDraft
from loop.kernel.actor import Actor
from loop.suggestion.models import Suggestion


def drop_draft(*, suggestion: Suggestion, actor: Actor) -> bool:
    """Removes the login's draft of a suggestion. False if there was none. Durable."""
    if actor.user_id is None:
        return False
    with transaction.atomic(durable=True):
        removed, _ = DecisionDraft.objects.filter(user=actor.user_id, suggestion=suggestion).delete()
    return bool(removed)

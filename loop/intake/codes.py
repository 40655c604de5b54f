"""Codes that came with a file and become the production's own."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime

from loop.audit.record import record
from loop.decision.models import ProductionBeat, ProductionReason
from loop.decision.vocabulary import Vocabulary
from loop.kernel.actor import Actor
from loop.material.models import Production


def register(
    production: Production, vocabulary: Vocabulary, used: AbstractSet[str], *, actor: Actor, at: datetime
) -> tuple[list[str], list[str]]:
    """Adds the new reasons and beats of `vocabulary` that kept lines use; records each. Returns both lists of codes."""
    reasons = [code for code in vocabulary.new_reasons if code in used]
    beats = [code for code in vocabulary.new_beats if code in used]
    for code in reasons:
        label = vocabulary.new_reasons[code]
        ProductionReason.objects.create(production=production, code=code, label=label, created_at=at)
    for code in beats:
        ProductionBeat.objects.create(production=production, code=code, label=code, created_at=at)
    for event, codes in (("reason.registered", reasons), ("beat.registered", beats)):
        for code in codes:
            record(
                event=event,
                actor=actor,
                obj_table="loop_production",
                obj_uid=production.uid,
                production_id=production.pk,
                at=at,
                facts={"code": code},
            )
    return reasons, beats

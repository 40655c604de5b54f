"""Named reads of decisions and of the codes known to a production. No writes."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from loop.decision.models import Decision, DecisionDraft, ProductionBeat, ProductionReason
from loop.decision.vocabulary import Vocabulary, vocabulary
from loop.material.models import Production


def vocabulary_of(
    production_id: int, *, mapping: dict[str, str] | None = None, register: bool = False, is_history: bool = False
) -> Vocabulary:
    """The taxonomy with what the production added. Two queries.

    A deprecated reason is known only where history is brought in (`is_history`): nobody gives it any more.
    """
    reasons = ProductionReason.objects.filter(production_id=production_id)
    if not is_history:
        reasons = reasons.filter(deprecated_at=None)
    beats = ProductionBeat.objects.filter(production_id=production_id)
    return vocabulary(
        reasons.values_list("code", flat=True), beats.values_list("code", flat=True), mapping=mapping, register=register
    )


def in_order(decisions: QuerySet[Decision]) -> QuerySet[Decision]:
    """By the order that counts: `decided_at` (unknown first), position in the file, arrival."""
    return decisions.order_by(F("decided_at").asc(nulls_first=True), "position", "id")


def live(decisions: QuerySet[Decision]) -> QuerySet[Decision]:
    """Decisions that no later one names in `supersedes`."""
    return decisions.filter(~Exists(Decision.objects.filter(supersedes=OuterRef("pk"))))


def judged_by(decisions: QuerySet[Decision], contributor_id: int) -> QuerySet[Decision]:
    """Decisions that are this person's judgement: made on that person's behalf, or by that person for nobody else."""
    return decisions.annotate(person_id=Coalesce("on_behalf_of_id", "decided_by_id")).filter(person_id=contributor_id)


def own_live_verdict(suggestion_id: int, contributor_id: int) -> Decision | None:
    """The last live accept, reject, revise or skip of one person on one suggestion, None if there is none."""
    found = judged_by(live(Decision.objects.filter(suggestion_id=suggestion_id)), contributor_id)
    return in_order(found.exclude(outcome="retract")).last()


def as_it_stands(decision: Decision) -> Decision:
    """The live decision that says the same again after a gesture over it was undone, else `decision`. One query."""
    again = live(Decision.objects.filter(suggestion=decision.suggestion_id, context__repeats=str(decision.uid)))
    return again.order_by("id").last() or decision


def draft_of(suggestion_id: int, user_id: int) -> DecisionDraft | None:
    """What the login has begun to say of a suggestion, None if nothing. One query."""
    return DecisionDraft.objects.filter(suggestion=suggestion_id, user=user_id).first()


def drafts_of(user_id: int, productions: Iterable[Production]) -> QuerySet[DecisionDraft]:
    """Everything that the login has begun to say on these productions, the newest first."""
    return DecisionDraft.objects.filter(user=user_id, suggestion__production__in=productions).order_by(
        "-saved_at", "id"
    )

"""Named reads of what waits for whom. No writes.

A judgement belongs to a person: the one it was entered for, else the one who entered it. An item needs as many people's
labels as the policy's `reviewers_per_item`; a skip is nobody's label.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Greatest, NullIf

from loop.decision.models import Decision
from loop.decision.querysets import live
from loop.decision.rules import LABELLED
from loop.material.models import Production
from loop.people.models import Contributor, User
from loop.queue.models import Assignment, Claim, OpinionRequest, SavedView
from loop.queue.policy import policy_of
from loop.screening.querysets import suggestions_held_back

WAITING: Final = ""  # what nobody has to say: the queue of whoever judges
SKIPPED: Final = "skipped"
MINE: Final = "mine"
OPINION: Final = "opinion"
DISAGREED: Final = "disagreed"
ASSIGNED: Final = "assigned"
HELD: Final = "held"
ALL: Final = "all"

_PERSON: Final = Coalesce("on_behalf_of", "decided_by")


@dataclass(frozen=True, slots=True)
class Held:
    """A suggestion that others are being shown. `is_full`: as many as it still needs, so it is passed over."""

    names: str
    since: datetime
    is_full: bool


def verdicts(production: Production) -> QuerySet[Decision]:
    """Everybody's live verdicts, skips included."""
    return live(Decision.objects.filter(production=production).exclude(outcome="retract"))


def whose(me: Contributor | None) -> Q:
    """Verdicts that count as done by somebody: their judgement, or entered by them for somebody else."""
    return Q(decided_by=me) | Q(on_behalf_of=me) if me else Q(pk__in=[])


def assigned_to(person: Contributor) -> Exists:
    """Suggestions meant for a person, as a condition."""
    return Exists(Assignment.objects.filter(suggestion=OuterRef("pk"), contributor=person))


def is_assigned() -> Exists:
    """Suggestions meant for somebody, as a condition."""
    return Exists(Assignment.objects.filter(suggestion=OuterRef("pk")))


def open_requests(production: Production) -> QuerySet[OpinionRequest]:
    """Requests for a second opinion that nobody but the one who asks has met with a label since."""
    met = (
        verdicts(production)
        .filter(outcome__in=LABELLED, suggestion=OuterRef("suggestion"), recorded_at__gt=OuterRef("asked_at"))
        .annotate(person=_PERSON)
        .exclude(person=OuterRef("asked_by"))
    )
    return OpinionRequest.objects.filter(~Exists(met), suggestion__production=production)


def open_to(production: Production, me: Contributor) -> Q:
    """What may be handed to somebody, as a condition: whatever they said of it themselves.

    1. What is assigned waits for its assignees only, and for them however many have judged it.
    2. What has as many people's labels as the policy asks for waits for nobody else,
    3. unless a second opinion is asked for: it waits for everybody but the one who asks.
    4. What is held in quarantine is handed to nobody; opened on purpose, it can be judged.
    """
    meant_for_me = assigned_to(me)
    held_back = suggestions_held_back(production).filter(suggestion=OuterRef("pk"))
    found = (Q(meant_for_me) | ~Q(is_assigned())) & ~Q(Exists(held_back))
    reviewers = policy_of(production).reviewers_per_item
    if reviewers is not None:
        asked = open_requests(production).exclude(asked_by=me).values("suggestion")
        # Asked row by row: a list needs fifty of them, and a set of all that is judged would be made for each.
        labels = _labels(production, me).filter(suggestion=OuterRef("pk"))
        enough = labels.annotate(people=Count(_PERSON, distinct=True)).filter(people__gte=reviewers)
        found &= Q(meant_for_me) | Q(pk__in=asked) | ~Q(Exists(enough))
    return found


def state_of(production: Production, state: str, me: Contributor | None, *, at: datetime) -> Q:
    """One state of the queue as a condition on suggestions. `me` None: somebody who reads and judges nothing.

    What others disagree on, and that they do, is shown to a judge only where their own label stands, as long as the
    production judges blind.
    """
    mine = verdicts(production).filter(whose(me), suggestion=OuterRef("pk"))
    labelled = Exists(mine.filter(outcome__in=LABELLED))
    found = Q()
    if state == WAITING and me is not None:
        found = ~Q(Exists(mine)) & open_to(production, me)
    elif state == SKIPPED:
        found = Q(Exists(mine.filter(outcome="skip"))) & ~Q(labelled)
    elif state == MINE:
        found = Q(labelled)
    elif state == OPINION:
        asked = open_requests(production)
        asked = asked.exclude(asked_by=me) if me else asked
        found = Q(pk__in=asked.values("suggestion")) & ~Q(labelled)
        if (reviewers := policy_of(production).reviewers_per_item) is not None:
            found |= Q(pk__in=_split(_enough(production, me, reviewers))) & ~Q(labelled)
    elif state == DISAGREED:
        found = Q(pk__in=_split(_labels(production, None)))
        if me is not None and policy_of(production).blind_until_decided:
            found &= Q(labelled)
    elif state == ASSIGNED:
        found = (Q(assigned_to(me)) if me else Q(is_assigned())) & ~Q(labelled)
    elif state == HELD:
        found = Q(pk__in=claims_of_others(production, me, at=at).order_by().values("suggestion"))
    return found


def walked(production: Production, me: Contributor) -> Q:
    """The open queue with its judged rows, as a condition, so that one sees how far one is."""
    mine = verdicts(production).filter(whose(me), suggestion=OuterRef("pk"))
    return Q(Exists(mine)) | open_to(production, me)


def claims_of_others(production: Production, me: Contributor | None, *, at: datetime) -> QuerySet[Any, Any]:
    """Claims that count at the moment, oldest first, with `known_as`, the holder's name: the lease lasts, and whoever
    holds it has not given a label.
    """
    said = verdicts(production).filter(outcome__in=LABELLED, suggestion=OuterRef("suggestion"))
    has_said = said.filter(Q(decided_by=OuterRef("contributor")) | Q(on_behalf_of=OuterRef("contributor")))
    found = Claim.objects.filter(~Exists(has_said), suggestion__production=production, expires_at__gt=at)
    if me is not None:
        found = found.exclude(contributor=me)
    name = Coalesce(NullIf("contributor__name", Value("")), F("contributor__external_id"))
    named: QuerySet[Any, Any] = found.annotate(known_as=name)
    return named.order_by("claimed_at", "id")


def full(production: Production, me: Contributor, *, at: datetime) -> Exists:
    """Suggestions that need nobody beyond the others who hold them, as a condition: they are passed over.

    Never where everybody judges everything: there nobody claims.
    """
    reviewers = policy_of(production).reviewers_per_item or 0
    holding = claims_of_others(production, me, at=at).filter(suggestion=OuterRef("pk")).order_by()
    people: Any = holding.values("suggestion").annotate(people=Count("contributor", distinct=True))
    needed = Greatest(Value(1), Value(reviewers) - _people_who_said(production))
    return Exists(people.filter(people__gte=needed))


def held(production: Production, me: Contributor | None, *, at: datetime) -> dict[int, Held]:
    """What others are being shown at the moment, by suggestion. One query, of a few rows a person."""
    reviewers = policy_of(production).reviewers_per_item
    by_suggestion: dict[int, list[Any]] = {}
    for each in claims_of_others(production, me, at=at).annotate(judged=_people_who_said(production)):
        by_suggestion.setdefault(each.suggestion_id, []).append(each)
    return {
        suggestion: Held(
            names=" and ".join(dict.fromkeys(each.known_as for each in group)),
            since=group[0].claimed_at,
            is_full=reviewers is not None
            and len({each.contributor_id for each in group}) >= max(1, reviewers - group[0].judged),
        )
        for suggestion, group in by_suggestion.items()
    }


def _people_who_said(production: Production) -> Coalesce:
    """How many gave a label of the suggestion of a claim."""
    labels = verdicts(production).filter(outcome__in=LABELLED, suggestion=OuterRef("suggestion")).order_by()
    people = labels.values("suggestion").annotate(people=Count(_PERSON, distinct=True)).values("people")
    return Coalesce(Subquery(people), 0)


def _labels(production: Production, me: Contributor | None) -> QuerySet[Any, Any]:
    """Live labels by suggestion, those of others if `me` is given."""
    found = verdicts(production).filter(outcome__in=LABELLED)
    if me is not None:
        found = found.exclude(whose(me))
    return found.order_by().values("suggestion")


def _enough(production: Production, me: Contributor | None, reviewers: int) -> QuerySet[Any, Any]:
    """Suggestions that as many others as the policy asks for have judged."""
    counted: QuerySet[Any, Any] = _labels(production, me).annotate(people=Count(_PERSON, distinct=True))
    return counted.filter(people__gte=reviewers)


def _split(labels: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """Those among them whose labels differ."""
    counted: QuerySet[Any, Any] = labels.annotate(outcomes=Count("outcome", distinct=True))
    return counted.filter(outcomes__gt=1).values("suggestion")


def views_of(production: Production, user: User) -> QuerySet[SavedView]:
    """One's own views of the queue and those shared with the production, by name."""
    return SavedView.objects.filter(Q(owner=user) | Q(is_shared=True), production=production).order_by("name", "id")

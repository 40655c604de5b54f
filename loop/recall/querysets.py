"""Named reads of recall."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Case, IntegerField, Q, QuerySet, When

from loop.consent import terms
from loop.consent.models import Authorisation
from loop.export.models import Export
from loop.kernel.errors import NotFoundError
from loop.material.models import Production
from loop.people.models import Contributor
from loop.recall.models import RecallAck, RecallNotice


class Standing(StrEnum):
    """How far a notice is. Answered: some answer said that the copies are deleted, whenever it came."""

    OPEN = "open"
    OVERDUE = "overdue"
    ANSWERED = "answered"


ANSWERED = Q(pk__in=RecallAck.objects.filter(copies_deleted=True).values("notice"))


@dataclass(frozen=True, slots=True)
class Recall:
    """A notice as it stands at a moment, with its answers, oldest first. `answered` is the one that met the duty."""

    notice: RecallNotice
    standing: Standing
    answers: tuple[RecallAck, ...]
    answered: RecallAck | None

    @property
    def models(self) -> list[tuple[str, str]]:
        """(model, what was done about it) as the latest answers say, by name."""
        said = {str(each["id"]): str(each["action"]) for ack in self.answers for each in ack.models_affected}
        return sorted(said.items())


def notices() -> QuerySet[RecallNotice]:
    """Notices, newest first, with all that `recall_of` needs. Two queries once it is read."""
    found = RecallNotice.objects.select_related("export__recipient", "export__production")
    return found.prefetch_related("acks__evidence").order_by("-id")


def standing_at(standing: str, moment: datetime) -> Q:
    """The notices that stand so at `moment`; all of them for another word."""
    return {
        "": Q(),
        Standing.OPEN.value: ~ANSWERED & Q(deadline__gte=moment),
        Standing.OVERDUE.value: ~ANSWERED & Q(deadline__lt=moment),
        Standing.ANSWERED.value: ANSWERED,
    }.get(standing, Q())


def overdue_first(found: QuerySet[RecallNotice], moment: datetime) -> QuerySet[RecallNotice]:
    """The same notices with `late` (1: overdue at `moment`, else 0), overdue ones first, then the newest."""
    late = Case(When(standing_at(Standing.OVERDUE, moment), then=1), default=0, output_field=IntegerField())
    return found.annotate(late=late).order_by("-late", "-id")


def replacements_of(exports: Collection[int]) -> dict[int, Export]:
    """{release: the newest order that replaces it and has neither failed nor been cancelled}. One query."""
    dead = (Export.State.FAILED, Export.State.CANCELLED)
    found = Export.objects.filter(replaces__in=exports).exclude(state__in=dead).order_by("id")
    return {each.replaces_id: each for each in found if each.replaces_id is not None}


def recall_of(notice: RecallNotice, moment: datetime) -> Recall:
    """The notice as it stands at `moment`. No query if its answers are loaded."""
    answers = tuple(sorted(notice.acks.all(), key=lambda each: each.pk))
    answered = next((each for each in answers if each.copies_deleted), None)
    late = Standing.OVERDUE if notice.deadline < moment else Standing.OPEN
    return Recall(notice, late if answered is None else Standing.ANSWERED, answers, answered)


def records_of(party: Contributor, production: Production) -> list[Authorisation]:
    """The records of `party` that a withdrawal from `production` takes back, by id.

    All that are not withdrawn already and speak of the production; one that speaks of every production is among them,
    because the rows would leave under it. Raises NotFoundError if there is none.
    """
    speaking = Authorisation.objects.filter(party=party, production=production) | Authorisation.objects.filter(
        party=party, production=None
    )
    found = [each for each in speaking.prefetch_related("events").order_by("id") if not _is_withdrawn(each)]
    if not found:
        raise NotFoundError(
            f"party: expected an authorisation of {party} on {production.code} to withdraw, found none", field="party"
        )
    return found


def _is_withdrawn(authorisation: Authorisation) -> bool:
    newest = max(authorisation.events.all(), key=lambda event: (event.effective_at, event.id), default=None)
    return newest is not None and newest.state in terms.WITHDRAWN_STATES

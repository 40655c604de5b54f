"""Named reads of the registry: who a link belongs to, and which requests wait for an answer."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from loop.consent.link import digest_of
from loop.consent.models import ConsentAnswer, ConsentRequest, ContributorLink
from loop.kernel.errors import NotFoundError
from loop.material.models import Production
from loop.people.models import Contributor

NO_DOOR = "This link opens nothing."


class RequestState(StrEnum):
    """How far a request is. The newest answer counts; `deferred` still waits."""

    UNANSWERED = "unanswered"
    DEFERRED = "deferred"
    GIVEN = "given"
    REFUSED = "refused"
    EXPIRED = "expired"


def link_of(secret: str, *, at: datetime) -> ContributorLink:
    """The open link with this secret. One query.

    Unknown, ended and closed links raise the same NotFoundError: whoever tries learns nothing. Found by the digest,
    so that the time the search takes says nothing of how close a guess was.
    """
    return _open(ContributorLink.objects.filter(secret_sha256=digest_of(secret)), at)


def link_at(uid: UUID, *, at: datetime) -> ContributorLink:
    """The link, if it is open still; NotFoundError as `link_of`. One query."""
    return _open(ContributorLink.objects.filter(uid=uid), at)


def requests_of(production: Production, party: Contributor | None = None) -> QuerySet[ConsentRequest]:
    """What was asked, newest first, each with `said` and `said_at` of its newest answer (None: unanswered)."""
    newest = ConsentAnswer.objects.filter(request=OuterRef("pk")).order_by("-id")
    found = ConsentRequest.objects.filter(production=production)
    if party is not None:
        found = found.filter(party=party)
    return (
        found.annotate(said=Subquery(newest.values("answer")[:1]), said_at=Subquery(newest.values("answered_at")[:1]))
        .select_related("party", "notice")
        .order_by("-id")
    )


def state_of(request: ConsentRequest, today: date) -> RequestState:
    """How far a request of `requests_of` is on that day. No query."""
    said: str | None = getattr(request, "said", None)
    if said in (ConsentAnswer.Answer.GIVEN, ConsentAnswer.Answer.REFUSED):
        return RequestState(str(said))
    if request.valid_until < today:
        return RequestState.EXPIRED
    return RequestState.DEFERRED if said == ConsentAnswer.Answer.DEFERRED else RequestState.UNANSWERED


def in_state(state: str, today: date) -> Q:
    """The requests of `requests_of` that are so far; all of them for another word."""
    waits = Q(said=None) | Q(said=ConsentAnswer.Answer.DEFERRED)
    return {
        RequestState.UNANSWERED.value: Q(said=None, valid_until__gte=today),
        RequestState.DEFERRED.value: Q(said=ConsentAnswer.Answer.DEFERRED, valid_until__gte=today),
        RequestState.GIVEN.value: Q(said=ConsentAnswer.Answer.GIVEN),
        RequestState.REFUSED.value: Q(said=ConsentAnswer.Answer.REFUSED),
        RequestState.EXPIRED.value: waits & Q(valid_until__lt=today),
    }.get(state, Q())


def waiting(today: date, production: str = "production") -> Coalesce:
    """How many requests wait for an answer, as a column beside the rows whose `production` they are of.

    Unanswered or deferred, and not expired.
    """
    newest = ConsentAnswer.objects.filter(request=OuterRef("pk")).order_by("-id").values("answer")[:1]
    here = ConsentRequest.objects.filter(production=OuterRef(production), valid_until__gte=today)
    open_ones = here.annotate(said=Subquery(newest)).filter(Q(said=None) | Q(said=ConsentAnswer.Answer.DEFERRED))
    counted = open_ones.order_by().values("production").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)


def _open(found: QuerySet[ContributorLink], at: datetime) -> ContributorLink:
    link = found.select_related("contributor", "production").first()
    if link is None or link.revoked_at is not None or link.expires_at <= at:
        raise NotFoundError(NO_DOOR)
    return link

"""Named reads of approvals: what waits for a second person, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db.models import Q, QuerySet

from loop.consent.approval import require_approve
from loop.consent.models import ApprovalRequest, Authorisation
from loop.export.models import Export
from loop.kernel.actor import Actor
from loop.kernel.errors import NotAllowedError, NotFoundError
from loop.material.models import Production
from loop.people.models import Contributor
from loop.recall.propose import still_standing


class Standing(StrEnum):
    """How far a request is. Lapsed: the release ended otherwise, or the records were withdrawn otherwise."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    LAPSED = "lapsed"


ENDED = (Export.State.PUBLISHED, Export.State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Approval:
    """A request as it stands now, with the release or the records it is about."""

    request: ApprovalRequest
    standing: Standing
    export: Export | None = None
    party: Contributor | None = None
    records: tuple[Authorisation, ...] = ()

    @property
    def is_decided(self) -> bool:
        """Whether somebody approved or refused it."""
        return self.standing in {Standing.APPROVED, Standing.REFUSED}

    @property
    def subject(self) -> str:
        """What it is about, in words."""
        return f"E-{self.export.number}" if self.export else f"withdrawal of {self.party or 'a party'}"


def requests_about(*productions: Production) -> QuerySet[ApprovalRequest]:
    """The requests that concern these productions, newest first, with their decisions and the log's facts."""
    about = Q(production__in=productions)
    for each in productions:
        about |= Q(production=None, asked__productions__contains=[each.code])
    found = ApprovalRequest.objects.filter(about).order_by("-id")
    return found.select_related("decision__event__payload", "event__payload", "production")


def approvals(requests: Iterable[ApprovalRequest]) -> list[Approval]:
    """Each request as it stands, in the same order. At most five queries, whatever their number."""
    found = list(requests)
    releases = [each.subject for each in found if each.kind == ApprovalRequest.Kind.RELEASE]
    uids = {UUID(uid) for each in found for uid in each.asked.get("authorisations", ())}
    related = Export.objects.select_related("production", "recipient", "ordered_by")
    exports = {each.uid: each for each in related.filter(uid__in=releases)} if releases else {}
    records = {each.uid: each for each in _records(uids)} if uids else {}
    return [_approval(each, exports, records) for each in found]


def waiting(*productions: Production) -> list[Approval]:
    """What waits for a second person on these productions, oldest first. One query where nothing does."""
    open_ones = approvals(requests_about(*productions).filter(decision=None).order_by("id"))
    return [each for each in open_ones if each.standing is Standing.WAITING]


def concerned(request: ApprovalRequest) -> list[Production]:
    """The productions whose consent officer it needs."""
    if request.production is not None:
        return [request.production]
    return list(Production.objects.filter(code__in=request.asked["productions"]).order_by("code"))


def obstacle(request: ApprovalRequest, actor: Actor) -> str:
    """Why `actor` may not decide it, as a sentence; "" for whoever may."""
    try:
        for production in concerned(request):
            require_approve(actor, production, asked_by=request.asked_by)
    except NotAllowedError as error:
        return str(error)
    except NotFoundError:
        return "It reaches releases of another production, whose consent officer approves it."
    return ""


def export_of(request: ApprovalRequest) -> Export:
    """The release that a request is about."""
    return Export.objects.get(uid=request.subject)


def records_of_request(request: ApprovalRequest) -> list[Authorisation]:
    """The records that a request is about, by id, with their events."""
    return _records({UUID(uid) for uid in request.asked["authorisations"]})


def reason_of(request: ApprovalRequest) -> str:
    """Why it was asked for, as long as that is not erased."""
    return _reason(request)


def word_on(request: ApprovalRequest) -> str:
    """What the second person said about it, as long as that is not erased."""
    return _reason(request.decision) if hasattr(request, "decision") else ""


def _reason(row: object) -> str:
    payload = getattr(getattr(row, "event", None), "payload", None)
    return str(payload.facts.get("reason", "")) if payload is not None else ""


def _records(uids: Iterable[UUID]) -> list[Authorisation]:
    found = Authorisation.objects.filter(uid__in=list(uids)).select_related("party", "production", "evidence")
    return list(found.prefetch_related("events").order_by("id"))


def _approval(request: ApprovalRequest, exports: dict[UUID, Export], records: dict[UUID, Authorisation]) -> Approval:
    about = tuple(records[UUID(uid)] for uid in request.asked.get("authorisations", ()))
    export = exports.get(request.subject)
    if hasattr(request, "decision"):
        standing = Standing.APPROVED if request.decision.approved else Standing.REFUSED
    elif export is not None:
        standing = Standing.LAPSED if export.state in ENDED else Standing.WAITING
    else:
        standing = Standing.WAITING if still_standing(about) else Standing.LAPSED
    return Approval(request, standing, export, about[0].party if about else None, about)

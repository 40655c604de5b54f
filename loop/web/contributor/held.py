"""What the door's pages say of requests and records: sentences and words, worked out here and not in templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from loop.consent import terms, wording
from loop.consent.models import (
    Authorisation,
    AuthorisationEvent,
    ConsentAnswer,
    ConsentRequest,
    ContributorLink,
    Recipient,
)  # fmt: skip
from loop.consent.querysets import RequestState, requests_of, state_of
from loop.kernel.clock import utc_date

Recipients = Mapping[str, Recipient]


@dataclass(frozen=True, slots=True)
class Question:
    """One use asked for. `already`: whom the party allows it to now; `said`: what it answered, "" if nothing yet.

    `ends_already`: a refusal here would end that too, because those who ask are among them (recall/refusal.py).
    """

    purpose: str
    name: str
    sentence: str
    already: tuple[str, ...]
    ends_already: bool
    said: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the party reads it."""

    request: ConsentRequest
    state: RequestState
    questions: tuple[Question, ...]
    recipients: tuple[str, ...]
    direction: str
    worth: str
    said_at: datetime | None
    needs_guardian: bool
    errors: tuple[str, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether it wants an answer."""
        return self.state in (RequestState.UNANSWERED, RequestState.DEFERRED)


@dataclass(frozen=True, slots=True)
class Held:
    """A record of the party as it stands. `allows`: it allows something, so it can be withdrawn while `is_open`."""

    record: Authorisation
    uses: tuple[tuple[str, str], ...]
    recipients: tuple[str, ...]
    basis: str
    standing: str
    since: datetime | None
    is_open: bool
    is_in_force: bool
    allows: bool
    worth: str
    on_withdrawal: tuple[str, ...]


def records(link: ContributorLink) -> QuerySet[Authorisation]:
    """Every record of the link's party that speaks of its production, newest first. Two queries."""
    here = Q(production=link.production) | Q(production=None)
    found = Authorisation.objects.filter(here, party=link.contributor).select_related(
        "evidence", "notice", "production", "party", "supersedes"
    )
    return found.prefetch_related("events").order_by("-id")


def held(found: Iterable[Authorisation], moment: datetime, known: Recipients) -> list[Held]:
    """The records in words. No query if their events are loaded."""
    return [_held(each, moment, known) for each in found]


def asked(link: ContributorLink, current: Iterable[Held], moment: datetime, known: Recipients) -> list[Asked]:
    """What the party was asked, what waits first; requests that ended unanswered are left out. Three queries."""
    today = utc_date(moment)
    found = requests_of(link.production, link.contributor).prefetch_related("answers__authorisation")
    minor = link.contributor.minor_until is not None and link.contributor.minor_until > today
    standing = [each for each in current if each.is_in_force]
    listed = [_asked(each, standing, today, known, needs_guardian=minor) for each in found]
    return sorted((each for each in listed if each.state != RequestState.EXPIRED), key=lambda each: not each.waits)


def recipients() -> Recipients:
    """Everybody registered, by code. One query."""
    return {each.code: each for each in Recipient.objects.all()}


def called(code: str, known: Recipients) -> str:
    """What a recipient is called, and where it is: "Larkspur Labs (outside the studio)"."""
    found = known.get(code)
    return f"{found.name or code} ({wording.RECIPIENT_KINDS[found.kind]})" if found else code


def worth_of(compensation: Mapping[str, object]) -> str:
    """What is paid, in words."""
    if not compensation:
        return "Nothing is paid for it."
    term = str(compensation.get("term", "")).replace("_", " ")
    amount = " ".join(str(compensation[key]) for key in ("amount", "currency") if compensation.get(key))
    due = f", due {compensation['due']}" if compensation.get("due") else ""
    status = f" ({compensation['status']})" if compensation.get("status") else ""
    return f"{term}{': ' if amount else ''}{amount}{due}{status}"


def _asked(
    request: ConsentRequest,
    standing: Iterable[Held],
    today: date,
    known: Recipients,
    *,
    needs_guardian: bool,
) -> Asked:
    last = max(request.answers.all(), key=lambda each: each.pk, default=None)
    return Asked(
        request=request,
        state=state_of(request, today),
        questions=tuple(
            Question(
                purpose, wording.purpose_name(purpose), wording.purpose_sentence(purpose),
                *_allowed_to(purpose, standing, request, known), _said(last, purpose),
            )
            for purpose in terms.PURPOSES
            if purpose in request.uses
        ),
        recipients=tuple(called(code, known) for code in request.recipients),
        direction=wording.direction(request.notice.language),
        worth=worth_of(request.compensation),
        said_at=last.answered_at if last else None,
        needs_guardian=needs_guardian,
    )  # fmt: skip


def _said(last: ConsentAnswer | None, purpose: str) -> str:
    if last is None or last.answer == ConsentAnswer.Answer.DEFERRED:
        return ""
    uses = last.authorisation.uses if last.authorisation else {}
    return terms.ALLOWED if uses.get(purpose, {}).get("value") == terms.ALLOWED else terms.NOT_ALLOWED


def _allowed_to(
    purpose: str, standing: Iterable[Held], request: ConsentRequest, known: Recipients
) -> tuple[tuple[str, ...], bool]:
    """Whom records in force allow the purpose to, and whether those who ask are among them."""
    kinds = {known[code].kind for code in request.recipients if code in known}
    found: dict[str, None] = {}
    is_asked = False
    for each in standing:
        if each.record.uses.get(purpose, {}).get("value") in (terms.ALLOWED, terms.CONSTRAINED):
            found |= dict.fromkeys(each.recipients)
            is_asked |= bool(set(each.record.recipients) & set(request.recipients))
            is_asked |= bool(set(each.record.recipient_kinds) & kinds)
    return tuple(found), is_asked


def _held(found: Authorisation, moment: datetime, known: Recipients) -> Held:
    newest = max((each for each in found.events.all() if each.effective_at <= moment), key=_order, default=None)
    state = newest.state if newest else ""
    today = utc_date(moment)
    given = state in terms.PERMITTING_STATES
    in_force = given and found.valid_from <= today <= found.valid_until
    values = {str(use.get("value")) for use in found.uses.values()}
    return Held(
        record=found,
        uses=tuple(
            (wording.purpose_name(purpose), wording.value_word(str(found.uses[purpose].get("value"))))
            for purpose in terms.PURPOSES
            if purpose in found.uses
        ),
        recipients=(
            *(called(code, known) for code in found.recipients),
            *(f"every recipient {wording.RECIPIENT_KINDS.get(kind, kind)}" for kind in found.recipient_kinds),
        ),
        basis=wording.BASES.get(found.basis, found.basis),
        standing=_words(state, found, today, given=given),
        since=newest.effective_at if newest and not given else None,
        is_open=bool(state) and state not in terms.WITHDRAWN_STATES,
        is_in_force=in_force,
        allows=values != {terms.NOT_ALLOWED},
        worth=worth_of(found.compensation),
        on_withdrawal=tuple(
            wording.ON_WITHDRAWAL[each]
            for each in terms.ON_WITHDRAWAL
            if each in (found.on_withdrawal or terms.ON_WITHDRAWAL[:3])
        ),
    )


def _words(state: str, found: Authorisation, today: date, *, given: bool) -> str:
    if given and today > found.valid_until:
        return "ended"
    if given and today < found.valid_from:
        return "not yet in force"
    return wording.STATES.get(state, "not given")


def _order(event: AuthorisationEvent) -> tuple[datetime, int]:
    return event.effective_at, event.pk

"""The use case of the contributor's door: a request is answered, and an earlier answer with it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from django.db import transaction

from loop.consent import checks, terms
from loop.consent.answer import evidence_of, read_answers, record_answer
from loop.consent.evidence import Document, store_evidence
from loop.consent.lock import hold
from loop.consent.models import Authorisation, AuthorisationState, ConsentAnswer, ConsentRequest
from loop.consent.permission import require_authorise
from loop.consent.recording import GrantTerms, record_authorisations
from loop.kernel.actor import Actor
from loop.kernel.clock import utc_date
from loop.kernel.errors import ConflictError, NotValidError
from loop.recall.refusal import denials
from loop.recall.scope import WithdrawalReport
from loop.recall.withdraw import withdraw_held

REASON: Final = "answered again"
METHOD: Final = "the contributor's own link, or a word to the consent officer"


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer did. `authorisations`: what stands now, none where silence denies all that was refused.

    `withdrawal`: what the earlier answer's records reached; None if there were none. `is_new` False: the same had been
    answered before.
    """

    answer: ConsentAnswer
    authorisations: tuple[Authorisation, ...]
    withdrawal: WithdrawalReport | None = None
    is_new: bool = True


def answer_request(
    *, request: ConsentRequest, answers: Mapping[str, str], actor: Actor, later: bool = False, granted_by: str = ""
) -> Answered:
    """Records what the party answers, use by use: {purpose: allowed | notAllowed}. Durable.

    In one transaction, the lock of publishing first:

    1. The same answer as the one that stands changes nothing.
    2. What was shown and answered is kept as evidence; what is allowed becomes an authorisation (basis consent), and
       the refusals that must win (refusal.py) another one beside it: taking back the first does not lift the second.
       `granted_by` names who signs for a minor.
    3. The records of an earlier answer are withdrawn; every released row that the new ones do not carry is recalled.
    4. The answer is written down. With `later` nothing but this happens: the party wants to decide later.

    Raises NotValidError with the field (`uses.<purpose>`, `granted_by`), ConflictError if the request has expired or
    something stands and `later` is asked for, NotAllowedError for anybody but the party and a consent officer.
    """
    require_authorise(actor, request.production, [request.party])
    said = {} if later else read_answers(request, answers)
    signer = checks.named("granted_by", granted_by, 200) if granted_by.strip() else ""
    with transaction.atomic(durable=True):
        at = hold([request.production_id])
        today = utc_date(at)
        if request.valid_until < today:
            raise ConflictError(
                f"The request ended on {request.valid_until}; ask the production to send it again.", field="valid_until"
            )
        _needs_guardian(request, said, signer, today)
        last = request.answers.select_related("authorisation").order_by("-id").first()
        standing = _standing(last)
        if last is not None and _is_same(last, standing, said):
            return Answered(last, tuple(standing), is_new=False)
        if later and any(_allowed(each) for each in standing):
            raise ConflictError("Something is allowed already; withdraw it instead.", field="later")
        document = evidence_of(request, said, actor=actor, granted_by=signer, at=at)
        recorded = [
            record_authorisations(parties=[request.party], given=given, actor=actor, at=at)[0]
            for given in _terms(request, said, document, standing, signer, at)
        ]
        withdrawal = None
        if standing:
            withdrawal = withdraw_held(
                authorisations=standing, actor=actor, state=AuthorisationState.WITHDRAWN, reason=REASON, at=at
            )
        answer = record_answer(
            request=request, answer=_word(said), authorisation=recorded[0] if recorded else None, actor=actor, at=at,
            evidence=store_evidence(document=document, actor=actor, production_id=request.production_id, at=at),
        )  # fmt: skip
    return Answered(answer, tuple(recorded), withdrawal)


def _terms(
    request: ConsentRequest,
    said: Mapping[str, str],
    document: Document,
    standing: Sequence[Authorisation],
    signer: str,
    at: datetime,
) -> list[GrantTerms]:
    """One record for what is allowed, one for the denials, neither if empty."""
    today = utc_date(at)
    denied = denials(
        party=request.party, production=request.production, recipients=request.recipients, on=today, moment=at,
        refused=[purpose for purpose, value in said.items() if value == terms.NOT_ALLOWED],
        replaced=[each.pk for each in standing],
    )  # fmt: skip
    allowed = [purpose for purpose, value in said.items() if value == terms.ALLOWED]
    common = GrantTerms(
        production=request.production,
        uses=dict.fromkeys(denied, terms.NOT_ALLOWED),
        basis=Authorisation.Basis.CONSENT,
        evidence=document,
        valid_from=today,
        valid_until=request.valid_until,
        recipients=request.recipients,
        granted_by=signer,
        representative_proof="named in the answer" if signer else "",
        withdrawal_method=METHOD,
        on_withdrawal=terms.ON_WITHDRAWAL[:3],
        notice=request.notice,
    )
    granted = replace(
        common, uses=dict.fromkeys(allowed, terms.ALLOWED), compensation=request.compensation,
        supersedes=next((each for each in standing if _allowed(each)), None),
    )  # fmt: skip
    return [each for each in (granted, common) if each.uses]


def _standing(last: ConsentAnswer | None) -> list[Authorisation]:
    """The records of the last answer that were not withdrawn since: they share its evidence. Two queries."""
    if last is None or last.authorisation is None:
        return []
    records = Authorisation.objects.filter(
        party=last.authorisation.party_id, evidence=last.authorisation.evidence_id
    ).select_related("party", "production")
    return [each for each in records.prefetch_related("events").order_by("id") if not _is_withdrawn(each)]


def _is_withdrawn(record: Authorisation) -> bool:
    newest = max(record.events.all(), key=lambda event: (event.effective_at, event.pk), default=None)
    return newest is not None and newest.state in terms.WITHDRAWN_STATES


def _allowed(record: Authorisation) -> set[str]:
    return {purpose for purpose, use in record.uses.items() if use["value"] == terms.ALLOWED}


def _is_same(last: ConsentAnswer, standing: Sequence[Authorisation], said: Mapping[str, str]) -> bool:
    """Given and withdrawn since, to give it again is a new answer; what was refused or put off stays so."""
    held = {purpose for each in standing for purpose in _allowed(each)}
    return last.answer == _word(said) and held == {use for use, value in said.items() if value == terms.ALLOWED}


def _word(said: Mapping[str, str]) -> str:
    if not said:
        return ConsentAnswer.Answer.DEFERRED
    return ConsentAnswer.Answer.GIVEN if terms.ALLOWED in said.values() else ConsentAnswer.Answer.REFUSED


def _needs_guardian(request: ConsentRequest, said: Mapping[str, str], signer: str, today: date) -> None:
    is_minor = request.party.minor_until is not None and request.party.minor_until > today
    if is_minor and terms.ALLOWED in said.values() and not signer:
        raise NotValidError("granted_by: expected the name of the parent or guardian, found none", field="granted_by")

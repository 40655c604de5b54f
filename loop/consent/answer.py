"""What a party answers to a request: read, kept as evidence, written down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from loop.audit.record import record
from loop.consent import terms, wording
from loop.consent.evidence import Document, document_of
from loop.consent.models import Authorisation, ConsentAnswer, ConsentRequest, Evidence, Recipient
from loop.kernel.actor import Actor
from loop.kernel.canonical import Json, canonical
from loop.kernel.clock import rfc3339
from loop.kernel.errors import NotValidError

KIND = "link_answer"
FORM = "circled-answer/1"


def read_answers(request: ConsentRequest, answers: Mapping[str, str]) -> dict[str, str]:
    """{purpose: allowed | notAllowed} for each purpose asked, in alphabetical order.

    Raises NotValidError with the field `uses.<purpose>` for one that is missing, was not asked or has another value:
    nothing is assumed of a question left open.
    """
    for purpose in sorted(set(answers) - set(request.uses)):
        raise NotValidError(f"uses.{purpose}: expected a use that was asked for", field=f"uses.{purpose}")
    found = {}
    for purpose in sorted(request.uses):
        value = answers.get(purpose, "")
        if value not in (terms.ALLOWED, terms.NOT_ALLOWED):
            raise NotValidError(
                f"uses.{purpose}: expected {terms.ALLOWED} or {terms.NOT_ALLOWED}, found {value or 'no answer'}",
                field=f"uses.{purpose}",
            )
        found[purpose] = value
    return found


def evidence_of(
    request: ConsentRequest, answers: Mapping[str, str], *, actor: Actor, granted_by: str, at: datetime
) -> Document:
    """What was shown and what was answered, as canonical JSON: the same answer at the same moment is the same bytes."""
    names = dict(Recipient.objects.filter(code__in=request.recipients).values_list("code", "name"))
    shown: Json = {
        "form": FORM,
        "request": str(request.uid),
        "production": {"code": request.production.code, "title": request.production.title},
        "party": str(request.party.uid),
        "notice": {
            "version": request.notice.version,
            "language": request.notice.language,
            "sha256": request.notice.text_sha256,
        },
        "questions": [
            {"use": use, "name": wording.purpose_name(use), "sentence": wording.purpose_sentence(use)}
            for use in sorted(request.uses)
        ],
        "recipients": [{"code": code, "name": names.get(code, code)} for code in sorted(request.recipients)],
        "valid_until": request.valid_until.isoformat(),
        "compensation": dict(request.compensation),
        "answers": dict(answers),
        "signed_for_the_party_by": granted_by,
        "answered_at": rfc3339(at),
        "by": actor.pid,
    }
    return document_of(f"answer-{request.uid}.json", canonical(shown), kind=KIND, signed_at=at, method=_method(actor))


def record_answer(
    *,
    request: ConsentRequest,
    answer: str,
    authorisation: Authorisation | None,
    evidence: Evidence,
    actor: Actor,
    at: datetime,
) -> ConsentAnswer:
    """Writes the answer down beside the request, in the caller's transaction. The newest answer counts."""
    event = record(
        event="consent.answered", actor=actor, obj_table="loop_consent_request", obj_uid=request.uid,
        production_id=request.production_id, at=at,
        facts={
            "answer": answer, "authorisation": None if authorisation is None else str(authorisation.uid),
            "evidence_sha256": evidence.sha256,
        },
    )  # fmt: skip
    return ConsentAnswer.objects.create(
        request=request, answer=answer, authorisation=authorisation, event=event, answered_at=at
    )


def link_uid(actor: Actor) -> UUID | None:
    """The link that `actor` came by, if any."""
    kind, _, uid = actor.pid.partition(":")
    return UUID(uid) if kind == "link" else None


def _method(actor: Actor) -> str:
    return "own link" if link_uid(actor) else "recorded for the party"

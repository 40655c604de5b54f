"""Asking parties for their consent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

from loop.audit.record import record
from loop.consent import checks
from loop.consent.lock import database_moment
from loop.consent.models import ConsentRequest, Notice, Recipient
from loop.consent.permission import require_authorise
from loop.consent.querysets import RequestState, in_state, requests_of
from loop.kernel.actor import Actor
from loop.kernel.canonical import Json
from loop.kernel.clock import utc_date
from loop.kernel.errors import ConflictError, NotAllowedError, NotValidError
from loop.kernel.ids import uuid7
from loop.material.models import Production
from loop.people.models import Contributor


def ask_parties(
    *,
    parties: Iterable[Contributor],
    production: Production,
    uses: Iterable[str],
    recipients: Iterable[str],
    valid_until: date,
    notice: Notice,
    actor: Actor,
    compensation: Mapping[str, Json] | None = None,
    at: datetime | None = None,
) -> list[ConsentRequest]:
    """Records that each of `parties` was asked for `uses` by `recipients` (codes), until `valid_until`. Durable.

    All parties or none. `notice` is the text they are shown; `compensation` what is offered, as an authorisation has
    it. It gives nobody anything: until a party answers, silence denies.
    Raises NotValidError with the field: no party, a party twice or one whose work was erased, an unknown purpose or
    digital_replica, no or an unknown recipient, a day that has passed, a fee without a term; ConflictError if a party
    was asked the very same and has not answered; NotAllowedError for anybody but a consent officer.
    """
    everybody = list(parties)
    if not everybody:
        raise NotValidError("party: expected at least one, found none", field="party")
    if actor.party_id is not None:
        raise NotAllowedError("A link asks nobody for anything.")
    require_authorise(actor, production, everybody)
    if len({each.pk for each in everybody}) != len(everybody):
        raise NotValidError("party: expected each party once, found one of them twice", field="party")
    asked = checks.purposes("uses", uses)
    codes = _registered(recipients)
    offered = checks.compensation(compensation or {})
    with transaction.atomic(durable=True):
        present = database_moment()
        moment = min(at, present) if at else present
        today = utc_date(present)
        if valid_until < today:
            raise NotValidError(
                f"valid_until: expected {today} (today) or later, found {valid_until}", field="valid_until"
            )
        for party in everybody:
            _may_be_asked(party, production, asked, codes, today)
        return [
            _one(party, production, asked, codes, valid_until, notice, offered, actor, moment) for party in everybody
        ]


def _one(
    party: Contributor,
    production: Production,
    uses: list[str],
    recipients: list[str],
    valid_until: date,
    notice: Notice,
    compensation: dict[str, Json],
    actor: Actor,
    at: datetime,
) -> ConsentRequest:
    uid = uuid7()
    event = record(
        event="consent.requested", actor=actor, obj_table="loop_consent_request", obj_uid=uid,
        production_id=production.pk, at=at,
        facts={
            "uses": list(uses), "recipients": list(recipients), "party": str(party.uid),
            "valid_until": valid_until.isoformat(), "notice": str(notice.uid), "notice_sha256": notice.text_sha256,
            "compensation": compensation,
        },
    )  # fmt: skip
    return ConsentRequest.objects.create(
        uid=uid, party=party, production=production, uses=uses, recipients=recipients, valid_until=valid_until,
        notice=notice, compensation=compensation, event=event, sent_at=at,
    )  # fmt: skip


def _may_be_asked(
    party: Contributor, production: Production, uses: Sequence[str], recipients: Sequence[str], today: date
) -> None:
    if party.erasures.filter(production=production).exists():
        raise NotValidError(
            f"party: expected somebody with work on {production.code}; what {party.external_id} left there was erased",
            field="party",
        )
    same = requests_of(production, party).filter(
        in_state(RequestState.UNANSWERED, today), uses=uses, recipients=recipients
    )
    open_one = same.first()
    if open_one is not None:
        raise ConflictError(
            f"party: {party.external_id} was asked the same on {open_one.sent_at:%Y-%m-%d} and has not answered;"
            " a new link leads to that request too",
            field="party",
        )


def _registered(recipients: Iterable[str]) -> list[str]:
    asked = sorted(set(recipients))
    if not asked:
        raise NotValidError("recipients: expected at least one recipient, found none", field="recipients")
    known = set(Recipient.objects.filter(code__in=asked).values_list("code", flat=True))
    for code in asked:
        if code not in known:
            raise NotValidError(f"recipients: expected a registered recipient, found {code!r}", field="recipients")
    return asked

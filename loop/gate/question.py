"""Puts the gate's question together from what is recorded."""

from datetime import date, datetime

from loop.consent.models import Recipient
from loop.gate.facts import Agreement, ProductionFacts, Question, RecipientFacts
from loop.material.models import Production


def ask(
    *,
    production: Production,
    purpose: str,
    profile: str | None,
    recipient: Recipient | None,
    on: date,
    moment: datetime,
) -> Question:
    """The question whether rows of `production` may go to `recipient` for `purpose` in the shape `profile`.

    The recipient's agreements and the production's blocks are read now, whatever the caller's objects hold: two
    queries (one without a recipient). `moment` should be the database's (consent/lock.py) where it decides anything.
    """
    show = Production.objects.get(pk=production.pk)
    facts = None
    if recipient is not None:
        facts = RecipientFacts(
            code=recipient.code,
            kind=recipient.kind,
            agreements=tuple(
                Agreement(
                    signed_on=agreement.signed_on,
                    valid_from=agreement.valid_from,
                    valid_until=agreement.valid_until,
                    purposes=frozenset(agreement.purposes),
                    places=frozenset(agreement.places),
                )
                for agreement in recipient.agreements.order_by("id")
            ),
        )
    return Question(
        purpose=purpose,
        profile=profile,
        recipient=facts,
        production=ProductionFacts(
            id=show.pk,
            status=show.status,
            exports_allowed=show.exports_allowed,
            legal_hold=show.legal_hold,
            embargo_until=show.embargo_until,
        ),
        on=on,
        moment=moment,
    )

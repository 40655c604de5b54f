"""Puts the gate's question together from what is recorded."""

from datetime import date, datetime

from django.db.models import Q

from loop.consent.models import GuildNotice, Recipient, RecipientDuty
from loop.gate.facts import Agreement, ProductionFacts, Question, RecipientFacts
from loop.material.models import Production
from loop.people.models import Contributor


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

    The recipient's agreements and the production's blocks are read now, whatever the caller's objects hold: at most
    five queries. `moment` should be the database's (consent/lock.py) where it decides anything.
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
                    retention_days=agreement.retention_days,
                    use_days=agreement.use_days,
                )
                for agreement in recipient.agreements.order_by("id")
            ),
            overdue=RecipientDuty.objects.filter(recipient=recipient, due_at__lt=moment)
            .exclude(met__met_at__lte=moment)
            .count(),
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
            guilds=frozenset(show.guilds),
            guilds_told=_told(show, recipient, on, moment),
        ),
        on=on,
        moment=moment,
        minors=frozenset(Contributor.objects.filter(minor_until__gt=on).values_list("pk", flat=True)),
    )


def _told(show: Production, recipient: Recipient | None, on: date, moment: datetime) -> frozenset[str]:
    """The guilds with a notice for this recipient, or for whoever receives, sent by that date."""
    if not show.guilds:
        return frozenset()
    found = GuildNotice.objects.filter(production=show, sent_on__lte=on, recorded_at__lte=moment)
    meant = Q(recipient__isnull=True) | Q(recipient=recipient) if recipient else Q(recipient__isnull=True)
    return frozenset(found.filter(meant).values_list("guild", flat=True))

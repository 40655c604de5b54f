"""What a withdrawal would reach, before anybody decides on it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, transaction

from loop.consent.lock import hold
from loop.consent.models import Authorisation
from loop.kernel.actor import Actor
from loop.recall.scope import WithdrawalReport, party_of, permit, productions_of, report_of
from loop.recall.trace import trace


def preview(*, authorisations: Sequence[Authorisation], actor: Actor) -> WithdrawalReport:
    """What `withdraw` of the same records would reach now. Writes nothing."""
    party = party_of(authorisations)
    permit(actor, authorisations, party)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        moment = hold(productions_of(authorisations))
        reached = trace(cursor, party=party.pk, withdrawn=authorisations, moment=moment)
    return report_of(authorisations, reached)

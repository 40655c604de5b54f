"""Recording what a party allows or forbids."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from loop.consent.lock import database_moment
from loop.consent.models import Authorisation
from loop.consent.recording import GrantTerms, record_authorisations
from loop.kernel.actor import Actor
from loop.people.models import Contributor


def grant(*, party: Contributor, given: GrantTerms, actor: Actor, at: datetime | None = None) -> Authorisation:
    """Records one authorisation of `party` with its evidence, in force as Given from `at` (default: now).

    Durable; see `record_authorisations` for what is checked, written and refused.

    The clock is the database's, so that an export ordered next sees it; a later `at` counts as now, because an event
    in the future would outlive a withdrawal. When it begins to apply is `valid_from`.
    """
    return grant_many(parties=[party], given=given, actor=actor, at=at)[0]


def grant_many(
    *, parties: Iterable[Contributor], given: GrantTerms, actor: Actor, at: datetime | None = None
) -> list[Authorisation]:
    """Records one authorisation for each of `parties`, sharing the evidence, in one transaction; see `grant`."""
    everybody = list(parties)
    with transaction.atomic(durable=True):
        present = database_moment()
        return record_authorisations(
            parties=everybody, given=given, actor=actor, at=min(at, present) if at else present
        )

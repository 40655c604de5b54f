"""Recording what a party allows or forbids."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from loop.consent.lock import database_moment
from loop.consent.models import Authorisation
from loop.consent.recording import GrantTerms, checked, record_authorisations
from loop.consent.repeats import repeats
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
    *,
    parties: Iterable[Contributor],
    given: GrantTerms,
    actor: Actor,
    at: datetime | None = None,
    only_new: bool = False,
) -> list[Authorisation]:
    """Records one authorisation for each of `parties`, sharing the evidence, in one transaction; see `grant`.

    `only_new` leaves out parties of whom the same paper says the same already: so everybody can be recorded once more
    when somebody joined. The answer is empty if there is nobody else.
    """
    everybody = list(parties)
    with transaction.atomic(durable=True):
        if only_new and everybody:
            known = {each.party_id for each in repeats(everybody, given, checked(everybody, given, actor))}
            fresh = [each for each in everybody if each.pk not in known]
            if not fresh:
                return []
            everybody = fresh
        present = database_moment()
        return record_authorisations(
            parties=everybody, given=given, actor=actor, at=min(at, present) if at else present
        )

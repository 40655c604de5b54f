"""Named reads of recall."""

from __future__ import annotations

from loop.consent import terms
from loop.consent.models import Authorisation
from loop.kernel.errors import NotFoundError
from loop.material.models import Production
from loop.people.models import Contributor


def records_of(party: Contributor, production: Production) -> list[Authorisation]:
    """The records of `party` that a withdrawal from `production` takes back, by id.

    All that are not withdrawn already and speak of the production; one that speaks of every production is among them,
    because the rows would leave under it. Raises NotFoundError if there is none.
    """
    speaking = Authorisation.objects.filter(party=party, production=production) | Authorisation.objects.filter(
        party=party, production=None
    )
    found = [each for each in speaking.prefetch_related("events").order_by("id") if not _is_withdrawn(each)]
    if not found:
        raise NotFoundError(
            f"party: expected an authorisation of {party} on {production.code} to withdraw, found none", field="party"
        )
    return found


def _is_withdrawn(authorisation: Authorisation) -> bool:
    newest = max(authorisation.events.all(), key=lambda event: (event.effective_at, event.id), default=None)
    return newest is not None and newest.state in terms.WITHDRAWN_STATES

"""Letting go of what one was being shown."""

from loop.people.models import Contributor
from loop.queue.models import Claim
from loop.suggestion.models import Suggestion


def release(*, suggestion: Suggestion, person: Contributor) -> None:
    """Ends the person's claim of the suggestion, if there is one: whoever has answered holds it no longer.

    Joins the caller's transaction, so that the answer appears and the claim goes at the same moment. One query.
    """
    Claim.objects.filter(suggestion=suggestion, contributor=person).delete()

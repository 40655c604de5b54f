"""Whether a record adds anything to what the same paper already says of a party."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from loop.consent import terms
from loop.consent.models import Authorisation
from loop.kernel.canonical import Json
from loop.kernel.errors import ConflictError
from loop.people.models import Contributor

if TYPE_CHECKING:
    from loop.consent.recording import GrantTerms


def repeats(parties: Sequence[Contributor], given: GrantTerms, fields: Mapping[str, Json]) -> list[Authorisation]:
    """The records of `parties` that stand, say exactly the same by the same document, and overlap in time. Two queries.

    One that was withdrawn, has expired or was never given does not stand.
    """
    same = Authorisation.objects.filter(
        party__in=parties, production=given.production, evidence__sha256=given.evidence.sha256, notice=given.notice,
        evidence__kind=given.evidence.kind, valid_from__lte=given.valid_until, valid_until__gte=given.valid_from,
        **fields,
    )  # fmt: skip
    found = same.select_related("party").prefetch_related("events").order_by("id")
    return [each for each in found if _stands(each)]


def adds_something(parties: Sequence[Contributor], given: GrantTerms, fields: Mapping[str, Json]) -> None:
    """Raises ConflictError if a record would only repeat one that stands, for a time that overlaps."""
    known = repeats(parties, given, fields)
    if known:
        first = known[0]
        raise ConflictError(
            f"valid_from: expected a time without a record of {first.party} that says the same by the same document,"
            f" found {first.uid} from {first.valid_from} to {first.valid_until}; name it as superseded or renewed",
            field="valid_from",
        )


def _stands(record: Authorisation) -> bool:
    newest = max(record.events.all(), key=lambda event: (event.effective_at, event.pk), default=None)
    return newest is not None and newest.state in terms.PERMITTING_STATES

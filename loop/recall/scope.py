"""What a withdrawal concerns: whose records, which productions to hold, which releases it reaches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from loop.consent.models import Authorisation, AuthorisationEvent, AuthorisationState
from loop.consent.permission import require_withdraw
from loop.export.models import Export
from loop.kernel.actor import Actor
from loop.kernel.errors import NotValidError
from loop.people.models import Contributor
from loop.people.querysets import require
from loop.people.roles import Permission
from loop.recall.models import RecallNotice
from loop.recall.trace import Reach


@dataclass(frozen=True, slots=True)
class WithdrawalReport:
    """What a withdrawal did, or would do.

    `published`: releases that are recalled, `notices` one for each; `in_progress`: releases not yet published that
    will leave the rows out. A preview has neither events nor notices.
    """

    authorisations: tuple[Authorisation, ...]
    published: tuple[Reach, ...]
    in_progress: tuple[Reach, ...]
    events: tuple[AuthorisationEvent, ...] = ()
    notices: tuple[RecallNotice, ...] = ()


def report_of(
    authorisations: Iterable[Authorisation],
    reached: Iterable[Reach],
    events: Iterable[AuthorisationEvent] = (),
    notices: Iterable[RecallNotice] = (),
) -> WithdrawalReport:
    """The report of releases reached, published ones apart from those in progress."""
    everything = tuple(reached)
    return WithdrawalReport(
        authorisations=tuple(authorisations),
        published=tuple(each for each in everything if each.export.state == Export.State.PUBLISHED),
        in_progress=tuple(each for each in everything if each.export.state != Export.State.PUBLISHED),
        events=tuple(events),
        notices=tuple(notices),
    )


def party_of(authorisations: Sequence[Authorisation]) -> Contributor:
    """Whose records they are. Raises NotValidError unless they are those of one party."""
    parties = {each.party_id for each in authorisations}
    if len(parties) != 1:
        raise NotValidError(
            f"authorisation: expected records of one party, found {len(parties)} parties", field="authorisation"
        )
    return authorisations[0].party


def permit(
    actor: Actor,
    authorisations: Iterable[Authorisation],
    party: Contributor,
    state: str = AuthorisationState.WITHDRAWN,
) -> None:
    """Raises NotAllowedError unless `actor` may withdraw for `party` wherever the records speak.

    What somebody else took back (revoked, invalidated) is not the party's to record: a consent officer does.
    """
    for production in {each.production for each in authorisations}:
        require_withdraw(actor, production, [party])
        if state != AuthorisationState.WITHDRAWN and production is not None:
            require(actor, production, Permission.WITHDRAW)


def productions_of(authorisations: Collection[Authorisation]) -> list[int]:
    """The productions to hold: none stands for all of them (consent/lock.py)."""
    ids = [each.production_id for each in authorisations]
    return [] if None in ids else [each for each in ids if each is not None]

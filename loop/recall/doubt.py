"""Records whose withdrawal waits for a second person: nothing more leaves under them until that person has answered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from loop.consent.models import ApprovalRequest, Authorisation, AuthorisationEvent, AuthorisationState
from loop.consent.state import append_state
from loop.consent.terms import PERMITTING_STATES
from loop.kernel.actor import Actor


def cast_doubt(authorisations: Iterable[Authorisation], *, actor: Actor, at: datetime) -> None:
    """Sets those that permit to unknown from `at`, in the caller's transaction, which holds the lock of publishing.

    Somebody has said that they were taken back: until it is settled, that is enough to keep the rows in the house.
    """
    for each in authorisations:
        newest = _newest(each)
        if newest is not None and newest.state in PERMITTING_STATES:
            _set(each, AuthorisationState.UNKNOWN, newest, actor, at)


def clear_doubt(
    request: ApprovalRequest, authorisations: Iterable[Authorisation], *, actor: Actor, at: datetime
) -> None:
    """Gives those that are unknown the state back that they had before, unless another request about them waits."""
    for each in authorisations:
        events = sorted(each.events.all(), key=_order, reverse=True)
        before = next((event for event in events if event.state in PERMITTING_STATES), None)
        if not events or events[0].state != AuthorisationState.UNKNOWN or before is None:
            continue
        others = ApprovalRequest.objects.filter(
            kind=ApprovalRequest.Kind.WITHDRAWAL, decision=None, asked__authorisations__contains=[str(each.uid)]
        )
        if not others.exclude(pk=request.pk).exists():
            _set(each, AuthorisationState(before.state), events[0], actor, at)


def _set(
    authorisation: Authorisation, state: AuthorisationState, newest: AuthorisationEvent, actor: Actor, at: datetime
) -> None:
    # Never before the newest event, should the clock have been set back: the newest must win.
    append_state(
        authorisation=authorisation, state=state, effective_at=max(at, newest.effective_at), actor=actor, at=at
    )


def _newest(authorisation: Authorisation) -> AuthorisationEvent | None:
    return authorisation.events.order_by("-effective_at", "-id").first()  # read anew: the lock may have been waited for


def _order(event: AuthorisationEvent) -> tuple[datetime, int]:
    return event.effective_at, event.pk

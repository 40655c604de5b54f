"""Taking an authorisation back. Only loop/recall calls this: without its trace a withdrawal is half of one."""

from datetime import datetime

from loop.consent.models import Authorisation, AuthorisationEvent, AuthorisationState
from loop.consent.state import append_state
from loop.consent.terms import WITHDRAWN_STATES
from loop.kernel.actor import Actor
from loop.kernel.errors import ConflictError, NotValidError


def withdraw(
    *, authorisation: Authorisation, state: str, actor: Actor, at: datetime, reason: str
) -> AuthorisationEvent:
    """Records that `authorisation` is withdrawn, revoked or invalidated from `at`, in the caller's transaction.

    The caller holds the production's lock and took `at` from the database under it.
    Raises NotValidError for another state, ConflictError if it is withdrawn already (`at` included).
    """
    if state not in WITHDRAWN_STATES:
        raise NotValidError(f"state: expected one of {', '.join(WITHDRAWN_STATES)}, found {state}", field="state")
    newest = authorisation.events.order_by("-effective_at", "-id").first()
    if newest is not None and newest.state in WITHDRAWN_STATES:
        raise ConflictError(
            f"The authorisation {authorisation.uid} is {newest.get_state_display().lower()} already,"
            f" since {newest.effective_at:%Y-%m-%d %H:%M} UTC.",
            field="authorisation",
        )
    # No event is dated later than the database's clock, except by a clock that was set back: the newest must win.
    effective_at = max(at, newest.effective_at) if newest is not None else at
    return append_state(
        authorisation=authorisation,
        state=AuthorisationState(state),
        effective_at=effective_at,
        actor=actor,
        at=at,
        reason=reason,
    )

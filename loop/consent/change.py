"""What becomes of a record later, short of being taken back: deferred, refused, or ended before its last day."""

from __future__ import annotations

from django.db import transaction

from loop.consent import terms
from loop.consent.compensation import held_by
from loop.consent.lock import hold
from loop.consent.models import Authorisation, AuthorisationEvent, AuthorisationState
from loop.consent.permission import require_authorise
from loop.consent.state import append_state
from loop.kernel.actor import Actor
from loop.kernel.errors import ConflictError, NotValidError


def change_state(*, authorisation: Authorisation, state: str, actor: Actor, reason: str = "") -> AuthorisationEvent:
    """Records that `authorisation` is in `state` from now on, by the database's clock. Durable.

    Which state may follow which says terms.MAY_FOLLOW. None of them permits: what is given or renewed is a record of
    its own, with evidence (`grant`), and what the party takes back goes through `recall.withdraw`, which recalls what
    left. Holds the lock of publishing first: a release is published before it, or checked after it.
    Raises NotValidError for a state that cannot be recorded here, ConflictError for one that cannot follow the present
    one, NotAllowedError for anybody but a consent officer of the production and the party itself.
    """
    require_authorise(actor, authorisation.production, [authorisation.party])
    known = sorted({each for following in terms.MAY_FOLLOW.values() for each in following})
    if state not in known:
        raise NotValidError(f"state: expected one of {', '.join(known)}; found {state!r}", field="state")
    with transaction.atomic(durable=True):
        at = hold(held_by(authorisation))
        newest = authorisation.events.order_by("-effective_at", "-id").first()
        present = newest.state if newest else ""
        if state not in terms.MAY_FOLLOW.get(present, ()):
            follows = ", ".join(terms.MAY_FOLLOW.get(present, ())) or "nothing"
            raise ConflictError(
                f"state: expected {follows} to follow {present or 'no state'}, found {state}", field="state"
            )
        # Never before the newest event, should the clock have been set back: the newest must win.
        effective_at = max(at, newest.effective_at) if newest else at
        return append_state(
            authorisation=authorisation, state=AuthorisationState(state), effective_at=effective_at, actor=actor,
            at=at, reason=reason,
        )  # fmt: skip

"""The one way in which something happens to an authorisation: an event is added, never a row changed."""

from datetime import datetime

from loop.audit.record import record
from loop.consent.models import Authorisation, AuthorisationEvent, AuthorisationState
from loop.kernel.actor import Actor
from loop.kernel.clock import rfc3339
from loop.kernel.ids import uuid7


def append_state(
    *, authorisation: Authorisation, state: AuthorisationState, effective_at: datetime, actor: Actor, at: datetime,
    reason: str = "",
) -> AuthorisationEvent:  # fmt: skip
    """Records that `authorisation` is in `state` from `effective_at` on, in the caller's transaction.

    The reason is kept with the audit event, where it can be erased.
    """
    uid = uuid7()
    event = record(
        event="authorisation.state", actor=actor, obj_table="loop_authorisation_event", obj_uid=uid,
        production_id=authorisation.production_id, at=at,
        facts={
            "authorisation": str(authorisation.uid), "state": state.value, "effective_at": rfc3339(effective_at),
            "reason": reason,
        },
    )  # fmt: skip
    return AuthorisationEvent.objects.create(
        uid=uid, authorisation=authorisation, state=state, effective_at=effective_at, recorded_at=at, event=event
    )

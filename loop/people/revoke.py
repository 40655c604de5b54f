"""Revoking an API token."""

from django.db import transaction

from loop.audit.record import record
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import NotAllowedError
from loop.people.models import Token
from loop.people.querysets import is_system, productions_where
from loop.people.roles import Permission


def revoke_token(*, token: Token, actor: Actor) -> Token:
    """Ends the token from its next call on. Done twice it changes and records nothing.

    Allowed: the system, who answers for the token, and who manages people on one of its productions.
    """
    if not is_system(actor) and (actor.is_tool or actor.user_id != token.created_by_id):
        managed = productions_where(actor, Permission.MANAGE_PEOPLE)
        if actor.is_tool or not managed.filter(tokens=token).exists():
            raise NotAllowedError("Revoking a token needs its owner or somebody who manages people on its production.")
    moment = now()
    with transaction.atomic(durable=True):
        if Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=moment):
            token.revoked_at = moment
            record(
                event="token.revoked", actor=actor, obj_table="loop_token", obj_uid=token.uid, production_id=None,
                at=moment, facts={"name": token.name},
            )  # fmt: skip
    return token

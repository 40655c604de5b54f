"""Ending a membership."""

from django.db import transaction

from loop.audit.record import record
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.people.models import Member
from loop.people.querysets import require
from loop.people.roles import Permission


def end_membership(*, member: Member, actor: Actor) -> Member:
    """Takes the role away from the login; what it decided stays. Done twice it changes and records nothing.

    Raises NotAllowedError without "people" on the production.
    """
    require(actor, member.production, Permission.MANAGE_PEOPLE)
    with transaction.atomic(durable=True):
        if Member.objects.filter(pk=member.pk, active=True).update(active=False):
            record(
                event="member.changed", actor=actor, obj_table="loop_member", obj_uid=member.uid,
                production_id=member.production_id, at=now(), facts={"ended": True, "role": member.role},
            )  # fmt: skip
    member.active = False
    return member

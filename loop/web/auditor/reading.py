"""Which part of the log a desk may read, and who the acting parties of a page are."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Q

from loop.audit import querysets as log
from loop.consent.models import ContributorLink, Recipient
from loop.export.models import Export
from loop.material.models import Production
from loop.people.models import Token, User
from loop.people.roles import Permission
from loop.web.desk import Desk


def readable(desk: Desk, production: Production) -> Q:
    """The events of `production` that the desk's login may read. Raises PermissionDenied if it may read none.

    Auditors and admins also read what belongs to no production (logins, recipients, keys).
    """
    here = log.of_productions([production.pk])
    if desk.may(Permission.READ_TRAIL_ALL):
        return here | Q(production_id__isnull=True)
    allowed = [
        part
        for permission, part in (
            (Permission.READ_TRAIL_PRODUCTION, Q()),
            (Permission.READ_TRAIL_CONSENT, log.consent_events()),
            (Permission.READ_TRAIL_OWN, log.by_actor(desk.actor.pid)),
            (Permission.READ_TRAIL_ORDERS, log.by_actor(desk.actor.pid) | _own_orders(desk, production)),
        )
        if desk.may(permission)
    ]
    if not allowed:
        raise PermissionDenied
    joined = allowed[0]
    for part in allowed[1:]:
        # An empty Q allows everything, and Django drops it from an "or".
        joined = Q() if not joined or not part else joined | part
    return here & joined


def names_of(pids: Iterable[str]) -> dict[str, str]:
    """What people call the acting parties: a login's username, a token's name. At most three queries."""
    wanted = {pid: pid.partition(":") for pid in set(pids)}
    users = {UUID(uid) for kind, _, uid in wanted.values() if kind == "user"}
    tokens = {UUID(uid) for kind, _, uid in wanted.values() if kind == "token"}
    links = {UUID(uid) for kind, _, uid in wanted.values() if kind == "link"}
    names = {"system": "Circled"}
    if users:
        names |= {f"user:{each.uid}": each.get_username() for each in User.objects.filter(uid__in=users)}
    recipients = {UUID(uid) for kind, _, uid in wanted.values() if kind == "recipient"}
    if recipients:
        found = Recipient.objects.filter(uid__in=recipients)
        names |= {f"recipient:{each.uid}": f"recipient {each.code}" for each in found}
    if tokens:
        names |= {f"token:{each.uid}": f"token {each.name}" for each in Token.objects.filter(uid__in=tokens)}
    if links:
        doors = ContributorLink.objects.filter(uid__in=links).select_related("contributor")
        names |= {f"link:{each.uid}": f"{each.contributor}, by their own link" for each in doors}
    return {pid: names.get(pid, pid) for pid in wanted}


def _own_orders(desk: Desk, production: Production) -> Q:
    own = Export.objects.filter(production=production, ordered_by_id=desk.user.pk)
    return Q(object_table="loop_export", object_uid__in=own.values("uid"))

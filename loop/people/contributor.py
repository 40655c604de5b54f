"""Knowing a contributor by the identifier somebody else gave it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from loop.audit.record import record
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError, NotValidError
from loop.people.models import Contributor, Credit, User

if TYPE_CHECKING:
    from loop.material.models import Production


def known_as(
    *,
    namespace: str,
    external_id: str,
    production: Production,
    function: str,
    actor: Actor,
    kind: str = Contributor.Kind.PERSON,
    name: str = "",
    user: User | None = None,
    at: datetime | None = None,
) -> Contributor:
    """The contributor `external_id` of `namespace`, with a credit of `function` on `production`.

    1. Finds the contributor or adds it (two who add it at once get the same row); records `contributor.added`.
    2. Adds the credit if it is missing; records `contributor.changed`. A contributor with a credit is a party known
       to the production, so `authorise --all-parties` reaches it.

    `kind`, `name` and `user` are used when the contributor is new; a login is also tied to one that had none.
    Raises NotValidError for an empty identifier, ConflictError if the contributor is already another login.
    Joins the caller's transaction. At most five queries.
    """
    moment = at or now()
    _check(namespace, external_id, function, kind)
    with transaction.atomic():
        contributor, is_new = Contributor.objects.get_or_create(
            namespace=namespace,
            external_id=external_id,
            defaults={"kind": kind, "name": name, "user": user, "created_at": moment},
        )
        if is_new:
            record(
                event="contributor.added", actor=actor, obj_table="loop_contributor", obj_uid=contributor.uid,
                production_id=production.pk, at=moment,
                facts={"namespace": namespace, "external_id": external_id},
            )  # fmt: skip
        elif user is not None:
            _tie(contributor, user)
        _, is_credited = Credit.objects.get_or_create(
            production=production, contributor=contributor, function=function, defaults={"created_at": moment}
        )
        if is_credited:
            record(
                event="contributor.changed", actor=actor, obj_table="loop_contributor", obj_uid=contributor.uid,
                production_id=production.pk, at=moment, facts={"credit": function},
            )  # fmt: skip
    return contributor


def _check(namespace: str, external_id: str, function: str, kind: str) -> None:
    limits = (("namespace", namespace, 64), ("external_id", external_id, 200), ("function", function, 64))
    for field, value, longest in limits:
        if not value or len(value) > longest or "\x00" in value:
            raise NotValidError(
                f"Contributor {field}: expected 1 to {longest} characters, found {len(value)}.", field=field
            )
    if kind not in Contributor.Kind.values:
        raise NotValidError(f"Contributor kind: expected one of {', '.join(Contributor.Kind.values)}.", field="kind")


def _tie(contributor: Contributor, user: User) -> None:
    if contributor.user_id is None:
        contributor.user = user
        contributor.save(update_fields=["user"])
    elif contributor.user_id != user.pk:
        raise ConflictError(
            f"The contributor {contributor.external_id!r} already judges with another login.", field="contributor"
        )

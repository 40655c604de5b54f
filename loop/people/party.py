"""Registering whose work, judgement or likeness is involved: a person, an organisation, an estate, a guild."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction

from loop.audit.record import record
from loop.kernel.actor import Actor
from loop.kernel.canonical import Json
from loop.kernel.clock import now
from loop.kernel.errors import NotValidError
from loop.people.contributor import known_as
from loop.people.models import Contributor
from loop.people.querysets import is_permitted, require
from loop.people.roles import Permission

if TYPE_CHECKING:
    from loop.material.models import Production

PARTY = "party"
LONGEST_NAME = 200


def register_party(
    *,
    production: Production,
    external_id: str,
    actor: Actor,
    kind: str | None = None,
    name: str | None = None,
    functions: Sequence[str] = (),
    minor_until: date | None = None,
    of_age: bool = False,
) -> Contributor:
    """Adds the party `external_id` of `production`, or changes what is known of it; the same again changes nothing.

    `kind`, `name` and `minor_until` (the day a minor comes of age) stay as they are where None is given; `of_age` takes
    the day away. `functions` are credits to add; a new party without any is credited as "party", so that it is known.
    Joins the caller's transaction or opens one. Raises NotValidError with the field, NotAllowedError for anybody but a
    consent officer, a producer or an admin of the production.
    """
    _may(actor, production)
    if kind is not None and kind not in Contributor.Kind.values:
        raise NotValidError(f"kind: expected one of {', '.join(Contributor.Kind.values)}; found {kind!r}", field="kind")
    if name is not None and (len(name) > LONGEST_NAME or not name.isprintable()):
        raise NotValidError(
            f"name: expected at most {LONGEST_NAME} printable characters, found {len(name)}", field="name"
        )
    if minor_until is not None and of_age:
        raise NotValidError("minor_until: expected a day or that the party is of age, found both", field="minor_until")
    moment = now()
    with transaction.atomic():
        known = Contributor.objects.filter(namespace=production.code, external_id=external_id).first()
        credited = functions or (() if known else (PARTY,))
        for function in credited:
            known = known_as(
                namespace=production.code, external_id=external_id, production=production, function=function,
                actor=actor, kind=kind or Contributor.Kind.PERSON.value, name=name or "", at=moment,
            )  # fmt: skip
        party = Contributor.objects.select_for_update().get(namespace=production.code, external_id=external_id)
        wanted = {
            "kind": party.kind if kind is None else kind,
            "name": party.name if name is None else name,
            "minor_until": None if of_age else (minor_until or party.minor_until),
        }
        if minor_until is not None and wanted["kind"] != Contributor.Kind.PERSON:
            raise NotValidError(f"minor_until: expected a person, found a party that is {wanted['kind']}", field="kind")
        changed = [field for field, value in wanted.items() if getattr(party, field) != value]
        if changed:
            for field in changed:
                setattr(party, field, wanted[field])
            party.save(update_fields=changed)
            day = wanted["minor_until"]
            facts: dict[str, Json] = {"kind": str(wanted["kind"]), "minor_until": str(day) if day else None}
            record(
                event="contributor.changed", actor=actor, obj_table="loop_contributor", obj_uid=party.uid,
                production_id=production.pk, at=moment,
                facts={name: facts[name] for name in changed if name in facts} | {"changed": list(changed)},
            )  # fmt: skip
    return party


def _may(actor: Actor, production: Production) -> None:
    """Whoever keeps the registry or the people of the production; a stranger learns nothing of it."""
    if not is_permitted(actor, production, Permission.AUTHORISE):
        require(actor, production, Permission.MANAGE_PEOPLE)

"""What a production permits: use of AI, screening, embargo, legal hold, and whether it lets anything out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, TypedDict, Unpack

from django.db import transaction

from loop.audit.record import record
from loop.consent.lock import hold
from loop.kernel.actor import Actor
from loop.kernel.canonical import Json
from loop.kernel.errors import NotValidError
from loop.material import ai_policy
from loop.material.models import Production
from loop.people.querysets import require
from loop.people.roles import Permission
from loop.screening import codes

FIELDS: Final = ("ai_policy", "screening", "embargo_until", "legal_hold", "exports_allowed")
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200


class Governance(TypedDict, total=False):
    """What may be set; a name left out stays as it is."""

    ai_policy: Mapping[str, Any]
    screening: Mapping[str, str]
    embargo_until: date | None
    legal_hold: bool
    exports_allowed: bool


def govern(*, production: Production, actor: Actor, at: datetime | None = None, **wanted: Unpack[Governance]) -> bool:
    """Sets what is named in `wanted`; whether anything changed.

    1. The rules for the use of AI (material/ai_policy.py) and the levels of screening (screening/codes.py) are checked:
       NotValidError names the path that is wrong.
    2. The lock of publishing first: once a hold or an embargo is set, no release of the production is published.
    3. One event says what changed, with the values before and after. Nothing changed: nothing is written.

    Rules count for what arrives from now on; what is recorded stays as it is. Raises NotAllowedError without the
    permission for people and policy. Durable.
    """
    require(actor, production, Permission.MANAGE_PEOPLE)
    after: dict[str, Any] = dict(wanted)
    if "ai_policy" in after:
        after["ai_policy"] = ai_policy.written(ai_policy.read(after["ai_policy"]))
    if "screening" in after:
        after["screening"] = codes.written(codes.read(after["screening"]))
    until = after.get("embargo_until")
    if until is not None and not FIRST_YEAR <= until.year <= LAST_YEAR:
        raise NotValidError(
            f"embargo_until: expected a day from {FIRST_YEAR} to {LAST_YEAR}, found {until}", field="embargo_until"
        )
    with transaction.atomic(durable=True):
        moment = hold([production.pk])
        show = Production.objects.select_for_update().get(pk=production.pk)
        before = {name: getattr(show, name) for name in FIELDS}
        changed = [name for name in FIELDS if name in after and after[name] != before[name]]
        if not changed:
            return False
        for name in changed:
            setattr(show, name, after[name])
        show.save(update_fields=changed)
        record(
            event="production.permits", actor=actor, obj_table="loop_production", obj_uid=show.uid,
            production_id=show.pk, at=at or moment,
            facts={
                "settings": {name: _plain(after[name]) for name in changed},
                "before": {name: _plain(before[name]) for name in changed},
            },
        )  # fmt: skip
    return True


def _plain(value: Any) -> Json:
    found: Json = value.isoformat() if isinstance(value, date) else value
    return found

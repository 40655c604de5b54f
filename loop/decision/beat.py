"""Adding a beat to a production's list."""

import re
from datetime import datetime

from django.db import transaction

from loop.audit.record import record
from loop.decision.models import ProductionBeat
from loop.decision.taxonomy import BEATS
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError, NotValidError
from loop.material.models import Production
from loop.people.querysets import require
from loop.people.roles import Permission

_CODE = re.compile(r"[a-z0-9][a-z0-9_]{0,63}", re.ASCII)
MAX_LABEL = 100


def register_beat(
    *, production: Production, code: str, label: str, actor: Actor, at: datetime | None = None
) -> ProductionBeat:
    """Adds the beat `code` to the production's list and returns it; one that is there already stays as it is.

    Raises NotValidError (malformed code or label), ConflictError for a code of the core list, NotAllowedError. Joins
    the caller's transaction or opens one.
    """
    require(actor, production, Permission.MANAGE_PEOPLE)
    if not _CODE.fullmatch(code):
        raise NotValidError(
            f"beat: expected 1 to 64 lower-case letters, digits and underscores, found {code!r}", field="code"
        )
    if not label.strip() or len(label) > MAX_LABEL:
        raise NotValidError(f"label: expected 1 to {MAX_LABEL} characters, found {len(label)}", field="label")
    if code in BEATS:
        raise ConflictError(f"beat: expected a code outside the core list, found {code!r}", field="code")
    moment = at or now()
    with transaction.atomic():
        beat, is_new = ProductionBeat.objects.get_or_create(
            production=production, code=code, defaults={"label": label, "created_at": moment}
        )
        if is_new:
            record(
                event="beat.registered",
                actor=actor,
                obj_table="loop_production",
                obj_uid=production.uid,
                production_id=production.pk,
                at=moment,
                facts={"code": code, "label": label},
            )
    return beat

"""Asking for what is recorded already to be screened: on the record, and worked off in steps (reread.py)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from loop.audit.record import record
from loop.decision.models import Decision
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.material.models import Production
from loop.people.querysets import require
from loop.people.roles import Permission
from loop.screening import codes
from loop.screening.models import ScreeningRun
from loop.suggestion.models import Suggestion


def rescreen(
    *, production: Production, actor: Actor, everything: bool = False, at: datetime | None = None
) -> ScreeningRun:
    """Asks for what is recorded to be screened by this version; the run, which `reread` and the sweep work off.

    A run of this version that is under way is answered again. By default it begins where the last run of this version
    ended; `everything` reads all of it once more, as after a change of the levels or of the people. Raises
    NotAllowedError without the permission for people and policy. Durable.
    """
    require(actor, production, Permission.MANAGE_PEOPLE)
    with transaction.atomic(durable=True):
        Production.objects.select_for_update().get(pk=production.pk)
        runs = ScreeningRun.objects.filter(production=production, version=codes.SCREEN)
        under_way = runs.filter(finished_at=None).order_by("id").first()
        if under_way is not None:
            return under_way
        done = runs.aggregate(suggestion=Max("suggestion_end"), decision=Max("decision_end"))
        moment = at or now()
        record(
            event="screening.asked", actor=actor, obj_table="loop_production", obj_uid=production.uid,
            production_id=production.pk, at=moment, facts={"version": codes.SCREEN, "everything": everything},
        )  # fmt: skip
        return ScreeningRun.objects.create(
            production=production, version=codes.SCREEN, everything=everything, asked_at=moment,
            suggestion_done=0 if everything else done["suggestion"] or 0,
            decision_done=0 if everything else done["decision"] or 0,
            suggestion_end=_last(Suggestion, production), decision_end=_last(Decision, production),
        )  # fmt: skip


def _last(table: type[Suggestion | Decision], production: Production) -> int:
    return table.objects.filter(production=production).aggregate(last=Max("pk"))["last"] or 0

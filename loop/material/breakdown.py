"""Bringing in what a production is divided into: scenes, camera setups, takes and shots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from loop.audit.record import record
from loop.kernel.actor import Actor
from loop.kernel.clock import now
from loop.kernel.errors import NotValidError
from loop.material.models import Production, Scene, Setup, Shot, Take
from loop.people.querysets import require
from loop.people.roles import Permission

MAX_NUMBER = 32


@dataclass(frozen=True, slots=True)
class SceneLine:
    """A scene with the labels of its setups. `sort_key` puts "4A" behind "4"."""

    number: str
    heading: str
    sort_key: str
    setups: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class TakeLine:
    """A take of a setup, as the log marks it: circled, hold, ng, false_start, or "" for not marked."""

    setup: str
    label: str
    status: str = ""


@dataclass(frozen=True, slots=True)
class ShotLine:
    """A shot by its code, in a scene or, with "", in none."""

    code: str
    scene: str = ""


def register_breakdown(
    *,
    production: Production,
    actor: Actor,
    scenes: Sequence[SceneLine] = (),
    takes: Sequence[TakeLine] = (),
    shots: Sequence[ShotLine] = (),
    at: datetime | None = None,
) -> int:
    """Adds what is missing and returns how many rows that were; what is there already stays as it is.

    A take names its setup by the slate, which must be one of the production's. One audit event for all of it, none if
    nothing was new. Raises NotValidError, NotAllowedError. Joins the caller's transaction or opens one.
    """
    require(actor, production, Permission.BRING_IN)
    _check(scenes, takes, shots)
    moment = at or now()
    with transaction.atomic():
        # Two who bring in the same scenes take turns, so that each is counted and recorded once.
        Production.objects.select_for_update(no_key=True).get(pk=production.pk)
        added = {
            "scenes": _scenes(production, scenes),
            "setups": _setups(production, scenes),
            "takes": _takes(production, takes),
            "shots": _shots(production, shots),
        }
        total = sum(added.values())
        if total:
            record(
                event="production.changed",
                actor=actor,
                obj_table="loop_production",
                obj_uid=production.uid,
                production_id=production.pk,
                at=moment,
                facts={"breakdown": {name: number for name, number in added.items() if number}},
            )
    return total


def _check(scenes: Sequence[SceneLine], takes: Sequence[TakeLine], shots: Sequence[ShotLine]) -> None:
    names = [
        ("scene", [scene.number for scene in scenes]),
        ("setup", [label for scene in scenes for label in scene.setups]),
        ("take", [take.label for take in takes]),
        ("shot", [shot.code for shot in shots]),
    ]
    for kind, found in names:
        for name in found:
            if not name or len(name) > MAX_NUMBER:
                raise NotValidError(
                    f"{kind}: expected a number of 1 to {MAX_NUMBER} characters, found {name!r}", field=kind
                )
    for take in takes:
        if take.status not in Take.Status.values:
            expected = " or ".join(value for value in Take.Status.values if value)
            raise NotValidError(f"status: expected {expected}, found {take.status!r}", field="status")


def _scenes(production: Production, scenes: Sequence[SceneLine]) -> int:
    rows = [
        Scene(production=production, number=scene.number, heading=scene.heading, sort_key=scene.sort_key)
        for scene in scenes
    ]
    held = set(Scene.objects.filter(production=production).values_list("number", flat=True))
    return len(Scene.objects.bulk_create(row for row in rows if row.number not in held))


def _setups(production: Production, scenes: Sequence[SceneLine]) -> int:
    numbers = _scene_ids(production)
    held = set(Setup.objects.filter(scene__production=production).values_list("scene_id", "label"))
    wanted = [(numbers[scene.number], label) for scene in scenes for label in scene.setups]
    new = [Setup(scene_id=scene, label=label) for scene, label in wanted if (scene, label) not in held]
    return len(Setup.objects.bulk_create(new))


def _takes(production: Production, takes: Sequence[TakeLine]) -> int:
    setups = dict(Setup.objects.filter(scene__production=production).values_list("label", "id"))
    held = set(Take.objects.filter(setup__scene__production=production).values_list("setup_id", "label"))
    new = []
    for take in takes:
        setup = setups.get(take.setup)
        if setup is None:
            raise NotValidError(f"setup: expected a slate of {production.code}, found {take.setup!r}", field="setup")
        if (setup, take.label) not in held:
            new.append(Take(setup_id=setup, label=take.label, status=take.status))
    return len(Take.objects.bulk_create(new))


def _shots(production: Production, shots: Sequence[ShotLine]) -> int:
    numbers = _scene_ids(production)
    held = set(Shot.objects.filter(production=production).values_list("code", flat=True))
    new = []
    for shot in shots:
        if shot.scene and shot.scene not in numbers:
            raise NotValidError(f"scene: expected a scene of {production.code}, found {shot.scene!r}", field="scene")
        if shot.code not in held:
            new.append(Shot(production=production, code=shot.code, scene_id=numbers.get(shot.scene)))
    return len(Shot.objects.bulk_create(new))


def _scene_ids(production: Production) -> dict[str, int]:
    return dict(Scene.objects.filter(production=production).values_list("number", "id"))

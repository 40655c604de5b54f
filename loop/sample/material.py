"""The sample's scenes, takes, shots and documents, and the suggestions with their decisions."""

from collections.abc import Mapping
from datetime import datetime

from loop.intake.ingest import ingest
from loop.intake.report import IngestReport
from loop.kernel.actor import Actor
from loop.kernel.errors import ConflictError
from loop.material.breakdown import SceneLine, ShotLine, TakeLine, register_breakdown
from loop.material.models import Production, Scene
from loop.material.register import add_material_version
from loop.people.models import Contributor
from loop.sample.content import SOURCE, SUGGESTIONS, Facts, text_of


def add_breakdown(facts: Facts, production: Production, *, actor: Actor, at: datetime) -> None:
    """Scenes with their setups, the takes as the log marked them, the shots of the animatic."""
    register_breakdown(
        production=production,
        scenes=[
            SceneLine(scene["number"], scene["heading"], scene["sort_key"], scene["setups"])
            for scene in facts["scenes"]
        ],
        takes=[TakeLine(take["setup"], take["label"], take["status"]) for take in facts["takes"]],
        shots=[ShotLine(shot["code"], shot["scene"]) for shot in facts["shots"]],
        actor=actor,
        at=at,
    )


def add_documents(
    facts: Facts, production: Production, parties: Mapping[str, Contributor], *, actor: Actor, at: datetime
) -> None:
    """The drafts, boards, notes and the cut that briefs are given, each with whose work it is."""
    scenes = {scene.number: scene for scene in Scene.objects.filter(production=production)}
    for material in facts["materials"]:
        add_material_version(
            production=production,
            external_id=material["external_id"],
            kind=material["kind"],
            title=material["title"],
            label=material["label"],
            source_format=material["source_format"],
            text=text_of(material["file"]),
            scene=scenes.get(material.get("scene", "")),
            contributors=[(parties[one["id"]], one["capacity"]) for one in material["contributors"]],
            actor=actor,
            at=at,
        )


def add_suggestions(production: Production, *, actor: Actor) -> IngestReport:
    """The suggestions with their decisions. Raises ConflictError if somebody recorded another text under their names.

    The files that they name are stored afterwards (`pictures.add_pictures`).
    """
    report = ingest(lines=SUGGESTIONS, production=production, actor=actor, source=SOURCE)
    if not report.ok:
        raise ConflictError(
            f"This installation holds another version of the sample ({report.errors[0]}). What is recorded is never "
            "rewritten: set CIRCLED_HOME to an empty folder, or remove this one with `make clean-data`.",
            field="suggestions",
        )
    return report

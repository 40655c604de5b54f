"""A production and lines for tests of intake."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from loop.intake.ingest import ingest
from loop.intake.report import IngestReport
from loop.kernel.actor import SYSTEM
from loop.kernel.ids import uuid7
from loop.material.models import Production
from loop.material.register import add_production

FILM = Fraction(24000, 1001)


def show(**more: Any) -> Production:
    return add_production(code=f"S{uuid7().hex[-12:]}", title="A show", rate=FILM, actor=SYSTEM, **more)


def line(name: str = "s1", **more: Any) -> dict[str, Any]:
    return {"external_id": name, "kind": "script_note", "content": f"Note {name}", "model": "north/notes@1", **more}


def decision(outcome: str = "accept", by: str = "writer-1", **more: Any) -> dict[str, Any]:
    return {"outcome": outcome, "decided_by": by, **more}


def push(production: Production, *objects: dict[str, Any] | bytes, **options: Any) -> IngestReport:
    lines = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in objects]
    options = {"actor": SYSTEM, "source": "test", **options}
    return ingest(lines=lines, production=production, **options)


def fields(report: IngestReport) -> list[tuple[int, str]]:
    return [(one.line, one.problem.field) for one in report.errors]

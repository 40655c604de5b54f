"""People, models, media, materials and briefs that lines name: found or added in bulk, one or two queries a kind."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from loop.audit.record import record
from loop.intake.copy import copy_rows, json_text, reserve
from loop.intake.shape import SuggestionLine
from loop.kernel.actor import Actor
from loop.kernel.ids import uuid7
from loop.material.models import Production
from loop.suggestion.rules import model_parts

DECIDER: Final = "decider"
CONTRIBUTOR: Final = "contributor"  # the function of somebody who came without a capacity


@dataclass(slots=True)
class Registry:
    """Ids by the names lines use. Kept for one transaction; briefs are looked up a batch at a time."""

    cursor: CursorWrapper
    production: Production
    actor: Actor
    at: datetime
    people: dict[str, int] = field(default_factory=dict)
    models: dict[str, int] = field(default_factory=dict)
    media: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)  # (sha256, uri): id, mime
    materials: dict[str, tuple[int, str]] = field(default_factory=dict)  # id, kind
    briefs: dict[str, tuple[int, list[Any]]] = field(default_factory=dict)  # id, constraints
    _credited: set[tuple[int, str]] = field(default_factory=set)

    def meet(self, lines: Sequence[SuggestionLine]) -> None:
        """Makes sure that everybody and everything the lines name has an id."""
        functions: dict[str, set[str]] = {}
        for line in lines:
            for decision in line.decisions:
                functions.setdefault(decision.decided_by, set()).add(DECIDER)
                if decision.on_behalf_of:
                    functions.setdefault(decision.on_behalf_of, set()).add(DECIDER)
            for name, capacity in line.contributors:
                functions.setdefault(name, set()).add(capacity or CONTRIBUTOR)
        self._people(functions)
        self._models({line.model for line in lines if line.model})
        self._media({(line.media[1], line.media[0], line.media[2]) for line in lines if line.media})
        self._materials(dict(pair for line in lines for pair in line.materials))
        self._briefs(lines)

    def _people(self, functions: dict[str, set[str]]) -> None:
        new = [name for name in functions if name not in self.people]
        if new:
            # Others may add the same person at the same time: whoever comes second finds the row.
            self.cursor.execute(
                """
                INSERT INTO loop_contributor (uid, namespace, external_id, kind, name, created_at)
                SELECT uid, %s, external_id, 'person', '', %s
                FROM unnest(%s::uuid[], %s::text[]) AS new (uid, external_id)
                ON CONFLICT (namespace, external_id) DO NOTHING RETURNING uid, external_id
                """,
                [self.production.code, self.at, [uuid7() for _ in new], new],
            )
            added: list[tuple[UUID, str]] = self.cursor.fetchall()
            for uid, name in added:
                record(
                    event="contributor.added",
                    actor=self.actor,
                    obj_table="loop_contributor",
                    obj_uid=uid,
                    production_id=self.production.pk,
                    at=self.at,
                    facts={"namespace": self.production.code, "external_id": name},
                )
            self.cursor.execute(
                "SELECT external_id, id FROM loop_contributor WHERE namespace = %s AND external_id = ANY(%s)",
                [self.production.code, new],
            )
            self.people |= dict(self.cursor.fetchall())
        held = {(self.people[name], function) for name, what in functions.items() for function in what}
        missing = sorted(held - self._credited)
        if missing:
            self.cursor.execute(
                """
                INSERT INTO loop_credit (production_id, contributor_id, function, created_at)
                SELECT %s, contributor, function, %s
                FROM unnest(%s::bigint[], %s::text[]) AS new (contributor, function)
                ON CONFLICT DO NOTHING
                """,
                [self.production.pk, self.at, [person for person, _ in missing], [name for _, name in missing]],
            )
            self._credited |= held

    def _models(self, labels: Iterable[str]) -> None:
        new = [label for label in labels if label not in self.models]
        if not new:
            return
        parts = [model_parts(label) for label in new]
        self.cursor.execute(
            """
            INSERT INTO loop_model_version (uid, label, vendor, name, version, created_at)
            SELECT uid, label, left(vendor, 100), name, left(version, 100), %s
            FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[])
                 AS new (uid, label, vendor, name, version)
            ON CONFLICT (label) DO NOTHING
            """,
            [self.at, [uuid7() for _ in new], new, *([part[place] for part in parts] for place in range(3))],
        )
        self.cursor.execute("SELECT label, id FROM loop_model_version WHERE label = ANY(%s)", [new])
        self.models |= dict(self.cursor.fetchall())

    def _media(self, media: Iterable[tuple[str, str, str]]) -> None:
        new = {(sha256, uri): mime for sha256, uri, mime in media if (sha256, uri) not in self.media}
        if not new:
            return
        hashes, uris = [sha256 for sha256, _ in new], [uri for _, uri in new]
        self.cursor.execute(
            """
            INSERT INTO loop_media (uid, production_id, sha256, uri, mime, stored_name, created_at)
            SELECT uid, %s, sha256, uri, mime, '', %s
            FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[]) AS new (uid, sha256, uri, mime)
            ON CONFLICT (production_id, sha256, uri) DO NOTHING
            """,
            [self.production.pk, self.at, [uuid7() for _ in new], hashes, uris, list(new.values())],
        )
        self.cursor.execute(
            "SELECT sha256, uri, id, mime FROM loop_media WHERE production_id = %s AND sha256 = ANY(%s)",
            [self.production.pk, hashes],
        )
        self.media |= {(sha256, uri): (number, mime) for sha256, uri, number, mime in self.cursor.fetchall()}

    def _materials(self, materials: dict[str, str]) -> None:
        new = {name: kind for name, kind in materials.items() if name not in self.materials}
        if not new:
            return
        self.cursor.execute(
            """
            INSERT INTO loop_material (uid, production_id, external_id, kind, title, created_at)
            SELECT uid, %s, external_id, kind, '', %s
            FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS new (uid, external_id, kind)
            ON CONFLICT (production_id, external_id) DO NOTHING
            """,
            [self.production.pk, self.at, [uuid7() for _ in new], list(new), list(new.values())],
        )
        self.cursor.execute(
            "SELECT external_id, id, kind FROM loop_material WHERE production_id = %s AND external_id = ANY(%s)",
            [self.production.pk, list(new)],
        )
        self.materials |= {name: (number, kind) for name, number, kind in self.cursor.fetchall()}

    def _briefs(self, lines: Sequence[SuggestionLine]) -> None:
        """Briefs of groups. The lock of the production's ingest makes look-up and COPY safe."""
        first: dict[str, SuggestionLine] = {}
        for line in lines:
            if line.group_id is not None:
                first.setdefault(line.group_id, line)
        self.cursor.execute(
            "SELECT external_id, id, constraints_asked FROM loop_brief"
            " WHERE production_id = %s AND external_id = ANY(%s)",
            [self.production.pk, list(first)],
        )
        self.briefs = {name: (number, json.loads(asked)) for name, number, asked in self.cursor.fetchall()}
        new = [name for name in first if name not in self.briefs]
        self.add_briefs([(name, first[name], True) for name in new])

    def add_briefs(self, briefs: Sequence[tuple[str, SuggestionLine, bool]]) -> None:
        """Adds briefs: (external id, the line whose stage, kind and constraints they take, whether it is a group)."""
        ids, show = reserve(self.cursor, "loop_brief", len(briefs)), self.production.pk
        copy_rows(
            self.cursor,
            "loop_brief",
            "id, uid, production_id, external_id, stage, kind, constraints_asked, grouped, recorded_at",
            [
                (number, uuid7(), show, name, line.stage, line.kind, json_text(line.constraints), grouped, self.at)
                for number, (name, line, grouped) in zip(ids, briefs, strict=True)
            ],
        )
        for number, (name, line, _) in zip(ids, briefs, strict=True):
            self.briefs[name] = (number, line.constraints)

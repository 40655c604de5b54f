"""A log with something of everything in it, and a superuser who changes what nobody may change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from loop.audit.seal import seal_all
from loop.kernel.actor import SYSTEM
from loop.material.register import add_material_version
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, few_lines, stage, suggestion

APPEND_ONLY = ("append_only_row", "append_only_table")


@dataclass
class Attacker:
    """A superuser: switches the triggers off, changes a row, switches them on again."""

    connection: Connection[Any]

    def runs(self, table: str, statement: str, *parameters: object) -> None:
        with self.connection.transaction():
            self.connection.execute("SET LOCAL session_replication_role = replica")  # foreign keys
            for trigger in APPEND_ONLY:
                self.connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
            assert self.connection.execute(statement.replace("{table}", table), parameters).rowcount > 0
            for trigger in APPEND_ONLY:
                self.connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")

    def value(self, query: str) -> Any:
        row = self.connection.execute(query).fetchone()
        assert row is not None
        return row[0]


def populated(fresh_database: FreshDatabase) -> tuple[Stage, Attacker]:
    """Productions, consent, material, suggestions and decisions under several checkpoints, all sealed."""
    show = stage()
    show.brings_in(few_lines())
    seal_all()
    add_material_version(
        production=show.production, external_id="script", kind="script", actor=SYSTEM, text="INT. FERRY - NIGHT"
    )
    show.authorises()
    seal_all()
    odd = {"meta": {"score": 0.125, "big": 2**60, "né": [1.0, 1e300]}, "parameters": {"temperature": 0.7}}
    show.brings_in(
        [
            suggestion(20, content="", **odd),
            suggestion(21, content="Hold on the door.", origin="person", model=None),
        ]
    )
    seal_all()
    return show, Attacker(fresh_database.connect("superuser"))

"""A small production with people and suggestions, made through the verbs, for tests of pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import uuid4

from django.test import Client

from loop.intake.ingest import ingest
from loop.kernel.actor import SYSTEM
from loop.material.models import Production
from loop.material.register import add_production
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.models import Contributor, User
from loop.suggestion.models import Suggestion

PASSWORD = "a projector hums at night"
MEMBERS = {
    "director": "director",
    "editor": "editor",
    "scripty": "script_supervisor",
    "producer": "producer",
    "data": "data",
    "consent": "consent_officer",
    "auditor": "auditor",
}
LONG = "\n".join(f"{number}. The gangway at low water, again, and nobody on it." for number in range(260))[:14_000]
TEXTS: dict[str, str | None] = {
    "plain": "Cut the second line. The pause says it.",
    "long": LONG,
    "right-to-left": "السفينة تغادر الميناء قبل الفجر، ولا أحد يلوّح لها. ABC 12:30",
    "combining": "Z\u0351\u036b\u0343a\u0325l\u034dg\u0348o\u0353 na\u00efve \U0001f469\u200d\U0001f3a4 e\u0301",
    "hostile": "<script>alert(1)</script> {{ 7|add:7 }} </textarea><b onclick=x>bold</b>",
    "white": "  two before, and\n\n\n  three lines after\n\n\n",
    "empty": "",
    "none": None,
    "script": (
        "INT. CAR DECK - NIGHT\n\nIt drips.\n\nRUNA\n(quietly)\nIt will not hold till the ramp.\n\nShe turns the key."
    ),
}


@dataclass(frozen=True, slots=True)
class Room:
    """The production, and its logins and contributors by name."""

    production: Production
    users: dict[str, User]

    def suggestion(self, external_id: str) -> Suggestion:
        return Suggestion.objects.get(production=self.production, external_id=external_id)

    def contributor(self, name: str) -> Contributor:
        return Contributor.objects.get(namespace=self.production.code, external_id=name)


def line(external_id: str, content: str | None, **more: Any) -> dict[str, Any]:
    """One line of the bulk format."""
    given = {
        "external_id": external_id,
        "group_id": external_id.rsplit("-", 1)[0],
        "origin": "model",
        "kind": "script_note",
        "stage": "development",
        "prompt": "One note on the scene.",
        "content": content,
        "model": "vendor/scribe@1.0",
        "latency_ms": 1200,
        "cost_usd": "0.0031",
    }
    if content is None:
        given["media"] = {"uri": "file:clip.mp4", "sha256": "0" * 64, "mime": "video/mp4"}
    return {**given, **more}


def bring_in(production: Production, lines: list[Mapping[str, Any]]) -> None:
    """Ingests lines; a bad one fails the test."""
    report = ingest(
        lines=[json.dumps(each).encode() for each in lines], production=production, actor=SYSTEM, source="test"
    )
    assert report.kept, report.errors


def open_room(code: str = "FERRY", *, suggestions: int = 12, reason_required: bool = False, prefix: str = "") -> Room:
    """A production with a member of every role and undecided suggestions s01-a, s01-b, s02-a ... (two a brief)."""
    production = add_production(
        code=code, title=code.title(), rate=Fraction(24), actor=SYSTEM, reason_required=reason_required
    )
    users = {}
    for name, role in MEMBERS.items():
        username = f"{prefix}{name}"
        users[name] = add_user(username=username, actor=SYSTEM, password=PASSWORD, name=name.title()).user
        add_member(user=users[name], production=production, role=role, actor=SYSTEM, contributor_id=name)
    production.lead = Contributor.objects.get(namespace=code, external_id="director")
    production.save(update_fields=["lead"])
    bring_in(
        production,
        [
            line(f"s{number // 2 + 1:02d}-{'ab'[number % 2]}", f"Note {number + 1}. The pause says it.")
            for number in range(suggestions)
        ],
    )
    return Room(production, users)


def say(client: Client, room: Room, name: str, outcome: str, **more: Any) -> None:
    """A verdict on the suggestion `name` as the page sends it; anything but recorded fails the test."""
    body = {"idempotency_key": str(uuid4()), "suggestion": str(room.suggestion(name).uid), "outcome": outcome, **more}
    answer = client.post(f"/p/{room.production.code}/decide/", json.dumps(body), content_type="application/json")
    assert answer.status_code == 201

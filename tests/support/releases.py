"""A small production with judgements, parties that allow, and releases of it, for tests of what leaves the house."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

from loop.consent.agreement import AgreementTerms
from loop.consent.evidence import document_of
from loop.consent.grant import grant_many
from loop.consent.models import ApprovalRequest, Authorisation, Recipient
from loop.consent.recipient import add_recipient
from loop.consent.recording import GrantTerms
from loop.consent.terms import PROFILE_PURPOSE
from loop.export import places
from loop.export.advance import advance
from loop.export.approval import request_of
from loop.export.models import Export
from loop.export.order import order
from loop.export.rules import PUBLISHED, UNFINISHED
from loop.export.sweep import sweep
from loop.gate.parties import known_parties
from loop.intake.ingest import ingest
from loop.kernel.actor import SYSTEM, Actor
from loop.kernel.clock import now, utc_date
from loop.material.models import Production
from loop.material.register import add_production
from loop.people.member import add_member
from loop.people.models import Contributor, Role, User
from loop.people.querysets import actor_for_user
from loop.suggestion.models import ModelVersion
from loop.suggestion.terms import record_terms

PURPOSE = "ai_generative_training"
PROFILES = ("signals", "preference", "unpaired_preference")
ALL_PROFILES = tuple(PROFILE_PURPOSE)
YEAR = timedelta(days=365)
PAPERS = count(1)  # the same paper twice for the same time is refused


def today() -> date:
    return utc_date(now())


@dataclass
class Stage:
    """One production and one recipient; what tests do with them, in few words."""

    production: Production
    recipient: Recipient
    arguments: dict[str, Any] = field(default_factory=dict)

    def brings_in(self, lines: Iterable[Mapping[str, Any]] | Path, **options: Any) -> None:
        """Ingests lines (or a file) and insists that every one of them was good."""
        given = lines if isinstance(lines, Path) else [json.dumps(line).encode() for line in lines]
        report = ingest(
            lines=given, production=self.production, actor=SYSTEM, source="test", register_reasons=True, **options
        )
        assert report.ok, report.problems
        suppliers_allow()

    def authorises(self, *parties: str, **changes: Any) -> list[Authorisation]:
        """All known parties, or those named by external id, allow generative training to the recipient for a year."""
        known = known_parties(self.production).order_by("id")
        chosen: Iterable[Contributor] = known.filter(external_id__in=parties) if parties else known
        terms: dict[str, Any] = {
            "production": self.production,
            "uses": {PURPOSE: "allowed", "ai_evaluation": "allowed"},
            "basis": "consent",
            "evidence": document_of("release.txt", f"I allow it. Signed, paper {next(PAPERS)}.".encode()),
            "valid_from": today() - YEAR,
            "valid_until": today() + YEAR,
            "recipients": [self.recipient.code],
        }
        return grant_many(parties=chosen, given=GrantTerms(**(terms | changes)), actor=SYSTEM)

    def orders(self, profile: str = "signals", **changes: Any) -> Export:
        arguments: dict[str, Any] = {
            "production": self.production, "profile": profile, "purpose": purpose_of(profile),
            "recipient": self.recipient, "actor": SYSTEM,
        }  # fmt: skip
        return order(**(arguments | self.arguments | changes))

    def releases(self, profile: str = "signals", **changes: Any) -> tuple[Export, Path]:
        """Orders and runs every step here and now; the published row and its folder."""
        export = finished(self.orders(profile, **changes))
        assert export.state == PUBLISHED, (export.state, export.failure)
        return export, places.root() / export.folder


def purpose_of(profile: str) -> str:
    """The purpose that the profile needs, PURPOSE for one that takes any."""
    return PROFILE_PURPOSE.get(profile) or PURPOSE


def officer(show: Stage, name: str = "olga") -> Actor:
    """A consent officer of the production, added if there is none of that name."""
    user = User.objects.filter(username=name).first() or User.objects.create(username=name)
    add_member(user=user, production=show.production, role=Role.CONSENT_OFFICER, actor=SYSTEM)
    return actor_for_user(user)


def waiting(export: Export) -> ApprovalRequest:
    """The request for a second person about the release."""
    found = request_of(export)
    assert found is not None
    return found


def suppliers_allow() -> None:
    """Every model without terms gets terms that allow training on its outputs, which rule 14 asks for."""
    for label in ModelVersion.objects.filter(terms__isnull=True).values_list("label", flat=True):
        record_terms(label=label, training_on_outputs="allowed", actor=SYSTEM)


def finished(export: Export) -> Export:
    """Runs the steps that a sweep names until the release has ended."""
    while export.state in UNFINISHED:
        assert export.pk in sweep()
        advance(export.pk)
        export.refresh_from_db()
    return export


def stage(
    code: str = "night-ferry", *, purposes: Iterable[str] = (PURPOSE, "ai_evaluation"), kind: str = "internal"
) -> Stage:
    """A production and a recipient whose agreement lists `purposes`, both new; `kind` external needs approvals."""
    production = add_production(code=code, title="Test show", rate=Fraction(24000, 1001), actor=SYSTEM)
    agreement = AgreementTerms(
        signed_on=today() - YEAR, valid_from=today() - YEAR, valid_until=today() + YEAR, purposes=list(purposes)
    )
    recipient = add_recipient(code=f"{code}-lab", name="Lab", kind=kind, actor=SYSTEM, agreement=agreement)
    return Stage(production=production, recipient=recipient)


def suggestion(number: int, *decisions: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """One line of the bulk format: candidate `number` of brief `number // 3`."""
    return {
        "external_id": f"s{number}",
        "group_id": f"b{number // 3}",
        "kind": "script_note",
        "stage": "development",
        "prompt": f"Scene {number // 3}: what is wrong with it?",
        "content": f"Note {number}: the turn comes too early — «la bascule».",
        "model": f"vendor/model@{number % 2 + 1}",
        "latency_ms": 800 + number,
        "cost_usd": "0.0031",
        "decisions": list(decisions),
    } | changes


def decision(outcome: str, by: str = "editor-1", **changes: Any) -> dict[str, Any]:
    """One judgement in the bulk format."""
    return {"outcome": outcome, "decided_by": by, "decided_at": "2026-05-01T10:00:07Z"} | changes


def few_lines() -> list[dict[str, Any]]:
    """Nine candidates of three briefs with every kind of decision."""
    return [
        suggestion(0, decision("accept")),
        suggestion(1, decision("reject", reasons=["continuity.prop"], rationale="The lamp was lit.", severity=3)),
        suggestion(2, decision("reject")),
        suggestion(
            3,
            decision(
                "revise", revised_content="The turn waits for the door.", beats=["dread"], confidence=0.8,
                spans=[{"start": 0, "end": 4, "label": "weak", "reason": "continuity.prop"}, {"start": 5, "end": 5}],
            ),
        ),
        suggestion(4, decision("revise", revised_content="", severity=4)),
        suggestion(5, decision("accept", by="director-1"), decision("reject", by="editor-1")),
        suggestion(6, decision("skip")),
        suggestion(7, prompt=None),
        suggestion(8, decision("accept", by="director-1"), prompt=None),
    ]  # fmt: skip

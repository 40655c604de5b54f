"""Made-up consent worlds put into the database as rows, without the verbs: worlds hold what no verb would let in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from loop.audit.models import AuditEvent
from loop.consent.models import (
    Authorisation,
    AuthorisationEvent,
    CompensationEntry,
    Evidence,
    GuildNotice,
    Recipient,
    RecipientAgreement,
    RecipientDuty,
    RecipientDutyMet,
)
from loop.decision.models import Decision
from loop.kernel.ids import uuid7
from loop.material.models import Material, MaterialContribution, Production
from loop.people.models import Contributor
from loop.screening.models import ScreenVerdict
from loop.suggestion.models import (
    Brief,
    BriefContribution,
    BriefMaterial,
    ModelTerms,
    ModelVersion,
    Suggestion,
    SuggestionContribution,
    SuggestionMaterial,
)
from tests.gate.worlds import NOON, PARTIES, TODAY, Record, Work, World


@dataclass(frozen=True)
class Built:
    """A world in the database. `rows` are (decision id, other decision id or None)."""

    production: Production
    recipient: Recipient
    parties: list[Contributor]
    rows: list[tuple[int, int | None]]


def build(world: World) -> Built:
    """Writes the world as rows, without the verbs: worlds hold what no verb would let in."""
    event = _event()
    shows = [_production(code, world.block if code == "SHOW" else {}) for code in ("SHOW", "OTHER")]
    parties = [
        Contributor.objects.create(namespace="SHOW", external_id=f"p{i}", created_at=NOON) for i in range(PARTIES)
    ]
    for party, days in world.minors:
        parties[party].minor_until = _day(days)
        parties[party].save()
    recipient = Recipient.objects.create(code="lab", name="Lab", kind=world.recipient_kind, created_at=NOON)
    for signed, start, end, purposes, places, kept, used in world.agreements:
        RecipientAgreement.objects.create(
            recipient=recipient, signed_on=_day(signed), valid_from=min(_day(start), _day(end)), valid_until=_day(end),
            purposes=list(purposes), places=list(places), retention_days=kept, use_days=used, event=event,
            recorded_at=NOON,
        )  # fmt: skip
    model = ModelVersion.objects.create(label="vendor/model@1", name="model", created_at=NOON)
    for said_terms in world.terms:
        ModelTerms.objects.create(model=model, training_on_outputs=said_terms, event=event, recorded_at=NOON)
    suggestions = [
        _suggestion(shows[0], number, work, parties, event, world.origins[number], model)
        for number, work in enumerate(world.works)
    ]
    decisions = [
        Decision.objects.create(
            production=shows[0], suggestion=suggestions[said.work], external_id=f"d{number}", outcome=said.outcome,
            decided_by=parties[said.by], on_behalf_of=None if said.behalf is None else parties[said.behalf],
            recorded_at=NOON, taxonomy_version="1", digest=bytes(32), event=event,
        ).pk
        for number, said in enumerate(world.said)
    ]  # fmt: skip
    evidence = Evidence.objects.create(
        sha256="0" * 64, file_name="rider.pdf", size_bytes=1, stored_name="x", recorded_at=NOON
    )
    records: list[Authorisation] = []
    for record in world.records:
        records.append(_authorisation(record, shows, parties, event, records))
    _standing(world, shows[0], recipient, suggestions, decisions, evidence, event)
    many = len(decisions)
    rows = [(decisions[one % many], None if other is None else decisions[other % many]) for one, other in world.rows]
    return Built(shows[0], recipient, parties, rows)


def _standing(
    world: World,
    show: Production,
    recipient: Recipient,
    suggestions: list[Suggestion],
    decisions: list[int],
    evidence: Evidence,
    event: AuditEvent,
) -> None:
    show.guilds = list(world.guilds)
    show.save()
    for guild, only, day in world.told:
        GuildNotice.objects.create(
            production=show, guild=guild, kind="notice", recipient=recipient if only else None, sent_on=_day(day),
            evidence=evidence, event=event, recorded_at=NOON,
        )  # fmt: skip
    for due, met in world.duties:
        duty = RecipientDuty.objects.create(
            recipient=recipient, kind="recall_ack", reference=uuid7(), due_at=NOON + timedelta(minutes=due),
            event=event, recorded_at=NOON,
        )  # fmt: skip
        if met is not None:
            RecipientDutyMet.objects.create(duty=duty, met_at=NOON + timedelta(minutes=met), event=event)
    for kind, index, found in world.screens:
        if kind == "work" and index < len(suggestions):
            ScreenVerdict.objects.create(
                suggestion=suggestions[index], version="1", verdict=found, event=event, recorded_at=NOON
            )
        elif kind == "said" and index < len(decisions):
            ScreenVerdict.objects.create(
                decision_id=decisions[index], version="1", verdict=found, event=event, recorded_at=NOON
            )


def _day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


def _event() -> AuditEvent:
    return AuditEvent.objects.create(
        type="test", at=NOON, actor_pid="system", object_table="", object_uid=uuid7(), entry=b"{}", leaf_hash=bytes(32)
    )


def _production(code: str, block: dict[str, object]) -> Production:
    return Production.objects.create(code=code, title=code, rate_num=24, created_at=NOON, **block)


def _suggestion(
    production: Production,
    number: int,
    work: Work,
    parties: list[Contributor],
    event: AuditEvent,
    origin: tuple[str, bool],
    model: ModelVersion,
) -> Suggestion:
    brief = Brief.objects.create(production=production, external_id=f"b{number}", kind="shot_list", recorded_at=NOON)
    suggestion = Suggestion.objects.create(
        production=production, brief=brief, external_id=f"s{number}", origin=origin[0], kind="shot_list",
        model=model if origin[1] else None,
        recorded_at=NOON, text_commit=bytes(32), digest=bytes(32), event=event,
    )  # fmt: skip
    for party, capacity in work.own:
        SuggestionContribution.objects.create(suggestion=suggestion, contributor=parties[party], capacity=capacity)
    for party, capacity in work.brief:
        BriefContribution.objects.create(brief=brief, contributor=parties[party], capacity=capacity)
    for source, materials in (("own", work.materials), ("brief", work.brief_materials)):
        for place, (kind, listed) in enumerate(materials):
            material = Material.objects.create(
                production=production, external_id=f"m{number}{source}{place}", kind=kind, created_at=NOON
            )
            if source == "own":
                SuggestionMaterial.objects.create(suggestion=suggestion, material=material)
            else:
                BriefMaterial.objects.create(brief=brief, material=material)
            for party, capacity in listed:
                MaterialContribution.objects.create(material=material, contributor=parties[party], capacity=capacity)
    return suggestion


def _authorisation(
    record: Record, shows: list[Production], parties: list[Contributor], event: AuditEvent, before: list[Authorisation]
) -> Authorisation:
    document = Evidence.objects.create(
        sha256="0" * 64, file_name="rider.pdf", kind=record.kind, size_bytes=1, stored_name="x", recorded_at=NOON
    )
    replaced = before[record.replaces] if record.replaces is not None and record.replaces < len(before) else None
    row = Authorisation.objects.create(
        party=parties[record.party], production=None if record.production is None else shows[record.production],
        basis=record.basis, material_kinds=list(record.kinds), capacities=list(record.capacities),
        uses={
            purpose: {"value": value, "constraint": record.conditions.get(purpose)}
            for purpose, value in record.uses.items()
        },
        recipients=list(record.recipients), recipient_kinds=list(record.recipient_kinds),
        territory_allow=list(record.allow), territory_deny=list(record.deny), retention_days=record.retention,
        compensation=record.compensation, granted_by=record.guardian, supersedes=replaced,
        valid_from=_day(record.start), valid_until=_day(record.end), evidence=document, event=event, recorded_at=NOON,
    )  # fmt: skip
    for state, minutes in record.events:
        AuthorisationEvent.objects.create(
            authorisation=row,
            state=state,
            effective_at=NOON + timedelta(minutes=minutes),
            recorded_at=NOON,
            event=event,
        )
    lines: list[CompensationEntry] = []
    for kind, settles, due, minutes in record.lines:
        lines.append(
            CompensationEntry.objects.create(
                authorisation=row, kind=kind, settles=None if settles is None else lines[settles],
                due_on=_day(due) if kind == "due" else None, event=event,
                recorded_at=NOON + timedelta(minutes=minutes),
            )
        )  # fmt: skip
    return row

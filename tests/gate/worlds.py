"""Made-up consent worlds: drawn from a seed, and put into the database as rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from loop.audit.models import AuditEvent
from loop.consent import terms
from loop.consent.models import (
    Authorisation,
    AuthorisationEvent,
    AuthorisationState,
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

TODAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PARTIES = 3
PURPOSES = ("ai_generative_training", "ai_training", "digital_replica", "no_purpose")
PROFILES = ("preference", "signals", "evaluation", "no_profile", None)
PLACES = ("US", "CA", "GB")
KINDS = ("decision", "revision", "suggestion", "brief", "script", "cut")
RECIPIENTS = ("lab", "vendor")
VALUES = (*terms.USE_VALUES, "maybe")


@dataclass(frozen=True)
class Work:
    """One suggestion with who is listed on it, its brief and its materials: (party index, capacity) pairs."""

    own: tuple[tuple[int, str], ...] = ()
    brief: tuple[tuple[int, str], ...] = ()
    materials: tuple[tuple[str, tuple[tuple[int, str], ...]], ...] = ()
    brief_materials: tuple[tuple[str, tuple[tuple[int, str], ...]], ...] = ()


@dataclass(frozen=True)
class Said:
    """One decision: on which work, by whom, for whom, with which outcome."""

    work: int
    by: int
    behalf: int | None
    outcome: str


@dataclass(frozen=True)
class Record:
    """One authorisation with its events as (state, minutes from noon)."""

    party: int
    production: int | None
    basis: str
    kinds: tuple[str, ...]
    capacities: tuple[str, ...]
    uses: dict[str, str]
    recipients: tuple[str, ...]
    recipient_kinds: tuple[str, ...]
    allow: tuple[str, ...]
    deny: tuple[str, ...]
    start: int
    end: int
    events: tuple[tuple[str, int], ...]
    conditions: dict[str, Any] = field(default_factory=dict)
    compensation: dict[str, Any] = field(default_factory=dict)
    lines: tuple[tuple[str, int | None, int, int], ...] = ()  # kind, line settled, day due, minutes from noon
    retention: int | None = None
    kind: str = "signed_consent"
    guardian: str = ""
    replaces: int | None = None  # the record before which it stands


@dataclass(frozen=True)
class World:
    """Everything a question depends on. Rows are (decision, other decision or None)."""

    works: tuple[Work, ...]
    said: tuple[Said, ...]
    rows: tuple[tuple[int, int | None], ...]
    records: tuple[Record, ...]
    agreements: tuple[tuple[int, int, int, tuple[str, ...], tuple[str, ...], int | None, int | None], ...]
    block: dict[str, object] = field(default_factory=dict)
    purpose: str = PURPOSES[0]
    profile: str | None = "preference"
    minors: tuple[tuple[int, int], ...] = ()  # party, days till of age
    guilds: tuple[str, ...] = ()
    told: tuple[tuple[str, bool, int], ...] = ()  # guild, for this recipient only, day
    duties: tuple[tuple[int, int | None], ...] = ()  # minutes due, minutes met
    recipient_kind: str = "external"
    origins: tuple[tuple[str, bool], ...] = (("model", True), ("model", True))  # of each work: origin, model named
    terms: tuple[str, ...] = ("allowed",)
    screens: tuple[tuple[str, int, str], ...] = ()  # "work" or "said", index, verdict


def drawn(seed: int) -> World:
    """The world of that seed. Most things are in order in most worlds, so that every rule gets its turn to decide."""
    dice = Random(seed)  # noqa: S311  (worlds, not secrets)
    trouble = dice.choice((0.02, 0.1, 0.3))

    def wrong() -> bool:
        return dice.random() < trouble

    def pick(usual: Any, *others: Any) -> Any:
        return dice.choice(others) if wrong() else usual

    def listed() -> tuple[tuple[int, str], ...]:
        capacity = [pick(dice.choice(terms.CAPACITIES), "", "friend") for _ in range(dice.choice((0, 0, 1, 2)))]
        return tuple({(dice.randrange(PARTIES), each): None for each in capacity})

    def materials() -> tuple[tuple[str, tuple[tuple[int, str], ...]], ...]:
        return tuple((dice.choice(("script", "cut")), listed()) for _ in range(dice.choice((0, 0, 1))))

    def record(party: int) -> Record:
        values = {purpose: pick("allowed", *VALUES) for purpose in terms.FLAG_PURPOSES if not wrong()}
        end = pick(dice.randint(0, 9), -1)
        return Record(
            party=party,
            production=pick(dice.choice((0, 0, None)), 1),
            basis=pick("consent", "employer_ownership", "contract_licence"),
            kinds=pick((), *((kind,) for kind in KINDS), ("decision", "revision")),
            capacities=pick((), *((capacity,) for capacity in terms.CAPACITIES)),
            uses=values,
            recipients=pick(("lab",), (), ("vendor",), ("vendor", "lab")),
            recipient_kinds=pick((), ("external",), ("internal",)),
            allow=pick(dice.choice(((), ("US",), ("CA", "US"))), ("CA",), ("GB", "CA")),
            deny=pick(dice.choice(((), ("CA",))), ("US",), ("GB",)),
            start=min(end, pick(-5, 0, 1)),
            end=end,
            events=pick((("ConsentGiven", -1),), history(), history(), history()),
            conditions={purpose: condition() for purpose in values},
            compensation=pick(
                {},
                {"term": "one_fee"},
                {"term": "one_fee", "status": "paid"},
                {"term": "per_row_fee"},
                {"term": "per_row_fee", "status": "due"},
                {"status": "due"},
            ),
            lines=pick((), ledger(), ledger()),
            retention=pick(None, 10, 30, 400),
            kind=pick(dice.choice(("signed_rider", "signed_consent")), ""),
            guardian=dice.choice(("", "a parent")),
            replaces=pick(None, 0, 1, 2),
        )

    def condition() -> Any:
        return dice.choice(
            (
                {},
                {"recipients": ["lab"]},
                {"recipients": ["vendor"]},
                {"recipient_kinds": ["external"]},
                {"profiles": ["preference", "signals"]},
                {"places": ["US", "CA"]},
                {"places": []},
                {"recipients": "lab"},
                {"not_before": TODAY.isoformat()},
                {"not_after": "2026-11-19"},
                {"not_after": "2026-11-20", "info": "x"},
                {"not_before": "soon"},
                {"not_after": 20261231},
                {"not_before": "2026-01-01", "not_after": "2027-01-01"},
                {"info": "aggregate only"},
                [1],
                "x",
                None,
            )
        )

    def ledger() -> tuple[tuple[str, int | None, int, int], ...]:
        lines: list[tuple[str, int | None, int, int]] = []
        for number in range(dice.randint(1, 3)):
            due = [place for place, line in enumerate(lines) if line[0] == "due"]
            taken = {line[1] for line in lines}
            free = [place for place in due if place not in taken]
            kind = dice.choice(("due", "settled", "waived"))
            settles = dice.choice((*free, None)) if kind != "due" else None
            lines.append((kind, settles, dice.choice((-1, 0, 1)), dice.choice((-1, 0, 1)) if number else -1))
        return tuple(lines)

    def history() -> tuple[tuple[str, int], ...]:
        states = ("ConsentGiven", "RenewedConsentGiven", *AuthorisationState.values)
        return tuple((dice.choice(states), dice.choice((-2, -1, 0, 1))) for _ in range(dice.randint(0, 3)))

    def agreement() -> tuple[int, int, int, tuple[str, ...], tuple[str, ...], int | None, int | None]:
        places = pick(dice.choice((("US",), ("US",), ("US", "CA"))), (), ("GB",))
        return (
            pick(-9, 1),
            pick(-9, 1),
            pick(9, 0, -1),
            pick(PURPOSES, ("ai_training",)),
            places,
            pick(dice.choice((None, 30)), 10, 400),
            pick(dice.choice((None, 20)), 30, 31),
        )

    records = [record(party) for party in range(PARTIES) if not wrong()]
    records += [record(dice.randrange(PARTIES)) for _ in range(dice.choice((0, 0, 1, 3)))]
    dice.shuffle(records)
    said = [
        Said(dice.randrange(2), dice.randrange(PARTIES), dice.choice((None, None, *range(PARTIES))),
             dice.choice(("accept", "reject", "revise")))
        for _ in range(dice.randint(1, 4))
    ]  # fmt: skip
    return World(
        works=tuple(Work(listed(), listed(), materials(), materials()) for _ in range(2)),
        said=tuple(said),
        rows=tuple(
            (dice.randrange(len(said)), dice.choice((None, dice.randrange(len(said)))))
            for _ in range(dice.randint(1, 4))
        ),
        records=tuple(records),
        agreements=tuple(agreement() for _ in range(pick(1, 0, 2))),
        block=pick({}, {"exports_allowed": False}, {"legal_hold": True}, {"status": "hold"}, {"embargo_until": TODAY},
                   {"embargo_until": TODAY - timedelta(days=1)}),
        purpose=pick(*PURPOSES),
        profile=pick(dice.choice(("preference", "signals", None)), "evaluation", "no_profile"),
        minors=pick((), ((dice.randrange(PARTIES), dice.choice((0, 1))),)),
        guilds=pick((), ("WRITERS",), ("WRITERS", "DIRECTORS")),
        told=tuple((dice.choice(("WRITERS", "DIRECTORS")), dice.random() < 0.5, dice.choice((-1, 0, 1)))
                   for _ in range(dice.choice((0, 1, 2)))),
        duties=pick((), ((-1, None),), ((0, None), (1, None)), ((-1, 0),), ((-1, 1),)),
        recipient_kind=pick("external", "production", "internal"),
        origins=tuple((pick(dice.choice(("model", "person")), "camera", "nobody"), not wrong()) for _ in range(2)),
        terms=pick(("allowed",), (), ("notAllowed",), ("notAllowed", "allowed"), ("allowed", "notAllowed")),
        screens=pick((), (("work", 0, "quarantined"),), (("said", 0, "quarantined"), ("said", 0, "released")),
                     (("work", 1, "pass"), ("said", 1, "quarantined")), (("work", 0, "redacted"),)),
    )  # fmt: skip


worlds = st.integers(0, 2**48).map(drawn)


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

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
    Evidence,
    Recipient,
    RecipientAgreement,
)
from loop.decision.models import Decision
from loop.kernel.ids import uuid7
from loop.material.models import Material, MaterialContribution, Production
from loop.people.models import Contributor
from loop.suggestion.models import (
    Brief,
    BriefContribution,
    BriefMaterial,
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


@dataclass(frozen=True)
class World:
    """Everything a question depends on. Rows are (decision, other decision or None)."""

    works: tuple[Work, ...]
    said: tuple[Said, ...]
    rows: tuple[tuple[int, int | None], ...]
    records: tuple[Record, ...]
    agreements: tuple[tuple[int, int, int, tuple[str, ...], tuple[str, ...]], ...]
    block: dict[str, object] = field(default_factory=dict)
    purpose: str = PURPOSES[0]
    profile: str | None = "preference"


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
        )

    def history() -> tuple[tuple[str, int], ...]:
        states = ("ConsentGiven", "RenewedConsentGiven", *AuthorisationState.values)
        return tuple((dice.choice(states), dice.choice((-2, -1, 0, 1))) for _ in range(dice.randint(0, 3)))

    def agreement() -> tuple[int, int, int, tuple[str, ...], tuple[str, ...]]:
        places = pick(dice.choice((("US",), ("US",), ("US", "CA"))), (), ("GB",))
        return (pick(-9, 1), pick(-9, 1), pick(9, 0, -1), pick(PURPOSES, ("ai_training",)), places)

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
    recipient = Recipient.objects.create(code="lab", name="Lab", kind="external", created_at=NOON)
    for signed, start, end, purposes, places in world.agreements:
        RecipientAgreement.objects.create(
            recipient=recipient, signed_on=_day(signed), valid_from=min(_day(start), _day(end)), valid_until=_day(end),
            purposes=list(purposes), places=list(places), event=event, recorded_at=NOON,
        )  # fmt: skip
    suggestions = [_suggestion(shows[0], number, work, parties, event) for number, work in enumerate(world.works)]
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
    for record in world.records:
        _authorisation(record, shows, parties, evidence, event)
    many = len(decisions)
    rows = [(decisions[one % many], None if other is None else decisions[other % many]) for one, other in world.rows]
    return Built(shows[0], recipient, parties, rows)


def _day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


def _event() -> AuditEvent:
    return AuditEvent.objects.create(
        type="test", at=NOON, actor_pid="system", object_table="", object_uid=uuid7(), entry=b"{}", leaf_hash=bytes(32)
    )


def _production(code: str, block: dict[str, object]) -> Production:
    return Production.objects.create(code=code, title=code, rate_num=24, created_at=NOON, **block)


def _suggestion(
    production: Production, number: int, work: Work, parties: list[Contributor], event: AuditEvent
) -> Suggestion:
    brief = Brief.objects.create(production=production, external_id=f"b{number}", kind="shot_list", recorded_at=NOON)
    suggestion = Suggestion.objects.create(
        production=production, brief=brief, external_id=f"s{number}", origin="model", kind="shot_list",
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
    record: Record, shows: list[Production], parties: list[Contributor], evidence: Evidence, event: AuditEvent
) -> None:
    row = Authorisation.objects.create(
        party=parties[record.party], production=None if record.production is None else shows[record.production],
        basis=record.basis, material_kinds=list(record.kinds), capacities=list(record.capacities),
        uses={purpose: {"value": value} for purpose, value in record.uses.items()},
        recipients=list(record.recipients), recipient_kinds=list(record.recipient_kinds),
        territory_allow=list(record.allow), territory_deny=list(record.deny),
        valid_from=_day(record.start), valid_until=_day(record.end), evidence=evidence, event=event, recorded_at=NOON,
    )  # fmt: skip
    for state, minutes in record.events:
        AuthorisationEvent.objects.create(
            authorisation=row,
            state=state,
            effective_at=NOON + timedelta(minutes=minutes),
            recorded_at=NOON,
            event=event,
        )

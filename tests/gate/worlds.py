"""Made-up consent worlds, drawn from a seed; building.py puts them into the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from loop.consent import terms
from loop.consent.models import (
    AuthorisationState,
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

"""The plain values the verdict is made of and made from. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a recipient signed. `places`: ISO 3166 codes where it processes and stores; empty: it did not say."""

    signed_on: date
    valid_from: date
    valid_until: date
    purposes: frozenset[str]
    places: frozenset[str]
    retention_days: int | None = None  # how long the recipient keeps what it got; None: it did not say
    use_days: int | None = None  # how long it means to use it

    def is_in_force(self, on: date) -> bool:
        """Signed by that date, and the date lies in its term (both ends included)."""
        return self.signed_on <= on and self.valid_from <= on <= self.valid_until


@dataclass(frozen=True, slots=True)
class RecipientFacts:
    """Who would receive."""

    code: str
    kind: str
    agreements: tuple[Agreement, ...]
    overdue: int = 0  # duties of a recall whose day has passed unmet


@dataclass(frozen=True, slots=True)
class ProductionFacts:
    """Whose show it is, and whether anything may leave it. `embargo_until` is the last day of the embargo."""

    id: int
    status: str
    exports_allowed: bool
    legal_hold: bool
    embargo_until: date | None
    guilds: frozenset[str] = frozenset()
    guilds_told: frozenset[str] = frozenset()  # with a notice or consultation recorded for this recipient


@dataclass(frozen=True, slots=True)
class Question:
    """May it go to this recipient for this purpose on this date? `moment` fixes which events count.

    `profile` None: no shape was named, so rule 2 does not apply. `recipient` None: nobody registered.
    """

    purpose: str
    profile: str | None
    recipient: RecipientFacts | None
    production: ProductionFacts
    on: date
    moment: datetime
    minors: frozenset[int] = frozenset()  # contributors who are under age on the date


@dataclass(frozen=True, slots=True)
class Source:
    """Where a text of the row comes from. `model` 0: unnamed; `training` "": the supplier's terms are not recorded.

    `screen` is the newest verdict of the screening; "": the text was never screened.
    """

    origin: str
    model: int = 0
    training: str = ""
    screen: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Contribution:
    """Who is involved in a row, in what capacity, with what kind of material. Party 0 or capacity "": unknown."""

    party: int
    capacity: str
    material_kind: str


@dataclass(frozen=True, slots=True)
class StateEvent:
    """What happened to a statement, from which moment; `id` decides between events of the same moment."""

    id: int
    state: str
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """One authorisation record as the gate reads it. `production` None: every production.

    `constraints` are the conditions of uses that are `constrained`. `is_open`: something promised is neither settled
    nor waived. `is_rider`: its document is a rider. `guardian`: somebody signed for the party.
    """

    id: int
    party: int
    production: int | None
    basis: str
    material_kinds: frozenset[str]
    capacities: frozenset[str]
    uses: Mapping[str, str]
    recipients: frozenset[str]
    recipient_kinds: frozenset[str]
    territory_allow: frozenset[str]
    territory_deny: frozenset[str]
    valid_from: date
    valid_until: date
    events: tuple[StateEvent, ...]
    constraints: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    supersedes: int | None = None
    is_open: bool = False
    retention_days: int | None = None
    is_rider: bool = False
    guardian: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one contribution, with the ids of the statements that each rule left standing.

    `territory` None: everywhere. `uses`: the most restrictive explicit value per flag purpose; silence is notAllowed.
    """

    contribution: Contribution
    codes: tuple[str, ...]
    covering: tuple[int, ...] = ()
    in_force: tuple[int, ...] = ()
    allowing: tuple[int, ...] = ()
    denying: tuple[int, ...] = ()
    reaching: tuple[int, ...] = ()  # allowing, and for this recipient and its places
    settled: tuple[int, ...] = ()
    specific: tuple[int, ...] = ()
    permitting: tuple[int, ...] = ()
    expires_on: date | None = None
    territory: frozenset[str] | None = None
    uses: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the row may leave; if not, every distinct failing code in rule order, the first one primary.

    If it may: the statements it leaves under, their earliest last day, the intersection of their territories (empty:
    everywhere) and the most restrictive value of each flag purpose. If not, these four are empty and `contributors`
    names only those a rule failed for.
    """

    codes: tuple[str, ...]
    judgements: tuple[Judgement, ...]
    contributors: tuple[int, ...]
    authorisation_ids: tuple[int, ...] = ()
    expires_on: date | None = None
    territory: tuple[str, ...] = ()
    uses: Mapping[str, str] | None = None

    @property
    def allowed(self) -> bool:
        """Whether the row may leave."""
        return not self.codes

    @property
    def code(self) -> str | None:
        """The primary code: that of the first rule that failed."""
        return self.codes[0] if self.codes else None

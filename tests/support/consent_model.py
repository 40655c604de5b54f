"""What consent must do, as plain dictionaries: written from the product's rules, importing nothing of the product.

Rule source: the decision table of standards 2.6 (rules 3, 4, 6 to 11, 14), and product.md: default deny, any denial
wins, a record that names an earlier one replaces it where it is in force and reaches, every row is left out or
recalled, what was recalled stays out of a replacement, erased texts leave no more.

Time is (day, tick): days are counted, ticks order what happens on one day; tick 0 is just after midnight.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Moment = tuple[int, int]

TRAINING, EVALUATION, OTHER = "ai_generative_training", "ai_evaluation", "ai_training"
FLAGS = ("ai_generative_training", "ai_training", "ai_inference", "data_mining")
STRICTNESS = {"allowed": 0, "notAllowed": 2}
GIVEN, RENEWED, EXPIRED = "ConsentGiven", "RenewedConsentGiven", "ConsentExpired"
GONE = ("ConsentWithdrawn", "ConsentRevoked", "ConsentInvalidated")
ORDER = (
    "RECIPIENT_NOT_AUTHORISED", "RECIPIENT_RECALL_OVERDUE", "CONTRIBUTOR_UNKNOWN", "CONSENT_MISSING", "WITHDRAWN",
    "EXPIRED", "NOT_GIVEN", "USE_NOT_ALLOWED", "CONFLICT_MOST_RESTRICTIVE", "RECIPIENT_OUT_OF_SCOPE",
    "SUPPLIER_TERMS",
)  # fmt: skip
DAYS_TO_ANSWER = 14


@dataclass
class Row:
    """A judged suggestion: who is involved, in which capacity, and whose words it carries."""

    involved: tuple[tuple[str, str], ...]
    suggestion_by: frozenset[str] = frozenset()  # whose text the suggestion is
    said_by: frozenset[str] = frozenset()  # whose words the decision holds; empty: it has none


@dataclass
class Record:
    """What a party said, and what became of it."""

    number: int
    party: str
    uses: dict[str, str]
    recipients: frozenset[str]
    capacities: frozenset[str]
    start: int
    end: int
    replaces: int | None
    deletes: bool
    owned: bool  # the basis is that the employer owns it
    events: list[tuple[Moment, str]] = field(default_factory=list)

    def state(self, moment: Moment | None = None) -> str | None:
        reached = [event for event in self.events if moment is None or event[0] <= moment]
        return max(enumerate(reached), key=lambda one: (one[1][0], one[0]))[1][1] if reached else None

    def standing(self, day: int, moment: Moment) -> str | None:
        """None: in force; else why not."""
        state = self.state(moment)
        if state in GONE:
            return "WITHDRAWN"
        if state == EXPIRED:
            return "EXPIRED"
        if state not in (GIVEN, RENEWED) or self.start > day:
            return "NOT_GIVEN"
        return "EXPIRED" if self.end < day else None


@dataclass
class Leave:
    """Under what a row may leave."""

    records: frozenset[int]
    until: int
    flags: dict[str, str]
    parties: frozenset[str]


@dataclass
class Notice:
    """A recall: of which rows, about whom, and until when it must be answered."""

    release: int
    party: str
    rows: frozenset[str]
    due: Moment
    met: Moment | None = None


@dataclass
class Release:
    """A release and what became of its rows."""

    number: int
    purpose: str
    recipient: str
    gate_day: int
    replaces: int | None
    version: int
    approved: bool | None  # None: nobody is asked
    state: str = "ordered"
    rows: dict[str, Leave] = field(default_factory=dict)
    excluded: dict[str, tuple[str, ...]] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    published: int = 0

    @property
    def shipped(self) -> frozenset[str]:
        return frozenset(self.rows) - frozenset(self.dropped)


@dataclass
class World:
    """Everything that was said and done. `agreements`: recipient -> (first day, last day)."""

    rows: dict[str, Row]
    agreements: dict[str, tuple[int, int]]
    terms_known: Moment  # when it was recorded that the model's supplier allows training
    records: list[Record] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    gone: set[tuple[str, str]] = field(default_factory=set)  # texts that were erased: (row, which)
    forgotten: set[str] = field(default_factory=set)  # parties
    day: int = 0
    tick: int = 0

    def now(self) -> Moment:
        self.tick += 1
        return (self.day, self.tick)

    @property
    def erased(self) -> set[str]:
        return {name for name, _ in self.gone}

    # -- the gate

    def of_order(self, recipient: str, day: int, moment: Moment) -> list[str]:
        codes = []
        first, last = self.agreements[recipient]
        if not first <= day <= last:
            codes.append("RECIPIENT_NOT_AUTHORISED")
        for notice in self.notices:
            to = self.releases[notice.release].recipient
            if to == recipient and notice.due < moment and not (notice.met and notice.met <= moment):
                return [*codes, "RECIPIENT_RECALL_OVERDUE"]
        return codes

    def of_party(
        self, party: str, capacity: str, purpose: str, recipient: str, day: int, moment: Moment,
        gone: frozenset[int] = frozenset(),
    ) -> tuple[list[str], list[Record], dict[str, str]]:  # fmt: skip
        """(codes, the records that permit, what they say of each flag) for one contribution."""
        reaching = [r for r in self.records if r.party == party and (not r.capacities or capacity in r.capacities)]
        why = {r.number: "WITHDRAWN" if r.number in gone else r.standing(day, moment) for r in reaching}
        replaced = {r.replaces for r in reaching if why[r.number] is None}
        heard = [r for r in reaching if r.number not in replaced]
        personal = capacity in ("decider", "author_of_revision", "performer_likeness")
        covering = [r for r in heard if not (r.owned and personal)]
        if not covering:
            return ["CONSENT_MISSING"], [], {}
        in_force = [r for r in covering if why[r.number] is None]
        if not in_force:
            found = {why[r.number] for r in covering}
            return [next(code for code in ("WITHDRAWN", "EXPIRED", "NOT_GIVEN") if code in found)], [], {}
        allowing = [r for r in in_force if r.uses.get(purpose) == "allowed"]
        if not allowing:
            return ["USE_NOT_ALLOWED"], [], {}
        speaking = [r for r in heard if why[r.number] is None]
        codes = []
        if any(r.uses.get(purpose) == "notAllowed" for r in speaking):
            codes.append("CONFLICT_MOST_RESTRICTIVE")
        permitting = [r for r in allowing if recipient in r.recipients]
        if not permitting:
            codes.append("RECIPIENT_OUT_OF_SCOPE")
        flags = {}
        for flag in FLAGS:
            denied = any(r.uses.get(flag) == "notAllowed" for r in speaking)
            said = any(r.uses.get(flag) == "allowed" for r in permitting)
            flags[flag] = "allowed" if said and not denied else "notAllowed"
        return codes, permitting, flags

    def verdict(self, name: str, purpose: str, recipient: str, day: int, moment: Moment) -> tuple[str, ...] | Leave:
        codes = set(self.of_order(recipient, day, moment))
        if purpose == TRAINING and moment < self.terms_known:
            codes.add("SUPPLIER_TERMS")
        records: list[Record] = []
        flags = dict.fromkeys(FLAGS, "allowed")
        for party, capacity in self.rows[name].involved:
            failed, permitting, said = self.of_party(party, capacity, purpose, recipient, day, moment)
            codes |= set(failed)
            records += permitting
            flags = {flag: max(flags[flag], said.get(flag, "notAllowed"), key=STRICTNESS.__getitem__) for flag in FLAGS}
        if codes:
            return tuple(sorted(codes, key=ORDER.index))
        return Leave(
            frozenset(r.number for r in records), min(r.end for r in records), flags,
            frozenset(party for party, _ in self.rows[name].involved),
        )  # fmt: skip

    # -- what happens

    def freeze(self, release: Release, moment: Moment) -> None:
        judged = min(moment, (release.gate_day + 1, -1))
        barred = self.recalled_before(release)
        for name in sorted(set(self.rows) - self.erased):
            found = self.verdict(name, release.purpose, release.recipient, release.gate_day, judged)
            if isinstance(found, tuple):
                release.excluded[name] = found
            elif name not in barred:
                release.rows[name] = found
        release.state = "frozen"

    def recalled_before(self, release: Release) -> set[str]:
        found: set[str] = set()
        earlier = release.replaces
        while earlier is not None:
            found |= {row for notice in self.notices if notice.release == earlier for row in notice.rows}
            earlier = self.releases[earlier].replaces
        return found

    def publish(self, release: Release, moment: Moment) -> None:
        if self.of_order(release.recipient, self.day, moment):
            release.state = "failed"
            return
        for name in release.shipped:
            was, now = release.rows[name], self.verdict(name, release.purpose, release.recipient, self.day, moment)
            if isinstance(now, tuple):
                release.dropped[name] = now[0]
            elif (
                not now.records >= was.records or now.until < was.until
                or any(STRICTNESS[now.flags[flag]] > STRICTNESS[was.flags[flag]] for flag in FLAGS)
            ):  # fmt: skip
                release.dropped[name] = "CONSENT_CHANGED"
            elif name in self.erased:
                release.dropped[name] = "TEXT_ERASED"
        if release.approved is False:
            release.state = "awaiting"
        else:
            release.state, release.published = "published", self.day

    def recall(self, party: str, gone: frozenset[int], moment: Moment) -> list[Notice]:
        """The notices that follow when these records of the party no longer hold."""
        issued = []
        for release in self.releases:
            if release.state != "published":
                continue
            named = frozenset(
                name for name in release.shipped - self.named(release, party)
                if party in release.rows[name].parties and any(
                    self.of_party(who, capacity, release.purpose, release.recipient, release.published, moment, gone)[0]
                    for who, capacity in self.rows[name].involved if who == party
                )
            )  # fmt: skip
            if named:
                issued.append(Notice(release.number, party, named, (moment[0] + DAYS_TO_ANSWER, moment[1])))
        self.notices += issued
        return issued

    def named(self, release: Release, party: str) -> frozenset[str]:
        about = [n.rows for n in self.notices if n.release == release.number and n.party == party]
        return frozenset().union(*about)

    def withdraw(self, party: str, records: list[Record], state: str, moment: Moment) -> list[Notice]:
        for record in records:
            record.events.append((max(moment, *(event[0] for event in record.events)), state))
        return self.recall(party, frozenset(record.number for record in records), moment)

    def due_to_expire(self, party: str) -> list[Record]:
        return [
            record for record in self.records
            if record.party == party and record.deletes and record.end < self.day and record.state() in (GIVEN, RENEWED)
        ]  # fmt: skip

    def expire(self, party: str, moment: Moment) -> list[Notice]:
        records = self.due_to_expire(party)
        for record in records:
            record.events.append((max((record.end + 1, 0), *(event[0] for event in record.events)), EXPIRED))
        return self.recall(party, frozenset(record.number for record in records), moment)

    def erase(self, party: str, moment: Moment) -> list[Notice]:
        """The party's words go: rows that rest on them are dropped if they have not left, and recalled if they have."""
        going = {(name, "suggestion") for name, row in self.rows.items() if party in row.suggestion_by}
        going |= {(name, "decision") for name, row in self.rows.items() if party in row.said_by}
        touched = {name for name, _ in going - self.gone}
        self.gone |= going
        self.forgotten.add(party)
        issued = []
        for release in self.releases:
            reached = frozenset(release.shipped & touched)
            if release.state == "published":
                reached -= self.named(release, party)
                if reached:
                    issued.append(Notice(release.number, party, reached, (moment[0] + DAYS_TO_ANSWER, moment[1])))
            elif release.state != "ordered":
                release.dropped |= dict.fromkeys(reached, "TEXT_ERASED")
                if release.state == "awaiting" and reached:
                    release.state = "building"
        self.notices += issued
        return issued

    def may_be_replaced(self, release: Release) -> str:
        """Why it may not be replaced; empty: it may."""
        notices = [notice for notice in self.notices if notice.release == release.number]
        if release.state != "published" or not notices:
            return "nothing_to_replace"
        later = [one for one in self.line_after(release) if one.state == "published"]
        if all(any(not notice.rows & one.shipped for one in later) for notice in notices):
            return "nothing_to_replace"
        if self.of_order(release.recipient, self.day, self.now()):
            return "order_refused"
        unfinished = [r for r in self.releases if r.replaces == release.number]
        if any(r.state not in ("published", "failed", "cancelled") for r in unfinished):
            return "conflict"
        return ""

    def line_after(self, release: Release) -> list[Release]:
        direct = [one for one in self.releases if one.replaces == release.number]
        return [*direct, *(later for one in direct for later in self.line_after(one))]

    def next_version(self, release: Release) -> int:
        first = release
        while first.replaces is not None:
            first = self.releases[first.replaces]
        return max(one.version for one in (first, *self.line_after(first)) if one.state != "failed") + 1

"""The steps of the consent machine: each is done with the product's verbs and in the model, and compared."""

from __future__ import annotations

from datetime import timedelta

import pytest

from loop.consent.evidence import document_of
from loop.consent.grant import GrantTerms, grant
from loop.export.advance import advance
from loop.export.approval import request_of
from loop.export.order import OrderRefusedError, order
from loop.export.rules import ORDERED, UNFINISHED
from loop.kernel.actor import SYSTEM
from loop.kernel.errors import ConflictError
from loop.people.models import Contributor
from loop.recall.acknowledge import acknowledge
from loop.recall.approve import approve
from loop.recall.erase import erase
from loop.recall.expire import expire
from loop.recall.reissue import NothingToReplaceError, reissue
from loop.recall.withdraw import withdraw
from tests.support.ahead import Ahead, set_clock
from tests.support.consent_compare import Compared
from tests.support.consent_model import EVALUATION, EXPIRED, GIVEN, GONE, OTHER, RENEWED, TRAINING, Record, Release, Row
from tests.support.releases import decision, suggestion

LONG, VENDOR_DAYS = 4_000, 180  # days: of the registry, and of the vendor's agreement
HOUSE, VENDOR = "night-ferry-lab", "vendor"
PARTIES = ("editor", "director", "writer")

WRITTEN = {"contributors": [{"id": "writer", "capacity": "author_of_source"}]}
OWNED = {"contributors": [{"id": "writer", "capacity": "producer_owner"}]}
LINES = [
    suggestion(0, decision("accept", by="editor", external_id="d0")),
    suggestion(1, decision("reject", by="editor", external_id="d1", rationale="Too early."), **WRITTEN),
    suggestion(2, decision("revise", by="director", external_id="d2", revised_content="The door waits.")),
    suggestion(3, decision("accept", by="editor", external_id="d3", on_behalf_of="director"), **WRITTEN),
    suggestion(4, decision("reject", by="director", external_id="d4"), **OWNED),
]
ROWS = {
    "d0": Row((("editor", "decider"),)),
    "d1": Row((("editor", "decider"), ("writer", "author_of_source")), frozenset({"writer"}), frozenset({"editor"})),
    "d2": Row((("director", "decider"), ("director", "author_of_revision")), said_by=frozenset({"director"})),
    "d3": Row((("editor", "decider"), ("director", "decider"), ("writer", "author_of_source")), frozenset({"writer"})),
    "d4": Row((("director", "decider"), ("writer", "producer_owner"))),
}

WEIGHTS = {
    "grant": 8, "renew": 5, "restrict": 4, "wait": 10, "expire": 5, "withdraw": 9, "erase": 2, "order": 14,
    "freeze": 6, "publish": 18, "approve": 5, "acknowledge": 8, "reissue": 12,
}  # fmt: skip


class Run(Compared):
    """What can be done next; `step` draws it."""

    # -- steps: each is True if it could be done

    def begin(self) -> None:
        """Nearly everybody has allowed everything: else little would ever leave."""
        for party in PARTIES:
            if self.dice.random() < 0.9:
                self.say("grant", party, "everything")
                self.record(party, dict.fromkeys((TRAINING, EVALUATION, OTHER), "allowed"), is_wide=True)

    def step(self) -> None:
        chosen = self.dice.choices(list(WEIGHTS), weights=list(WEIGHTS.values()))[0]
        if not getattr(self, chosen)():
            self.grant()
        self.compare_states()

    def say(self, what: str, *details: object) -> None:
        self.steps.append(" ".join([what, *map(str, details)]))
        self.seen[what] += 1

    def record(
        self, party: str, uses: dict[str, str], *, replaces: Record | None = None, renews: bool = False,
        is_wide: bool = False,
    ) -> None:  # fmt: skip
        """A record of the party; wide: for everything and everybody, and long. What is given most often is wide."""
        dice, world = self.dice, self.world
        moment = world.now()
        is_wide = is_wide or dice.random() < 0.4
        recipients = [HOUSE, VENDOR] if is_wide else dice.choice(([HOUSE], [VENDOR], [HOUSE, VENDOR]))
        recipients = recipients if "allowed" in uses.values() else []
        capacities = [] if is_wide else dice.choice(([], [], ["decider"], ["author_of_source", "producer_owner"]))
        begins = world.day + (-30 if is_wide else dice.choice((-30, 0, 0, 0, 3)))
        made = Record(
            len(world.records), party, uses, frozenset(recipients), frozenset(capacities), begins,
            begins + (200 if is_wide else dice.choice((10, 40, 200, LONG))),
            None if replaces is None else replaces.number, dice.random() < 0.5, not is_wide and dice.random() < 0.2,
        )  # fmt: skip
        made.events.append((moment, RENEWED if renews else GIVEN))
        self.papers += 1
        said = GrantTerms(
            production=self.show.production, uses=uses, basis="employer_ownership" if made.owned else "consent",
            evidence=document_of("paper.txt", f"Paper {self.papers}.".encode()), valid_from=self.on(made.start),
            valid_until=self.on(made.end), recipients=recipients, capacities=capacities,
            on_withdrawal=["delete_copies"] if made.deletes else [],
            supersedes=None if replaces is None else self.records[replaces.number], state=made.events[0][1],
        )  # fmt: skip
        self.records.append(grant(party=self.parties[party], given=said, actor=SYSTEM))
        world.records.append(made)

    def grant(self) -> bool:
        uses = dict.fromkeys(self.dice.choice(((TRAINING, EVALUATION), (TRAINING,), (TRAINING, OTHER))), "allowed")
        self.say("grant", party := self.dice.choice(PARTIES), sorted(uses))
        self.record(party, uses)
        return True

    def renew(self) -> bool:
        known = [one for one in self.world.records if one.state() in (GIVEN, RENEWED, EXPIRED)]
        if not known:
            return False
        old = self.dice.choice(known)
        self.say("renew", old.number)
        self.record(old.party, dict(old.uses), replaces=old, renews=True)
        return True

    def restrict(self) -> bool:
        known = [one for one in self.world.records if one.state() in (GIVEN, RENEWED)]
        if known and self.dice.random() < 0.6:
            old = self.dice.choice(known)
            self.say("restrict", "replacing", old.number)
            self.record(old.party, {EVALUATION: "allowed"}, replaces=old)
        else:
            self.say("restrict", "refusing", party := self.dice.choice(PARTIES))
            self.record(party, {self.dice.choice((TRAINING, EVALUATION, OTHER)): "notAllowed"})
        return True

    def wait(self) -> bool:
        days = self.dice.choice((1, 3, 10, 15, 15))
        self.say("wait", days)
        self.world.day += days
        set_clock(self.connection, Ahead.by + timedelta(days=days))
        return True

    def expire(self) -> bool:
        due = {party: self.world.due_to_expire(party) for party in PARTIES}
        self.say("expire", [record.number for records in due.values() for record in records])
        # In the order of the parties' keys, as the product goes through them; each has a moment of its own.
        first = sorted((party for party in PARTIES if due[party]), key=lambda party: self.parties[party].pk)
        expected = [notice for party in first for notice in self.world.expire(party, self.world.now())]
        expire()
        self.compare_notices(expected)
        return True

    def withdraw(self) -> bool:
        party = self.dice.choice(PARTIES)
        standing = [one for one in self.world.records if one.party == party and one.state() not in GONE]
        if not standing:
            return False
        records = standing if self.dice.random() < 0.5 else [self.dice.choice(standing)]
        state = self.dice.choice(GONE)
        self.say("withdraw", party, [one.number for one in records], state)
        expected = self.world.withdraw(party, records, state, self.world.now())
        withdraw(authorisations=[self.records[one.number] for one in records], actor=SYSTEM, state=state)
        self.compare_notices(expected)
        return True

    def erase(self) -> bool:
        left = [party for party in PARTIES if party not in self.world.forgotten]
        if not left:
            return False
        party = self.dice.choice(left)
        self.say("erase", party)
        expected = self.world.erase(party, self.world.now())
        whose = Contributor.objects.get(pk=self.parties[party].pk)
        erase(party=whose, production=self.show.production, basis="gdpr_art17_1_b", actor=SYSTEM)
        self.compare_notices(expected)
        for release in self.world.releases:
            self.compare_dropped(release)
        return True

    def order(self) -> bool:
        world, dice = self.world, self.dice
        purpose, recipient = dice.choice((TRAINING, TRAINING, EVALUATION)), dice.choice((HOUSE, VENDOR))
        day = world.day - dice.choice((0, 0, 0, 1, 20))
        approved = None if recipient == HOUSE else dice.random() < 0.5
        codes = world.of_order(recipient, day, world.now())
        self.say("order", purpose, recipient, f"for day {day}", "approved" if approved else "", codes)
        arguments = {
            "production": self.show.production, "profile": "signals", "purpose": purpose, "actor": SYSTEM,
            "recipient": self.recipients[recipient], "gate_date": self.on(day),
            "second": self.second if approved else None,
        }  # fmt: skip
        if codes:
            with pytest.raises(OrderRefusedError) as refused:
                order(**arguments)
            assert refused.value.facts["codes"] == codes, self.story()
            self.seen["order refused"] += 1
            return True
        self.exports.append(order(**arguments))
        world.releases.append(Release(len(world.releases), purpose, recipient, day, None, 1, approved))
        return True

    def freeze(self) -> bool:
        waiting = [one for one in self.world.releases if one.state == "ordered"]
        if not waiting:
            return False
        release = self.dice.choice(waiting)
        self.say("freeze", release.number)
        self.frozen(release)
        return True

    def frozen(self, release: Release) -> None:
        self.world.freeze(release, self.world.now())
        advance(self.exports[release.number].pk)
        self.compare_frozen(release)

    def publish(self) -> bool:
        waiting = [one for one in self.world.releases if one.state in ("ordered", "frozen", "building", "verifying")]
        if not waiting:
            return False
        release = self.dice.choice(waiting)
        self.say("publish", release.number)
        if release.state == "ordered":
            self.frozen(release)
        self.world.publish(release, self.world.now())
        export = self.exports[release.number]
        export.refresh_from_db()
        assert export.state != ORDERED, self.story()
        while export.state in UNFINISHED:
            advance(export.pk)
            export.refresh_from_db()
        assert export.state == release.state, (self.story(), export.state, release.state, export.failure)
        self.seen[f"release {release.state}"] += 1
        self.compare_dropped(release)
        if release.state == "published":
            self.compare_files(release)
        return True

    def approve(self) -> bool:
        waiting = [one for one in self.world.releases if one.approved is False and one.state != "failed"]
        if not waiting:
            return False
        release = self.dice.choice(waiting)
        request = request_of(self.exports[release.number])
        assert request is not None, self.story()
        self.say("approve", release.number)
        release.approved = True
        if release.state == "awaiting":
            release.state = "verifying"
        approve(request=request, actor=self.second)
        return True

    def acknowledge(self) -> bool:
        if not self.notices:
            return False
        number = self.dice.randrange(len(self.notices))
        deleted = self.dice.random() < 0.7
        self.say("acknowledge", number, "deleted" if deleted else "not yet")
        moment, notice = self.world.now(), self.world.notices[number]
        if deleted and notice.met is None:
            notice.met = moment
        acknowledge(notice=self.notices[number], by="R. Okafor", copies_deleted=deleted, actor=SYSTEM)
        return True

    def reissue(self) -> bool:
        out = [one for one in self.world.releases if one.state == "published"]
        if not out:
            return False
        recalled = [one for one in out if any(notice.release == one.number for notice in self.world.notices)]
        release = self.dice.choice(recalled if recalled and self.dice.random() < 0.8 else out)
        approved = None if release.recipient == HOUSE else self.dice.random() < 0.7
        why = self.world.may_be_replaced(release)
        self.say("reissue", release.number, why)
        arguments = {
            "export": self.exports[release.number], "actor": SYSTEM, "second": self.second if approved else None
        }  # fmt: skip
        refusals = {
            "nothing_to_replace": NothingToReplaceError, "order_refused": OrderRefusedError, "conflict": ConflictError
        }  # fmt: skip
        if why:
            with pytest.raises(refusals[why]):
                reissue(**arguments)
            self.seen[f"reissue refused: {why}"] += 1
            return True
        made = Release(
            len(self.world.releases), release.purpose, release.recipient, self.world.day, release.number,
            self.world.next_version(release), approved,
        )  # fmt: skip
        self.exports.append(reissue(**arguments))
        self.world.releases.append(made)
        assert self.exports[-1].version == f"{made.version}.0.0", self.story()
        return True

"""Grant, renew, restrict, expire, withdraw, erase, order, publish, approve, acknowledge, re-issue, in any order.

Each run draws its steps from a seed, does each of them with the product's verbs and in a model of plain dictionaries
(tests/support/consent_model.py), and compares what both say: refusals, which rows are in a release, every code of those
that are not, what was dropped, which rows each recall names, whom rule 4 blocks, the state of every record, and the
rows in the files. A failure says the seed and the steps up to the first disagreement.

Days pass: the database's `clock_timestamp`, and Python's clock with it, is ahead by as many days as the run says.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import connections

from loop.audit.verify import verify
from loop.consent.agreement import AgreementTerms, record_agreement
from loop.consent.models import Recipient
from loop.consent.recipient import add_recipient
from loop.decision.models import Decision
from loop.kernel import clock
from loop.kernel.actor import SYSTEM
from loop.material.models import Production
from loop.people.models import Contributor
from tests.support import ahead, databases
from tests.support.ahead import Ahead, noon, set_clock
from tests.support.consent_model import EVALUATION, TRAINING, World
from tests.support.consent_steps import HOUSE, LINES, LONG, PARTIES, ROWS, VENDOR, VENDOR_DAYS, Run
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, officer, stage, suppliers_allow

SEED = 20261122
RUNS, PARTS, STEPS = 2_000, 4, 50
IN_A_SLICE = 2  # runs of each part outside `make soak`


def prepared(fresh: FreshDatabase) -> None:
    """The production and its rows, once, on the day before: each run works on a copy."""
    with fresh.server.connect(fresh.name) as admin:
        ahead.install(admin)
        ahead.found_first(admin, fresh.name)
        set_clock(admin, noon() - timedelta(days=1))
    show = stage()
    show.brings_in(LINES)
    suppliers_allow()
    officer(show)
    start = clock.utc_date(clock.now())
    wide = AgreementTerms(
        signed_on=start - timedelta(days=LONG), valid_from=start - timedelta(days=LONG),
        valid_until=start + timedelta(days=LONG), purposes=[TRAINING, EVALUATION],
    )  # fmt: skip
    record_agreement(recipient=show.recipient, agreement=wide, actor=SYSTEM)
    ends = replace(wide, valid_until=start + timedelta(days=VENDOR_DAYS + 1))
    add_recipient(code=VENDOR, name="Vendor", kind="external", actor=SYSTEM, agreement=ends)


def one_run(fresh: FreshDatabase, home: Path, seed: int) -> Counter[str]:
    """Fifty steps on a copy of the prepared database; what they met."""
    for folder in ("media", "releases"):
        shutil.rmtree(home / folder, ignore_errors=True)
        (home / folder).mkdir(mode=0o700)
    server = fresh.server
    with databases.clone(server, fresh.name, "machine") as name, server.connect(name) as admin:
        ahead.found_first(admin, name)
        with databases.pointed_at(name):
            set_clock(admin, noon())
            run = started(Random(seed), admin)  # noqa: S311  (steps, not secrets)
            try:
                run.begin()
                for _ in range(STEPS):
                    run.step()
                report = verify()
                assert report.ok, (run.story(), report.problems)
            except Exception as error:
                error.add_note(f"run {seed}, step {len(run.steps)}\n{run.story()}")
                raise
    return run.seen


def started(dice: Random, connection: Any) -> Run:
    """A run before its first step."""
    production = Production.objects.get()
    recipients = {each.code: each for each in Recipient.objects.all()}
    show = Stage(production=production, recipient=recipients[HOUSE])
    return Run(
        show=show, second=officer(show), dice=dice, connection=connection, start=clock.utc_date(clock.now()),
        parties={each.external_id: each for each in Contributor.objects.filter(external_id__in=PARTIES)},
        recipients=recipients, names=dict(Decision.objects.values_list("pk", "external_id")),
        world=World(rows=ROWS, agreements={HOUSE: (-LONG, LONG), VENDOR: (-LONG, VENDOR_DAYS)},
                    terms_known=(-1, 0)),
    )  # fmt: skip


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.soak(rounds=RUNS // PARTS, seed=SEED)
def test_whatever_happens_the_model_says_the_same(
    fresh_database: FreshDatabase,
    own_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    slice_of: Callable[[int], int],
    record_property: Callable[[str, object], None],
    part: int,
) -> None:
    """Runs of fifty steps, each with a seed; no disagreement, and the log of each verifies."""
    monkeypatch.setattr(clock, "datetime", Ahead)
    prepared(fresh_database)
    connections.close_all()
    seen: Counter[str] = Counter()
    for number in range(many(slice_of)):
        seen += one_run(fresh_database, own_home, SEED + part * RUNS + number)
    record_property("seen", "0 disagreements; " + ", ".join(f"{times} {what}" for what, times in sorted(seen.items())))
    missing = {"grant", "withdraw", "publish", "release published"} - set(seen)
    assert not missing, missing


def many(slice_of: Callable[[int], int]) -> int:
    """All of a part, or a few: a run takes seconds."""
    share = slice_of(RUNS // PARTS)
    return share if share == RUNS // PARTS else IN_A_SLICE

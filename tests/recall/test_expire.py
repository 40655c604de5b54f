"""An authorisation that ends and asked for copies to be deleted reaches its releases; the gate judges as before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from loop.audit.models import AuditEvent
from loop.consent.lock import database_moment, hold
from loop.consent.models import AuthorisationEvent, AuthorisationState
from loop.export.models import ExportRow
from loop.kernel.actor import SYSTEM
from loop.people.models import Contributor
from loop.recall import expire as expiring
from loop.recall import withdraw as withdrawing
from loop.recall.expire import expire
from loop.recall.models import RecallNotice, RecallRow
from loop.recall.querysets import records_of
from loop.recall.withdraw import withdraw
from loop.tasks import expire_authorisations
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, few_lines, stage, today

DELETE = ["delete_copies", "request_unlearning"]


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    return made


@pytest.fixture
def tomorrow(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The database's clock, for expiry and withdrawal, stands a day ahead."""
    monkeypatch.setattr(expiring, "database_moment", lambda: database_moment() + timedelta(days=1))
    for verb in (expiring, withdrawing):
        monkeypatch.setattr(verb, "hold", lambda ids: hold(ids) + timedelta(days=1))
    return database_moment() + timedelta(days=1)


def director() -> Contributor:
    return Contributor.objects.get(external_id="director-1")


def ends_today(show: Stage, *parties: str, on_withdrawal: list[str]) -> None:
    show.authorises(*parties, valid_until=today(), on_withdrawal=on_withdrawal)


def test_what_ended_is_recalled_once_its_last_day_is_over(show: Stage, tomorrow: datetime) -> None:
    ends_today(show, "director-1", on_withdrawal=DELETE)
    show.authorises("editor-1")
    release, _ = show.releases()
    [report] = expire()
    [notice] = RecallNotice.objects.all()
    assert report.notices == (notice,)
    assert (notice.basis, notice.actions) == ("expired", ["stop_use", "delete_copies", "request_unlearning"])
    assert notice.cause is not None
    assert notice.cause.state == AuthorisationState.EXPIRED
    midnight = datetime.combine(today() + timedelta(days=1), time(), UTC)
    assert notice.cause.effective_at == midnight + timedelta(microseconds=1)
    held = ExportRow.objects.filter(export=release, contributor_ids__contains=[director().pk])
    assert set(RecallRow.objects.values_list("row_id", flat=True)) == set(held.values_list("id", flat=True)) != set()
    events = AuditEvent.objects.count()
    assert expire() == []
    assert AuditEvent.objects.count() == events


def test_its_last_day_is_still_a_day(show: Stage) -> None:
    ends_today(show, on_withdrawal=DELETE)
    show.releases()
    assert expire() == []
    assert not AuthorisationEvent.objects.filter(state=AuthorisationState.EXPIRED).exists()


def test_without_deletion_it_only_stops_future_use(show: Stage, tomorrow: datetime) -> None:
    for terms in ([], ["stop_future"], ["stop_future", "exclude_from_retrain"]):
        ends_today(show, on_withdrawal=terms)
    show.releases()
    assert expire() == []
    assert not RecallNotice.objects.exists()
    ends_today(show, "director-1", on_withdrawal=DELETE)
    assert len(expire()) == 1


def test_rows_that_another_record_carries_are_not_reached(show: Stage, tomorrow: datetime) -> None:
    ends_today(show, on_withdrawal=DELETE)
    show.authorises()
    show.releases()
    assert [report.notices for report in expire()] == [(), ()]
    assert AuthorisationEvent.objects.filter(state=AuthorisationState.EXPIRED).count() == 2
    # With the other one gone too nothing carries them any more: what had ended carries nothing.
    left = [each for each in records_of(director(), show.production) if each.valid_until > today()]
    assert len(withdraw(authorisations=left, actor=SYSTEM).notices) == 1


def test_the_gate_judges_as_it_did_before_the_event(show: Stage, tomorrow: datetime) -> None:
    ends_today(show, on_withdrawal=DELETE)
    before, _ = show.releases(gate_date=today())
    expire()
    again, _ = show.releases(gate_date=today(), checkpoint=before.checkpoint_size)
    assert again.order_digest == before.order_digest
    assert (again.rows_included, again.excluded_by_code) == (before.rows_included, before.excluded_by_code)


def test_a_withdrawn_record_does_not_expire_and_an_expired_one_can_be_withdrawn(
    show: Stage, tomorrow: datetime
) -> None:
    ends_today(show, on_withdrawal=DELETE)
    show.releases()
    withdraw(authorisations=records_of(director(), show.production), actor=SYSTEM)
    [report] = expire()
    assert {each.party.external_id for each in report.authorisations} == {"editor-1"}
    [record] = report.authorisations
    # Its rows are named already, so a withdrawal on top names none again.
    assert withdraw(authorisations=[record], actor=SYSTEM).notices == ()


def test_it_takes_one_party_at_a_time_and_goes_on(show: Stage, tomorrow: datetime) -> None:
    ends_today(show, on_withdrawal=DELETE)
    show.releases()
    assert len(expire(limit=1)) == 1
    assert len(expire(limit=1)) == 1
    assert expire(limit=1) == []
    assert RecallNotice.objects.count() == 2


def test_two_sweeps_at_once_expire_once(show: Stage, tomorrow: datetime) -> None:
    ends_today(show, on_withdrawal=DELETE)
    show.releases()

    def run(_: int) -> int:
        try:
            return len(expire())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(run, range(4))) == 2
    assert RecallNotice.objects.count() == 2
    assert AuthorisationEvent.objects.filter(state=AuthorisationState.EXPIRED).count() == 2


def test_the_beat_and_the_polling_worker_do_it(show: Stage, tomorrow: datetime) -> None:
    ends_today(show, "director-1", on_withdrawal=DELETE)
    show.authorises("editor-1")
    show.releases()
    expire_authorisations()
    assert RecallNotice.objects.count() == 1
    ends_today(show, "editor-1", on_withdrawal=DELETE)
    call_command("run_worker", "--until-idle", stdout=StringIO())
    assert AuthorisationEvent.objects.filter(state=AuthorisationState.EXPIRED).count() == 2

"""A withdrawal reaches every release that already left, and no row is both left out and recalled."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from loop.audit.models import AuditEvent
from loop.consent.models import Authorisation, AuthorisationState
from loop.export.models import ExportExclusion, ExportRow, ExportRowDropped
from loop.export.rules import PUBLISHED
from loop.kernel.actor import SYSTEM
from loop.kernel.errors import ConflictError, NotAllowedError, NotFoundError, NotValidError
from loop.people.member import add_member
from loop.people.models import Contributor, Role, User
from loop.people.querysets import actor_for_user
from loop.recall.models import RecallNotice, RecallRow
from loop.recall.preview import preview
from loop.recall.querysets import records_of
from loop.recall.withdraw import DEADLINE_DAYS, withdraw
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, few_lines, finished, officer, stage

pytestmark = pytest.mark.usefixtures("fresh_database")


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    return made


def party(show: Stage, name: str) -> Contributor:
    return Contributor.objects.get(namespace=show.production.code, external_id=name)


def rows_of(name: str, show: Stage) -> set[int]:
    return set(ExportRow.objects.filter(contributor_ids__contains=[party(show, name).pk]).values_list("id", flat=True))


def test_it_recalls_the_rows_of_published_releases(show: Stage) -> None:
    records = show.authorises()
    release, _ = show.releases()
    other, _ = show.releases("unpaired_preference")
    director = [each for each in records if each.party == party(show, "director-1")]
    report = withdraw(authorisations=director, actor=SYSTEM, reason="changed my mind")
    assert {reach.export.pk for reach in report.published} == {release.pk, other.pk}
    assert report.in_progress == ()
    assert [notice.export_id for notice in report.notices] == sorted({release.pk, other.pk})
    named = set(RecallRow.objects.values_list("row_id", flat=True))
    assert named == rows_of("director-1", show)
    assert 0 < len(named) < ExportRow.objects.count()
    for notice in RecallNotice.objects.all():
        assert notice.rows == notice.notice_rows.count()
        assert notice.cause == report.events[0]
        assert notice.deadline - notice.issued_at == timedelta(days=DEADLINE_DAYS)
        assert notice.actions == ["stop_use", "delete_copies", "exclude_from_retrain"]
        assert notice.basis == "withdrawn_by_party"
    kinds = list(AuditEvent.objects.order_by("-id").values_list("type", flat=True)[:3])
    assert kinds == ["recipient.duty", "recall.issued", "recipient.duty"]
    again, _ = show.releases()
    assert not ExportRow.objects.filter(export=again, contributor_ids__contains=[director[0].party_id]).exists()
    assert set(again.excluded_by_code) == {"WITHDRAWN"}
    assert set(ExportExclusion.objects.filter(export=again).values_list("code", flat=True)) == {"WITHDRAWN"}


def test_a_preview_says_the_same_and_writes_nothing(show: Stage) -> None:
    records = show.authorises("editor-1", "director-1")
    show.releases()
    before = AuditEvent.objects.count()
    editor = [each for each in records if each.party == party(show, "editor-1")]
    seen = preview(authorisations=editor, actor=SYSTEM)
    assert (seen.events, seen.notices) == ((), ())
    assert AuditEvent.objects.count() == before
    assert not RecallNotice.objects.exists()
    done = withdraw(authorisations=editor, actor=SYSTEM)
    assert [(each.export.pk, each.rows) for each in seen.published] == [
        (each.export.pk, each.rows) for each in done.published
    ]


def test_rows_that_another_record_carries_are_not_recalled(show: Stage) -> None:
    show.authorises()
    (second,) = show.authorises("director-1")
    show.releases()
    assert withdraw(authorisations=[second], actor=SYSTEM).notices == ()
    first = Authorisation.objects.exclude(pk=second.pk).get(party=second.party)
    assert len(withdraw(authorisations=[first], actor=SYSTEM).notices) == 1


def test_a_record_that_came_after_the_release_is_found_through_the_party(show: Stage) -> None:
    show.authorises()
    show.releases()
    (later,) = show.authorises("director-1")
    first = Authorisation.objects.exclude(pk=later.pk).get(party=later.party)
    assert withdraw(authorisations=[first], actor=SYSTEM).notices == ()
    assert len(withdraw(authorisations=[later], actor=SYSTEM).notices) == 1


def test_two_parties_each_have_their_notice_and_no_row_is_named_twice_for_one(show: Stage) -> None:
    show.authorises()
    show.releases()
    for name in ("director-1", "editor-1"):
        withdraw(authorisations=records_of(party(show, name), show.production), actor=SYSTEM)
    assert RecallNotice.objects.count() == 2
    (renewed,) = show.authorises("director-1")
    assert withdraw(authorisations=[renewed], actor=SYSTEM).notices == ()


def test_a_release_in_progress_leaves_the_rows_out_instead(show: Stage) -> None:
    show.authorises()
    export = show.orders()
    from loop.export.advance import advance

    advance(export.pk)
    export.refresh_from_db()
    assert export.state == "frozen"
    report = withdraw(authorisations=records_of(party(show, "director-1"), show.production), actor=SYSTEM)
    assert ([each.export.pk for each in report.in_progress], report.published, report.notices) == ([export.pk], (), ())
    assert finished(export).state == PUBLISHED
    dropped = set(ExportRowDropped.objects.values_list("row_id", flat=True))
    assert dropped == rows_of("director-1", show)
    assert not RecallRow.objects.exists()


def test_it_is_withdrawn_once(show: Stage) -> None:
    show.authorises()
    records = records_of(party(show, "director-1"), show.production)
    withdraw(authorisations=records, actor=SYSTEM, state=AuthorisationState.REVOKED)
    with pytest.raises(ConflictError, match="revoked already"):
        withdraw(authorisations=records, actor=SYSTEM)
    with pytest.raises(NotFoundError, match="director-1"):
        records_of(party(show, "director-1"), show.production)


def test_it_refuses_what_is_no_withdrawal(show: Stage) -> None:
    records = show.authorises()
    with pytest.raises(NotValidError, match="one party"):
        withdraw(authorisations=records, actor=SYSTEM)
    with pytest.raises(NotValidError, match="one party"):
        withdraw(authorisations=[], actor=SYSTEM)
    with pytest.raises(NotValidError, match="state"):
        withdraw(authorisations=records[:1], actor=SYSTEM, state="ConsentGiven")
    assert not AuditEvent.objects.filter(type="authorisation.state").exclude(object_uid__in=[
        event.uid for record in records for event in record.events.all()
    ]).exists()  # fmt: skip


def test_only_the_party_and_a_consent_officer_withdraw(show: Stage) -> None:
    records = show.authorises()
    data = User.objects.create(username="dora")
    add_member(user=data, production=show.production, role=Role.DATA, actor=SYSTEM)
    for ask in (withdraw, preview):
        with pytest.raises(NotAllowedError):
            ask(authorisations=records[:1], actor=actor_for_user(data))
    officer = User.objects.create(username="olga")
    add_member(user=officer, production=show.production, role=Role.CONSENT_OFFICER, actor=SYSTEM)
    assert withdraw(authorisations=records[:1], actor=actor_for_user(officer)).events


def test_a_record_for_every_production_is_withdrawn_from_each(show: Stage) -> None:
    show.authorises("editor-1")
    show.authorises("director-1", production=None)
    show.releases()
    records = records_of(party(show, "director-1"), show.production)
    assert [each.production for each in records] == [None]
    report = withdraw(authorisations=records, actor=SYSTEM)
    assert len(report.notices) == 1


@pytest.mark.parametrize(("word", "state", "basis"), [
    ("revoked", AuthorisationState.REVOKED, "revoked_by_other_party"),
    ("invalidated", AuthorisationState.INVALIDATED, "invalidated"),
])  # fmt: skip
def test_the_command_records_what_another_party_took_back(
    show: Stage, word: str, state: AuthorisationState, basis: str
) -> None:
    records = show.authorises()
    show.releases()
    [record] = [each for each in records if each.party == party(show, "director-1")]
    out = StringIO()
    second = User.objects.get(pk=officer(show).user_id).username
    call_command("withdraw", "--authorisation", str(record.uid), "--state", word, "--approve-as", second, stdout=out)
    assert f"Recorded as {word}: {record.uid}" in out.getvalue()
    assert record.events.latest("id").state == state
    assert RecallNotice.objects.get().basis == basis


def test_a_party_withdraws_for_itself_and_revokes_for_nobody(show: Stage) -> None:
    records = show.authorises("director-1")
    [record] = records
    user = User.objects.create(username="d")
    add_member(user=user, production=show.production, role=Role.DIRECTOR, contributor_id="director-1", actor=SYSTEM)
    Contributor.objects.filter(pk=record.party_id).update(user=user)
    records = list(Authorisation.objects.filter(pk=record.pk))
    own = actor_for_user(user)
    for state in (AuthorisationState.REVOKED, AuthorisationState.INVALIDATED):
        with pytest.raises(NotAllowedError):
            withdraw(authorisations=records, actor=own, state=state)
    assert withdraw(authorisations=records, actor=own).events

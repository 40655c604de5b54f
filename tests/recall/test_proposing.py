"""Taking back what is out needs a second person, except for the party themself; each refusal beside its success."""

from __future__ import annotations

import pytest
from django.db import transaction

from loop.audit.models import AuditEvent
from loop.consent.approval import AlreadyDecidedError, ask_approval
from loop.consent.models import ApprovalDecision, ApprovalRequest
from loop.export.advance import advance
from loop.export.models import Export
from loop.kernel.actor import SYSTEM, by_link
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError, NotAllowedError, NotFoundError
from loop.kernel.ids import uuid7
from loop.people.member import add_member
from loop.people.models import Contributor, Role, User
from loop.people.querysets import actor_for_user
from loop.recall.approvals import reason_of, requests_about, waiting
from loop.recall.approve import approve
from loop.recall.propose import propose
from loop.recall.querysets import records_of
from loop.recall.refuse import refuse
from loop.recall.withdraw import withdraw
from tests.recall.test_approval import built, director, inside, login, show, vouched
from tests.support.releases import Stage, finished, officer, stage

__all__ = ["inside", "show"]

pytestmark = pytest.mark.usefixtures("fresh_database")


def test_a_withdrawal_that_reaches_a_published_release_waits(inside: Stage) -> None:
    export, _ = inside.releases()
    olga, omar = officer(inside), officer(inside, "omar")
    records = records_of(director(inside), inside.production)
    made = propose(authorisations=records, actor=olga, reason="by letter")
    assert made.is_waiting
    assert made.request is not None
    assert [each.export.pk for each in made.report.published] == [export.pk]
    assert made.request.asked["releases"] == [
        {"production": "night-ferry", "release": "E-1", "export": str(export.uid), "recipient": "night-ferry-lab",
         "rows": 2}
    ]  # fmt: skip
    assert "by letter" not in str(made.request.asked)
    assert records_of(director(inside), inside.production) == records
    again = propose(authorisations=records, actor=omar)
    assert again.request == made.request
    with pytest.raises(NotAllowedError):
        approve(request=made.request, actor=olga)
    done = approve(request=requests_about(inside.production).get(), actor=omar)
    assert done.report is not None
    assert {each.export.pk for each in done.report.published} == {export.pk}
    assert len(done.report.notices) == 1
    event = AuditEvent.objects.filter(type="authorisation.state").latest("id")
    assert event.payload.facts["reason"] == "by letter"
    assert reason_of(requests_about(inside.production).get()) == "by letter"
    vouched()


def rows_of(export: Export, party: Contributor) -> int:
    """How many of the party's rows left with it."""
    return export.rows.filter(contributor_ids__contains=[party.pk], dropped=None).count()


def test_while_it_waits_nothing_more_leaves_and_refused_it_leaves_again(inside: Stage) -> None:
    out, _ = inside.releases()
    party = director(inside)
    assert rows_of(out, party) == 2
    begun = inside.orders()
    advance(begun.pk)
    assert rows_of(begun, party) == 2
    records = records_of(party, inside.production)
    made = propose(authorisations=records, actor=SYSTEM)
    assert made.request is not None
    begun = finished(begun)
    assert (begun.state, rows_of(begun, party)) == (Export.State.PUBLISHED, 0)
    assert rows_of(inside.releases()[0], party) == 0
    other = propose(authorisations=records, actor=SYSTEM, state="ConsentInvalidated")
    assert other.request is not None
    refuse(request=made.request, reason="ask her first", actor=officer(inside))
    assert rows_of(inside.releases()[0], party) == 0  # the other request about the same records waits
    refuse(request=other.request, reason="it is valid", actor=officer(inside))
    assert rows_of(inside.releases()[0], party) == 2
    vouched()


def test_one_that_reaches_no_published_release_is_recorded_at_once(inside: Stage) -> None:
    export = inside.orders()
    advance(export.pk)
    made = propose(authorisations=records_of(director(inside), inside.production), actor=officer(inside))
    assert not made.is_waiting
    assert made.request is None
    assert [each.export.pk for each in made.report.in_progress] == [export.pk]
    assert not ApprovalRequest.objects.exists()


def test_a_release_that_waits_is_no_published_one(show: Stage) -> None:
    built(show)
    made = propose(authorisations=records_of(director(show), show.production), actor=officer(show))
    assert not made.is_waiting


@pytest.mark.parametrize("door", ["login", "link"])
def test_the_party_withdraws_at_once_whatever_it_reaches(inside: Stage, door: str) -> None:
    party = director(inside)
    if door == "login":
        user = User.objects.create(username="dana")
        add_member(
            user=user, production=inside.production, role=Role.DIRECTOR, contributor_id="director-1", actor=SYSTEM
        )
        actor = actor_for_user(user)
    else:
        actor = by_link(uuid7(), party_id=party.pk, production_id=inside.production.pk)
    inside.releases()
    made = propose(authorisations=records_of(party, inside.production), actor=actor)
    assert made.request is None
    assert len(made.report.notices) == 1


def test_a_second_person_on_the_spot_or_nothing_is_written(inside: Stage) -> None:
    inside.releases()
    records = records_of(director(inside), inside.production)
    olga = officer(inside)
    for second in (olga, login(inside, "dora", Role.DATA), SYSTEM):
        with pytest.raises(NotAllowedError):
            propose(authorisations=records, actor=olga, second=second)
    assert not ApprovalRequest.objects.exists()
    made = propose(authorisations=records, actor=SYSTEM, second=olga)
    assert not made.is_waiting
    assert len(made.report.notices) == 1
    with pytest.raises(ConflictError, match="withdrawn already"):
        propose(authorisations=records, actor=SYSTEM, second=olga)
    vouched()


def test_refused_nothing_is_withdrawn_and_it_may_be_asked_again(inside: Stage) -> None:
    inside.releases()
    records = records_of(director(inside), inside.production)
    made = propose(authorisations=records, actor=SYSTEM)
    assert made.request is not None
    refuse(request=made.request, reason="ask her first", actor=officer(inside))
    assert records_of(director(inside), inside.production) == records
    with pytest.raises(AlreadyDecidedError):
        approve(request=made.request, actor=officer(inside))
    again = propose(authorisations=records, actor=SYSTEM)
    assert again.request is not None
    assert again.request != made.request
    vouched()


def test_what_the_party_took_back_meanwhile_is_not_taken_back_twice(inside: Stage) -> None:
    (second,) = inside.authorises("director-1")
    inside.releases()
    records = records_of(director(inside), inside.production)
    made = propose(authorisations=records, actor=SYSTEM)
    assert made.request is not None
    withdraw(authorisations=[second], actor=SYSTEM)
    done = approve(request=made.request, actor=officer(inside))
    assert done.report is not None
    assert second not in done.report.authorisations
    assert len(done.report.notices) == 1


def test_when_all_of_it_was_withdrawn_there_is_nothing_to_approve(inside: Stage) -> None:
    inside.releases()
    records = records_of(director(inside), inside.production)
    made = propose(authorisations=records, actor=SYSTEM)
    assert made.request is not None
    withdraw(authorisations=records, actor=SYSTEM)
    with pytest.raises(ConflictError, match="withdrawn meanwhile"):
        approve(request=made.request, actor=officer(inside))
    assert waiting(inside.production) == []
    assert not ApprovalDecision.objects.exists()


def test_a_record_for_every_production_is_approved_where_it_reaches(inside: Stage) -> None:
    inside.releases()
    party = director(inside)
    withdraw(authorisations=records_of(party, inside.production), actor=SYSTEM)
    inside.authorises("director-1", production=None)
    inside.releases()
    made = propose(authorisations=records_of(party, inside.production), actor=SYSTEM)
    assert made.request is not None
    assert made.request.production == inside.production
    elsewhere = stage("other-show")
    with pytest.raises(NotFoundError):
        approve(request=made.request, actor=officer(elsewhere, "otto"))
    assert approve(request=made.request, actor=officer(inside)).report is not None


def test_what_concerns_several_productions_needs_an_officer_of_each(inside: Stage) -> None:
    inside.releases()
    records = records_of(director(inside), inside.production)
    made = propose(authorisations=records, actor=SYSTEM)
    assert made.request is not None
    other = stage("other-show")
    with transaction.atomic():
        both = ask_approval(
            kind="withdrawal", subject=made.request.subject, production=None, asked_by="system", actor=SYSTEM, at=now(),
            asked=made.request.asked | {"productions": [inside.production.code, other.production.code]},
        )  # fmt: skip
    assert both in requests_about(inside.production)
    assert both in requests_about(other.production)
    olga = officer(inside)
    with pytest.raises(NotFoundError):
        approve(request=both, actor=olga)
    add_member(
        user=User.objects.get(pk=olga.user_id), production=other.production, role="consent_officer", actor=SYSTEM
    )
    assert approve(request=both, actor=olga).report is not None

"""Four eyes: what goes outside, or takes back what is out, needs a second person; each refusal beside its success."""

from __future__ import annotations

from datetime import timedelta

import pytest

from loop.audit.models import AuditEvent
from loop.audit.verify import verify
from loop.consent.approval import AlreadyDecidedError
from loop.consent.models import ApprovalDecision, ApprovalRequest
from loop.export import places
from loop.export.advance import advance
from loop.export.approval import NotWaitingError
from loop.export.cancel import cancel
from loop.export.files import NotPublishedError, release_files
from loop.export.lifecycle import fail
from loop.export.models import Export, ExportRowDropped
from loop.export.retry import RefusedReleaseError, retry
from loop.export.sweep import sweep
from loop.kernel.actor import SYSTEM, Actor, tool
from loop.kernel.clock import now
from loop.kernel.errors import NotAllowedError, NotFoundError, NotValidError
from loop.people.member import add_member
from loop.people.models import Contributor, Role, User
from loop.people.querysets import actor_for_user
from loop.people.roles import SCOPES
from loop.people.token import create_token
from loop.recall.approvals import Standing, approvals, requests_about, waiting, word_on
from loop.recall.approve import approve
from loop.recall.models import RecallRow
from loop.recall.querysets import records_of
from loop.recall.refuse import refuse
from loop.recall.withdraw import withdraw
from tests.audit.worlds import Attacker
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, few_lines, finished, officer, stage, today
from tests.support.releases import waiting as request_about

pytestmark = pytest.mark.usefixtures("fresh_database")


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    """Everybody allows; the recipient is outside the studio."""
    made = stage(kind="external")
    made.brings_in(few_lines())
    made.authorises()
    return made


@pytest.fixture
def inside(fresh_database: FreshDatabase) -> Stage:
    """The same with a recipient inside, so that its releases need nobody."""
    made = stage()
    made.brings_in(few_lines())
    made.authorises()
    return made


def login(show: Stage, name: str, role: str) -> Actor:
    user = User.objects.create(username=name)
    add_member(user=user, production=show.production, role=role, actor=SYSTEM)
    return actor_for_user(user)


def built(show: Stage) -> Export:
    """A release that is built, verified, and waits."""
    export = finished(show.orders())
    assert export.state == "awaiting", (export.state, export.failure)
    return export


def director(show: Stage) -> Contributor:
    return Contributor.objects.get(namespace=show.production.code, external_id="director-1")


def vouched() -> None:
    report = verify()
    assert report.ok, report.problems


def test_a_release_that_goes_outside_waits_for_a_second_person_and_then_leaves(show: Stage) -> None:
    export = built(show)
    asked = request_about(export)
    assert asked.asked["recipient"] == "night-ferry-lab"
    assert (asked.asked["release"], asked.asked["order"]) == ("E-1", bytes(export.order_digest).hex())
    assert asked.asked_by == "system"
    assert [each.subject for each in waiting(show.production)] == ["E-1"]
    assert export.pk not in sweep()
    assert not advance(export.pk).did
    with pytest.raises(NotPublishedError):
        release_files(export)
    assert places.release(export).is_dir()
    done = approve(request=asked, actor=officer(show), reason="as agreed")
    assert done.export is not None
    assert done.export.state == "verifying"
    assert finished(done.export).state == "published"
    assert release_files(done.export)
    assert waiting(show.production) == []
    assert word_on(requests_about(show.production).get()) == "as agreed"
    vouched()


def test_one_that_stays_inside_asks_nobody(inside: Stage) -> None:
    export, _ = inside.releases()
    assert not ApprovalRequest.objects.exists()
    assert export.published_at is not None


@pytest.mark.parametrize("state", ["ordered", "frozen", "building", "verifying"])
def test_approved_before_it_is_built_it_never_waits(show: Stage, state: str) -> None:
    export = show.orders()
    while export.state != state:
        advance(export.pk)
        export.refresh_from_db()
    approve(request=request_about(export), actor=officer(show))
    export.refresh_from_db()
    assert export.state == state
    assert finished(export).state == "published"


def test_an_order_names_its_second_person_or_nothing_is_written(show: Stage) -> None:
    dora = login(show, "dora", Role.DATA)
    for second in (dora, SYSTEM):
        with pytest.raises(NotAllowedError):
            show.orders(actor=dora, second=second)
    assert not Export.objects.exists()
    export = finished(show.orders(actor=dora, second=officer(show)))
    assert export.state == "published"
    decision = ApprovalDecision.objects.get()
    assert (decision.request.asked_by, decision.decided_by) == (dora.pid, officer(show).pid)
    vouched()


def test_rows_withdrawn_while_it_waits_are_left_out(show: Stage) -> None:
    export = built(show)
    report = withdraw(authorisations=records_of(director(show), show.production), actor=SYSTEM)
    assert ([each.export.pk for each in report.in_progress], report.notices) == ([export.pk], ())
    approve(request=request_about(export), actor=officer(show))
    export.refresh_from_db()
    assert finished(export).state == "published"
    assert ExportRowDropped.objects.filter(row__export=export).count() == 2
    assert not RecallRow.objects.exists()
    vouched()


def test_who_may_not_approve(show: Stage) -> None:
    """Own order, by login or by token; other roles; no role; a tool; the console; then the one who may."""
    user = User.objects.create(username="both")
    for role in (Role.DATA, Role.CONSENT_OFFICER):
        add_member(user=user, production=show.production, role=role, actor=SYSTEM)
    both = actor_for_user(user)
    token, _ = create_token(user=user, name="ordering", scopes=SCOPES, productions=[show.production], actor=SYSTEM)
    robot = tool(
        token.uid, label="ordering", scopes=frozenset(SCOPES), production_ids=frozenset({show.production.pk}),
        user_id=user.pk,
    )  # fmt: skip
    own = request_about(built_by(show, both))
    ours = request_about(built_by(show, robot))
    second_session = actor_for_user(User.objects.get(username="both"))
    for request in (own, ours):
        for actor in (both, second_session, robot, SYSTEM, login(show, f"{request.pk}-p", Role.PRODUCER)):
            with pytest.raises(NotAllowedError):
                approve(request=request, actor=actor)
            with pytest.raises(NotAllowedError):
                refuse(request=request, reason="no", actor=actor)
    other = stage("other-show")
    with pytest.raises(NotFoundError):
        approve(request=own, actor=officer(other, "otto"))
    admin = actor_for_user(User.objects.create(username="root", is_superuser=True))
    with pytest.raises(NotAllowedError):
        approve(request=own, actor=admin)
    assert not ApprovalDecision.objects.exists()
    for request in (own, ours):
        approve(request=request, actor=officer(show))
    vouched()


def built_by(show: Stage, actor: Actor) -> Export:
    export = finished(show.orders(actor=actor))
    assert export.state == "awaiting"
    return export


def test_refused_it_is_cancelled_and_the_reason_is_kept_where_it_can_be_erased(show: Stage) -> None:
    export = built(show)
    request = request_about(export)
    with pytest.raises(NotValidError, match="reason"):
        refuse(request=request, reason="  ", actor=officer(show))
    refuse(request=request, reason="not to them", actor=officer(show))
    export.refresh_from_db()
    assert export.state == "cancelled"
    (found,) = approvals(requests_about(show.production))
    assert (found.standing, word_on(found.request)) == (Standing.REFUSED, "not to them")
    event = AuditEvent.objects.get(type="approval.decided")
    assert b"not to them" not in bytes(event.entry)
    vouched()


@pytest.mark.parametrize("first", ["approve", "refuse"])
def test_it_is_decided_once(show: Stage, first: str) -> None:
    export = built(show)
    request = request_about(export)
    if first == "approve":
        approve(request=request, actor=officer(show))
    else:
        refuse(request=request, reason="no", actor=officer(show))
    with pytest.raises(AlreadyDecidedError):
        approve(request=request, actor=officer(show, "omar"))
    with pytest.raises(AlreadyDecidedError):
        refuse(request=request, reason="no", actor=officer(show, "omar"))
    assert ApprovalDecision.objects.count() == 1


def test_one_that_was_cancelled_meanwhile_is_not_approved(show: Stage) -> None:
    export = built(show)
    cancel(export=export, actor=SYSTEM)
    with pytest.raises(NotWaitingError, match="cancelled"):
        approve(request=request_about(export), actor=officer(show))
    assert not ApprovalDecision.objects.exists()
    assert [each.standing for each in approvals(requests_about(show.production))] == [Standing.LAPSED]


def test_one_whose_recipient_has_no_agreement_any_more_fails_with_the_rule(
    show: Stage, fresh_database: FreshDatabase
) -> None:
    export = built(show)
    time_passes(fresh_database, "loop_recipient_agreement", f"SET valid_until = '{today() - timedelta(days=1)}'")
    approve(request=request_about(export), actor=officer(show))
    export.refresh_from_db()
    assert finished(export).state == "failed"
    assert "RECIPIENT_NOT_AUTHORISED" in export.failure


def test_a_refused_release_that_had_failed_is_not_tried_again(show: Stage) -> None:
    failed, allowed = show.orders(), show.orders("unpaired_preference")
    for export in (failed, allowed):
        assert fail(export.pk, "the disk is full", now())
    refuse(request=request_about(failed), reason="no", actor=officer(show))
    approve(request=request_about(allowed), actor=officer(show))
    with pytest.raises(RefusedReleaseError):
        retry(export=failed, actor=SYSTEM)
    assert finished(retry(export=allowed, actor=SYSTEM)).state == "published"


def test_an_order_from_before_is_asked_about_when_it_would_be_published(
    show: Stage, fresh_database: FreshDatabase
) -> None:
    dora = login(show, "dora", Role.DATA)
    export = show.orders(actor=dora)
    Attacker(fresh_database.connect("superuser")).runs("loop_approval_request", "DELETE FROM {table}")
    assert finished(export).state == "awaiting"
    assert request_about(export).asked_by == dora.pid
    with pytest.raises(NotAllowedError):
        approve(request=request_about(export), actor=dora)


def time_passes(fresh_database: FreshDatabase, table: str, change: str) -> None:
    """What append-only tables never do: a term that ends today is moved to yesterday."""
    Attacker(fresh_database.connect("superuser")).runs(table, f"UPDATE {{table}} {change}")

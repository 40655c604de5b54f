"""Asking for consent, the contributor's own link, and what an answer records."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from loop.audit.models import AuditEvent
from loop.audit.record import record
from loop.audit.verify import verify
from loop.consent.link import MOST_DAYS, digest_of, open_link
from loop.consent.models import Authorisation, ConsentAnswer, ConsentRequest, ContributorLink, Notice
from loop.consent.notice import record_notice
from loop.consent.querysets import link_at, link_of, requests_of, state_of, waiting
from loop.consent.recipient import add_recipient
from loop.consent.request import ask_parties
from loop.consent.unlink import close_link
from loop.export.models import ExportRow
from loop.kernel.actor import SYSTEM, Actor, by_link
from loop.kernel.clock import now
from loop.kernel.errors import ConflictError, NotAllowedError, NotFoundError, NotValidError
from loop.kernel.ids import uuid7
from loop.material.models import Production
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.models import Contributor
from loop.people.querysets import actor_for_user
from loop.recall.answer_request import answer_request
from loop.recall.models import Erasure, RecallNotice, RecallRow
from loop.recall.querysets import records_of
from loop.recall.withdraw import withdraw
from tests.support.databases import FreshDatabase
from tests.support.releases import PURPOSE, YEAR, Stage, few_lines, stage, today

pytestmark = pytest.mark.usefixtures("fresh_database")
EVALUATION = "ai_evaluation"


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    made = stage()
    made.brings_in(few_lines())
    return made


@pytest.fixture
def notice(show: Stage) -> Notice:
    return record_notice(version="1", language="en", text="We ask for your work.", actor=SYSTEM)


def party(show: Stage, name: str = "director-1") -> Contributor:
    return Contributor.objects.get(namespace=show.production.code, external_id=name)


def ask(show: Stage, notice: Notice, *names: str, **changes: Any) -> list[ConsentRequest]:
    given: dict[str, Any] = {
        "parties": [party(show, name) for name in names or ("director-1",)], "production": show.production,
        "uses": [PURPOSE, EVALUATION], "recipients": [show.recipient.code], "valid_until": today() + YEAR,
        "notice": notice, "actor": SYSTEM,
    }  # fmt: skip
    return ask_parties(**(given | changes))


def at_the_door(show: Stage, name: str = "director-1") -> Actor:
    link, _ = open_link(party=party(show, name), production=show.production, actor=SYSTEM)
    return by_link(link.uid, party_id=link.contributor_id, production_id=link.production_id)


def says(request: ConsentRequest, generative: str, evaluation: str) -> dict[str, str]:
    return {PURPOSE: generative, EVALUATION: evaluation}


def how_many_wait(show: Stage, on: date | None = None) -> int:
    return Production.objects.annotate(asked=waiting(on or today(), "pk")).get(pk=show.production.pk).asked


# -- asking ----------------------------------------------------------------------------------------------------------


def test_several_parties_are_asked_at_once_and_wait(show: Stage, notice: Notice) -> None:
    requests = ask(show, notice, "director-1", "editor-1", compensation={"term": "flat_fee", "status": "waived"})
    assert [each.party.external_id for each in requests] == ["director-1", "editor-1"]
    assert how_many_wait(show) == 2
    assert {state_of(each, today()) for each in requests_of(show.production)} == {"unanswered"}
    assert {state_of(each, today() + 2 * YEAR) for each in requests_of(show.production)} == {"expired"}
    assert how_many_wait(show, today() + 2 * YEAR) == 0
    assert verify().ok


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("party", {"parties": []}),
        ("uses", {"uses": []}),
        ("uses", {"uses": ["training"]}),
        ("uses", {"uses": [PURPOSE, "digital_replica"]}),
        ("recipients", {"recipients": []}),
        ("recipients", {"recipients": ["nobody"]}),
        ("valid_until", {"valid_until": today() - timedelta(days=1)}),
        ("compensation", {"compensation": {"amount": "12.00", "currency": "EUR"}}),
    ],
)
def test_what_cannot_be_asked_is_refused_whole_with_its_field(
    show: Stage, notice: Notice, field: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(NotValidError) as refused:
        ask(show, notice, **changes)
    assert refused.value.field == field
    assert not ConsentRequest.objects.exists()
    assert ask(show, notice)


def test_a_party_is_asked_once_at_a_time(show: Stage, notice: Notice) -> None:
    with pytest.raises(NotValidError, match="twice"):
        ask(show, notice, "director-1", "director-1")
    ask(show, notice, "director-1")
    with pytest.raises(ConflictError, match="has not answered"):
        ask(show, notice, "editor-1", "director-1")
    assert ConsentRequest.objects.count() == 1
    assert ask(show, notice, "director-1", uses=["research"])


def test_nobody_is_asked_for_what_was_erased(show: Stage, notice: Notice) -> None:
    uid = uuid7()
    with transaction.atomic():
        event = record(
            event="party.erased", actor=SYSTEM, obj_table="loop_erasure", obj_uid=uid, at=now(),
            production_id=show.production.pk, facts={"basis": "gdpr_art17_1_b"},
        )  # fmt: skip
        Erasure.objects.create(
            uid=uid, party=party(show), production=show.production, basis="gdpr_art17_1_b", event=event, erased_at=now()
        )
    with pytest.raises(NotValidError, match="was erased") as refused:
        ask(show, notice)
    assert refused.value.field == "party"
    assert ask(show, notice, "editor-1")


def test_only_a_consent_officer_asks_and_opens_links(show: Stage, notice: Notice) -> None:
    for role, may in (("data", False), ("producer", False), ("consent_officer", True)):
        user = add_user(username=role, actor=SYSTEM).user
        add_member(user=user, production=show.production, role=role, actor=SYSTEM)
        actor = actor_for_user(user)
        if may:
            assert ask(show, notice, actor=actor)
            link, _ = open_link(party=party(show), production=show.production, actor=actor)
            assert link.created_by == user
            assert close_link(link=link, actor=actor).revoked_at
        else:
            with pytest.raises(NotAllowedError):
                ask(show, notice, actor=actor)
            with pytest.raises(NotAllowedError):
                open_link(party=party(show), production=show.production, actor=actor)
    own = at_the_door(show)
    with pytest.raises(NotAllowedError):
        ask(show, notice, actor=own, uses=["research"])
    with pytest.raises(NotAllowedError):
        open_link(party=party(show), production=show.production, actor=own)


# -- the link --------------------------------------------------------------------------------------------------------


def test_only_the_digest_of_a_secret_is_kept(show: Stage) -> None:
    link, secret = open_link(party=party(show), production=show.production, actor=SYSTEM)
    assert len(secret) >= 43  # 256 bits in base64
    assert link.secret_sha256 == digest_of(secret)
    assert link.expires_at - link.created_at == timedelta(days=30)
    for event in AuditEvent.objects.select_related("payload"):
        assert secret.encode() not in bytes(event.entry)
        assert secret not in json.dumps(event.payload.facts if hasattr(event, "payload") else {})
    assert link_of(secret, at=now()) == link
    assert link_at(link.uid, at=now()) == link
    second, _ = open_link(party=party(show), production=show.production, actor=SYSTEM)
    assert second.secret_sha256 != link.secret_sha256
    assert link_of(secret, at=now()) == link
    assert verify().ok


@pytest.mark.parametrize("days", [0, -1, MOST_DAYS + 1])
def test_a_link_ends(show: Stage, days: int) -> None:
    with pytest.raises(NotValidError) as refused:
        open_link(party=party(show), production=show.production, actor=SYSTEM, days=days)
    assert refused.value.field == "days"
    assert not ContributorLink.objects.exists()


def test_unknown_ended_and_closed_links_say_the_same(show: Stage) -> None:
    link, secret = open_link(party=party(show), production=show.production, actor=SYSTEM, days=1)
    said = set()
    for wanted, moment in ((secret + "x", now()), ("", now()), (secret, link.expires_at)):
        with pytest.raises(NotFoundError) as refused:
            link_of(wanted, at=moment)
        said.add(str(refused.value))
    assert link_of(secret, at=now())
    close_link(link=link, actor=SYSTEM)
    before = AuditEvent.objects.count()
    close_link(link=link, actor=SYSTEM)
    assert AuditEvent.objects.count() == before
    for look in (lambda: link_of(secret, at=now()), lambda: link_at(link.uid, at=now())):
        with pytest.raises(NotFoundError) as refused:
            look()
        said.add(str(refused.value))
    assert len(said) == 1


def test_a_link_closes_itself_and_no_other(show: Stage) -> None:
    link, _ = open_link(party=party(show), production=show.production, actor=SYSTEM)
    other = at_the_door(show)
    with pytest.raises(NotAllowedError):
        close_link(link=link, actor=other)
    own = by_link(link.uid, party_id=link.contributor_id, production_id=link.production_id)
    assert close_link(link=link, actor=own).revoked_at


# -- answering -------------------------------------------------------------------------------------------------------


def test_what_is_allowed_becomes_an_authorisation_with_what_was_shown(show: Stage, notice: Notice) -> None:
    (request,) = ask(show, notice)
    own = at_the_door(show)
    done = answer_request(request=request, answers=says(request, "allowed", "notAllowed"), actor=own)
    granted, denied = done.authorisations
    assert granted.uses == {PURPOSE: {"value": "allowed"}}
    assert denied.uses == {EVALUATION: {"value": "notAllowed"}}
    assert (granted.basis, granted.notice, granted.recipients) == ("consent", notice, [show.recipient.code])
    assert (granted.valid_from, granted.valid_until) == (today(), request.valid_until)
    assert granted.evidence.kind == "link_answer"
    shown = json.loads((Path(settings.MEDIA_ROOT) / granted.evidence.stored_name).read_bytes())
    assert shown["notice"]["sha256"] == notice.text_sha256
    assert shown["answers"] == {PURPOSE: "allowed", EVALUATION: "notAllowed"}
    assert shown["by"] == own.pid
    assert own.pid.startswith("link:")
    assert set(AuditEvent.objects.filter(type="consent.answered").values_list("actor_pid", flat=True)) == {own.pid}
    show.authorises("editor-1")
    export, _ = show.releases()
    assert ExportRow.objects.filter(export=export, contributor_ids__contains=[request.party_id]).exists()
    assert verify().ok


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({PURPOSE: "allowed"}, f"uses.{EVALUATION}"),
        ({PURPOSE: "allowed", EVALUATION: "constrained"}, f"uses.{EVALUATION}"),
        ({PURPOSE: "allowed", EVALUATION: "allowed", "research": "allowed"}, "uses.research"),
        ({}, f"uses.{EVALUATION}"),
    ],
)
def test_nothing_is_assumed_of_an_open_question(
    show: Stage, notice: Notice, answers: dict[str, str], field: str
) -> None:
    (request,) = ask(show, notice)
    with pytest.raises(NotValidError) as refused:
        answer_request(request=request, answers=answers, actor=at_the_door(show))
    assert refused.value.field == field
    assert not ConsentAnswer.objects.exists()
    assert not Authorisation.objects.exists()


def test_nobody_answers_for_somebody_else(show: Stage, notice: Notice) -> None:
    (request,) = ask(show, notice)
    stranger = at_the_door(show, "editor-1")
    with pytest.raises(NotAllowedError):
        answer_request(request=request, answers=says(request, "allowed", "allowed"), actor=stranger)
    elsewhere = stage("other-show")
    link, _ = open_link(party=party(show), production=elsewhere.production, actor=SYSTEM)
    other = by_link(link.uid, party_id=link.contributor_id, production_id=link.production_id)
    with pytest.raises(NotAllowedError):
        answer_request(request=request, answers=says(request, "allowed", "allowed"), actor=other)
    assert not Authorisation.objects.exists()


def test_a_refusal_wins_over_another_record(show: Stage, notice: Notice) -> None:
    show.authorises()
    (request,) = ask(show, notice)
    done = answer_request(request=request, answers=says(request, "notAllowed", "notAllowed"), actor=at_the_door(show))
    assert done.answer.answer == "refused"
    assert [each.uses[PURPOSE]["value"] for each in done.authorisations] == ["notAllowed"]
    export, _ = show.releases()
    assert not ExportRow.objects.filter(export=export, contributor_ids__contains=[request.party_id]).exists()
    assert set(export.excluded_by_code) == {"CONFLICT_MOST_RESTRICTIVE"}


def test_a_refusal_takes_nothing_from_others_who_were_allowed(show: Stage, notice: Notice) -> None:
    show.authorises()
    add_recipient(code="elsewhere", name="Elsewhere", kind="internal", actor=SYSTEM)
    (request,) = ask(show, notice, recipients=["elsewhere"])
    done = answer_request(request=request, answers=says(request, "notAllowed", "notAllowed"), actor=at_the_door(show))
    assert done.authorisations == ()
    assert (done.answer.answer, done.answer.authorisation) == ("refused", None)
    export, _ = show.releases()
    assert ExportRow.objects.filter(export=export, contributor_ids__contains=[request.party_id]).exists()


def test_withdrawing_what_was_allowed_does_not_lift_what_was_refused(show: Stage, notice: Notice) -> None:
    (request,) = ask(show, notice)
    own = at_the_door(show)
    granted, denied = answer_request(
        request=request, answers=says(request, "allowed", "notAllowed"), actor=own
    ).authorisations
    withdraw(authorisations=[granted], actor=own)
    assert [each.pk for each in records_of(request.party, show.production)] == [denied.pk]


def test_the_same_answer_again_changes_nothing(show: Stage, notice: Notice) -> None:
    (request,) = ask(show, notice)
    own = at_the_door(show)
    for generative, evaluation in (("notAllowed", "notAllowed"), ("allowed", "notAllowed"), ("allowed", "allowed")):
        first = answer_request(request=request, answers=says(request, generative, evaluation), actor=own)
        before = AuditEvent.objects.count()
        again = answer_request(request=request, answers=says(request, generative, evaluation), actor=own)
        assert (first.is_new, again.is_new) == (True, False)
        assert again.answer == first.answer
        assert AuditEvent.objects.count() == before
    assert verify().ok


def test_another_answer_recalls_what_it_no_longer_carries(show: Stage, notice: Notice) -> None:
    show.authorises("editor-1")
    (request,) = ask(show, notice)
    own = at_the_door(show)
    first = answer_request(request=request, answers=says(request, "allowed", "allowed"), actor=own)
    export, _ = show.releases()
    rows = set(ExportRow.objects.filter(contributor_ids__contains=[request.party_id]).values_list("id", flat=True))
    assert rows
    kept = answer_request(request=request, answers=says(request, "allowed", "notAllowed"), actor=own)
    assert kept.withdrawal is not None
    assert kept.withdrawal.notices == ()
    assert kept.authorisations[0].supersedes == first.authorisations[0]
    changed = answer_request(request=request, answers=says(request, "notAllowed", "allowed"), actor=own)
    assert changed.withdrawal is not None
    assert [each.export for each in changed.withdrawal.notices] == [export]
    assert set(RecallRow.objects.values_list("row_id", flat=True)) == rows
    assert state_of(requests_of(show.production).get(), today()) == "given"
    assert verify().ok


def test_deciding_later_gives_nothing_and_still_waits(show: Stage, notice: Notice) -> None:
    (request,) = ask(show, notice)
    own = at_the_door(show)
    done = answer_request(request=request, answers={}, later=True, actor=own)
    assert (done.answer.answer, done.authorisations) == ("deferred", ())
    assert how_many_wait(show) == 1
    answer_request(request=request, answers=says(request, "allowed", "allowed"), actor=own)
    assert how_many_wait(show) == 0
    with pytest.raises(ConflictError, match="withdraw it instead"):
        answer_request(request=request, answers={}, later=True, actor=own)


def test_an_expired_request_takes_no_answer(show: Stage, notice: Notice, monkeypatch: pytest.MonkeyPatch) -> None:
    (request,) = ask(show, notice, valid_until=today())
    monkeypatch.setattr("loop.recall.answer_request.hold", lambda _: now() + timedelta(days=2))
    with pytest.raises(ConflictError) as refused:
        answer_request(request=request, answers=says(request, "allowed", "allowed"), actor=SYSTEM)
    assert refused.value.facts["field"] == "valid_until"
    assert not Authorisation.objects.exists()


def test_for_a_minor_a_guardian_signs(show: Stage, notice: Notice) -> None:
    Contributor.objects.filter(external_id="director-1").update(minor_until=today() + YEAR)
    (request,) = ask(show, notice)
    own = at_the_door(show)
    with pytest.raises(NotValidError) as refused:
        answer_request(request=request, answers=says(request, "allowed", "notAllowed"), actor=own)
    assert refused.value.field == "granted_by"
    answer_request(request=request, answers=says(request, "notAllowed", "notAllowed"), actor=own)
    done = answer_request(
        request=request, answers=says(request, "allowed", "allowed"), actor=own, granted_by="A. Guardian"
    )
    assert done.authorisations[0].granted_by == "A. Guardian"


def test_withdrawing_by_link_needs_nobody_else_and_recalls(show: Stage, notice: Notice) -> None:
    show.authorises("editor-1")
    (request,) = ask(show, notice)
    own = at_the_door(show)
    answer_request(request=request, answers=says(request, "allowed", "allowed"), actor=own)
    show.releases()
    with pytest.raises(NotAllowedError):
        withdraw(authorisations=records_of(party(show, "editor-1"), show.production), actor=own)
    report = withdraw(authorisations=records_of(request.party, show.production), actor=own)
    assert len(report.notices) == RecallNotice.objects.count() == 1
    again = answer_request(request=request, answers=says(request, "allowed", "allowed"), actor=own)
    assert again.is_new
    assert verify().ok

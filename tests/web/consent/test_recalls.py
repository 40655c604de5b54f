"""The pages of recalls: how far each notice is, the same as CSV, and the form that records an answer."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from loop.consent.models import Authorisation, AuthorisationState, RecipientDutyMet
from loop.export.addresses import ANSWERS, FEED, path_to
from loop.export.models import Export
from loop.kernel.actor import SYSTEM
from loop.people.models import Contributor, User
from loop.recall import withdraw as withdrawing
from loop.recall.models import RecallAck, RecallNotice
from loop.recall.withdraw import withdraw
from loop.web.consent import recalling
from tests.support.releases import finished, stage
from tests.web.conftest import Desks

MOST = 12


def recalled(desks: Desks, party: str = "editor-1") -> RecallNotice:
    return withdraw(authorisations=[Authorisation.objects.get(party__external_id=party)], actor=SYSTEM).notices[0]


def form(**changes: Any) -> dict[str, Any]:
    return {
        "by": "R. Okafor",
        "copies_deleted": "on",
        "models_affected": "lab/note-writer@3 = retrain_scheduled\n\nlab/a=b = none",
        "evidence": SimpleUploadedFile("protocol.txt", b"Wiped."),
    } | changes


def test_an_empty_list_says_what_will_stand_there(desks: Desks) -> None:
    page = desks["consent_officer"].get(desks.address("recalls/")).content.decode()
    assert "Nothing was recalled" in page
    assert desks.address("recalls.csv") in page


def test_it_shows_a_notice_and_takes_its_answer(desks: Desks) -> None:
    export = desks.release()
    notice = recalled(desks)
    address = desks.address(f"recalls/{notice.uid}/")
    listed = desks["consent_officer"].get(desks.address("recalls/")).content.decode()
    assert address in listed
    assert f"E-{export.number}" in listed
    assert ">Open</span>" in listed
    assert desks.address("recalls/") in desks["consent_officer"].get(desks.address("authorisations/")).content.decode()
    page = desks["consent_officer"].get(address).content.decode()
    row = notice.notice_rows.earliest("id").row
    assert row.row_id in page
    answer = desks["consent_officer"].post(address, form(), follow=True)
    assert "The recall is answered." in answer.content.decode()
    ack = RecallAck.objects.get()
    assert ack.evidence is not None
    assert (ack.by, ack.copies_deleted, ack.evidence.file_name) == ("R. Okafor", True, "protocol.txt")
    assert ack.models_affected == [
        {"id": "lab/note-writer@3", "trained_on": f"E-{export.number}", "action": "retrain_scheduled"},
        {"id": "lab/a=b", "trained_on": f"E-{export.number}", "action": "none"},
    ]
    assert RecipientDutyMet.objects.count() == 1
    release = desks["data"].get(desks.address(f"exports/{export.number}/")).content.decode()
    assert ">Answered</span>" in release
    assert address in release


def test_a_partial_answer_stays_open(desks: Desks) -> None:
    desks.release()
    address = desks.address(f"recalls/{recalled(desks).uid}/")
    given = form()
    del given["copies_deleted"]
    page = desks["consent_officer"].post(address, given, follow=True).content.decode()
    assert "does not say that the copies are gone" in page
    assert ">Open, in part</span>" in page
    assert not RecipientDutyMet.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"by": ""}, "This field is required"),
        ({"by": "R.\x07"}, "expected 1 to 200 printable characters"),
        ({"models_affected": "m1"}, "line 1: expected MODEL = ACTION"),
        ({"models_affected": "m1 = forgot"}, "expected one of deleted"),
        ({"models_affected": "m1 = none\nm1 = none"}, "expected each model once"),
        ({"evidence": SimpleUploadedFile("empty.txt", b"")}, "empty"),
    ],
)
def test_a_refusal_names_the_field_and_keeps_nothing(desks: Desks, changes: dict[str, Any], words: str) -> None:
    desks.release()
    address = desks.address(f"recalls/{recalled(desks).uid}/")
    answer = desks["consent_officer"].post(address, form(**changes))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not RecallAck.objects.exists()
    assert desks["consent_officer"].post(address, form()).status_code == 302


def test_others_read_and_only_the_officer_answers(desks: Desks) -> None:
    desks.release()
    address = desks.address(f"recalls/{recalled(desks).uid}/")
    for who in ("data", "producer", "auditor", "admin"):
        page = desks[who].get(address)
        assert page.status_code == 200, who
        assert "Record the answer" not in page.content.decode(), who
        assert desks[who].post(address, form()).status_code == 403, who
    for who in ("director", "editor"):
        for path in ("recalls/", "recalls.csv"):
            assert desks[who].get(desks.address(path)).status_code == 403, who
        assert desks[who].get(address).status_code == 403, who
        assert desks[who].post(address, form()).status_code == 403, who
    assert desks["stranger"].get(address).status_code == 404
    assert desks["stranger"].post(address, form()).status_code == 404
    assert not RecallAck.objects.exists()
    assert desks["consent_officer"].post(address, form()).status_code == 302


def test_a_notice_of_another_production_is_not_found(desks: Desks) -> None:
    desks.release()
    notice = recalled(desks)
    other = stage("other-show")
    client = desks["admin"]
    assert client.get(desks.address(f"recalls/{notice.uid}/")).status_code == 200
    assert client.get(f"/p/{other.production.code}/recalls/{notice.uid}/").status_code == 404


def test_the_filter_and_the_file_say_the_same(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    desks.release()
    desks.stage.releases("unpaired_preference")
    monkeypatch.setattr(withdrawing, "DEADLINE_DAYS", 0)
    late = recalled(desks, "director-1")
    monkeypatch.undo()
    notice = recalled(desks)
    assert notice.deadline - late.deadline > timedelta(days=13)
    officer = desks["consent_officer"]
    assert officer.post(desks.address(f"recalls/{notice.uid}/"), form()).status_code == 302

    def shown(state: str) -> set[str]:
        page = officer.get(desks.address("recalls/"), {"state": state})
        return {str(each.notice.uid) for each, _ in page.context["recalls"]}

    assert str(late.uid) in shown("overdue")
    assert shown("answered") == {str(notice.uid)}
    assert shown("overdue") | shown("open") | shown("answered") == shown("")
    assert (
        "No recall stands so"
        in desks["admin"].get(f"/p/{stage('other-show').production.code}/recalls/", {"state": "open"}).content.decode()
    )
    file = officer.get(desks.address("recalls.csv")).content.decode()
    lines = {line.split(",")[0]: line for line in file.splitlines()[1:]}
    assert lines.keys() == shown("")
    assert ",overdue,0," in lines[str(late.uid)]
    assert ",answered,1," in lines[str(notice.uid)]
    assert "lab/note-writer@3=retrain_scheduled; lab/a=b=none" in lines[str(notice.uid)]


def test_the_pages_ask_little(desks: Desks) -> None:
    export = desks.release()
    desks.stage.releases("unpaired_preference")
    notice = recalled(desks)
    release = f"exports/{export.number}/"
    own = (release, *(f"{release}recalled{kind}" for kind in ("/", ".csv", ".json")))
    for path in ("recalls/", "recalls.csv", f"recalls/{notice.uid}/", *own):
        desks["consent_officer"].get(desks.address(path))
        with CaptureQueriesContext(connection) as captured:
            assert desks["consent_officer"].get(desks.address(path)).status_code == 200
        assert len(captured) <= MOST, (path, [each["sql"][:90] for each in captured.captured_queries])


def test_overdue_ones_come_first_on_every_page(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    desks.release()
    desks.stage.releases("unpaired_preference")
    monkeypatch.setattr(withdrawing, "DEADLINE_DAYS", 0)
    late = recalled(desks, "director-1")
    monkeypatch.undo()
    recalled(desks)
    monkeypatch.setattr(recalling, "PAGE", 1)
    officer, address, seen = desks["consent_officer"], desks.address("recalls/"), []
    query = ""
    for _ in range(RecallNotice.objects.count()):
        page = officer.get(f"{address}{query}")
        seen += [each.notice for each, _ in page.context["recalls"]]
        query = page.context["older"]
    assert query == ""
    overdue = list(RecallNotice.objects.filter(cause=late.cause).order_by("-id"))
    assert seen == [*overdue, *RecallNotice.objects.exclude(cause=late.cause).order_by("-id")]
    for odd in ("7", "2-1", "1-", "0-" + "9" * 30, "\u0661-1"):
        assert len(officer.get(address, {"before": odd}).context["recalls"]) == 1
    lines = officer.get(desks.address("recalls.csv")).content.decode().splitlines()[1:]
    assert [line.split(",")[0] for line in lines] == [str(notice.uid) for notice in seen]


def test_a_replacement_is_ordered_from_the_page_and_shown_everywhere(desks: Desks) -> None:
    export = desks.release()
    release = desks.address(f"exports/{export.number}/")
    assert "Order the replacement" not in desks["data"].get(release).content.decode()
    notice = recalled(desks)
    address = desks.address(f"recalls/{notice.uid}/")
    assert "Order the replacement" not in desks["consent_officer"].get(address).content.decode()
    for path in (release, f"{release}recalled/", address):
        assert "Order the replacement" in desks["data"].get(path).content.decode(), path
    for who in ("consent_officer", "producer", "auditor", "admin", "editor"):
        assert desks[who].post(f"{release}replace/").status_code == 403, who
    assert desks["stranger"].post(f"{release}replace/").status_code == 404
    assert desks["data"].get(f"{release}replace/").status_code == 405
    page = desks["data"].post(f"{release}replace/", follow=True)
    new = Export.objects.get(replaces=export)
    assert page.redirect_chain[0][0] == desks.address(f"exports/{new.number}/")
    assert f"Ordered E-{new.number}, version 2.0.0, in place of E-{export.number}." in page.content.decode()
    again = desks["data"].post(f"{release}replace/", follow=True).content.decode()
    assert "Nothing was ordered" in again
    assert f"found E-{new.number} in the making" in again
    finished(new)
    for path in (release, address, desks.address("recalls/")):
        page = desks["data"].get(path)
        assert desks.address(f"exports/{new.number}/") in page.content.decode(), path
        assert "Order the replacement" not in page.content.decode(), path
    assert ">2.0.0</td>" in desks["data"].get(f"{release}recalled/").content.decode()
    assert f",E-{new.number} 2.0.0,published" in desks["data"].get(desks.address("recalls.csv")).content.decode()


def test_every_recalled_row_is_named_on_the_page_the_file_and_the_feed(desks: Desks) -> None:
    export = desks.release()
    release = desks.address(f"exports/{export.number}/")
    assert "Nothing was recalled from it" in desks["data"].get(f"{release}recalled/").content.decode()
    notice = recalled(desks)
    rows = list(notice.notice_rows.values_list("row__row_id", flat=True))
    page = desks["data"].get(f"{release}recalled/").content.decode()
    file = desks["data"].get(f"{release}recalled.csv").content.decode()
    feed = desks["data"].get(f"{release}recalled.json")
    said = json.loads(base64.b64decode(json.loads(feed.content)["payload"]))
    assert rows
    assert set(rows) == set(said["notices"][0]["rows"])
    for row in rows:
        assert row in page
        assert f"{row},{notice.uid},withdrawn_by_party," in file
    assert feed["Content-Type"] == "application/vnd.dsse.envelope+json"
    for kind in ("/", ".csv", ".json"):
        assert desks["editor"].get(f"{release}recalled{kind}").status_code == 403
        assert desks["stranger"].get(f"{release}recalled{kind}").status_code == 404
    waiting = desks.stage.orders("preference", purpose="ai_generative_training")
    assert desks["data"].get(desks.address(f"exports/{waiting.number}/recalled.json")).status_code == 404


def test_the_addresses_are_shown_to_those_they_are_for(desks: Desks) -> None:
    export = desks.release()
    notice = recalled(desks)
    feed, answers = path_to(FEED, export.uid), path_to(ANSWERS, export.uid)
    address = desks.address(f"recalls/{notice.uid}/")
    assert feed in desks["data"].get(desks.address(f"exports/{export.number}/")).content.decode()
    assert answers in desks["consent_officer"].get(address).content.decode()
    for who in ("data", "producer", "auditor", "admin"):
        assert answers not in desks[who].get(address).content.decode(), who
    assert Client().get(feed).status_code == 200


def test_the_page_records_who_ended_it(desks: Desks) -> None:
    desks.stage.authorises()
    record = Authorisation.objects.get(party__external_id="director-1")
    address = desks.address(f"authorisations/{record.uid}/withdraw/")
    officer = desks["consent_officer"]
    assert "Another party ended it" in officer.get(address).content.decode()
    answer = officer.post(address, {"state": "ConsentGiven"}, follow=True).content.decode()
    assert "state: expected one of" in answer
    assert record.events.latest("id").state == AuthorisationState.GIVEN
    answer = officer.post(address, {"state": "ConsentRevoked", "reason": "the agency ended it"}, follow=True)
    assert "Revoked. Recalled: no published release." in answer.content.decode()
    assert record.events.latest("id").state == AuthorisationState.REVOKED


def test_a_party_withdraws_on_the_page_and_revokes_nothing(desks: Desks) -> None:
    director = User.objects.get(username="director")
    own = Contributor.objects.get(external_id="director")
    assert own.user_id in {None, director.pk}
    Contributor.objects.filter(pk=own.pk).update(user=director)
    desks.stage.authorises("director")
    record = Authorisation.objects.get(party=own)
    address = desks.address(f"authorisations/{record.uid}/withdraw/")
    assert "Another party ended it" not in desks["director"].get(address).content.decode()
    assert desks["director"].post(address, {"state": "ConsentRevoked"}).status_code == 403
    assert record.events.latest("id").state == AuthorisationState.GIVEN
    assert desks["director"].post(address, {}).status_code == 302
    assert record.events.latest("id").state == AuthorisationState.WITHDRAWN

"""The registry's pages: reading, adding, withdrawing with what it reaches, and the gate's answer."""

from datetime import date
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from loop.consent.models import ApprovalRequest, Authorisation, AuthorisationEvent
from loop.people.models import Contributor
from loop.recall.approve import approve
from loop.suggestion.models import Suggestion
from tests.support.releases import officer
from tests.web.conftest import Desks


def form(party: str = "*", **changes: Any) -> dict[str, Any]:
    return {
        "party": party,
        "basis": "consent",
        "recipients": ["night-ferry-lab"],
        "valid_from": "2026-01-01",
        "valid_until": "2031-12-31",
        "use_ai_generative_training": "allowed",
        "evidence": SimpleUploadedFile("rider.txt", b"Signed."),
    } | changes


def test_it_records_one_for_everybody_known(desks: Desks) -> None:
    answer = desks["consent_officer"].post(desks.address("authorisations/new/"), form())
    assert answer.status_code == 302
    parties = set(Authorisation.objects.values_list("party__external_id", flat=True))
    assert {"editor-1", "director-1"} <= parties
    assert set(Authorisation.objects.values_list("evidence__file_name", flat=True)) == {"rider.txt"}
    page = desks["consent_officer"].get(desks.address("authorisations/")).content.decode()
    assert page.count("Given") == len(parties)


def test_it_refuses_dates_in_the_wrong_order_and_an_empty_document(desks: Desks) -> None:
    for change, words in (
        ({"valid_until": "2025-01-01"}, "expected 2026-01-01 or later"),
        ({"evidence": SimpleUploadedFile("rider.txt", b"")}, "empty"),
        ({"recipients": []}, "naming nobody allows nobody"),
        ({"use_ai_generative_training": ""}, "expected at least one purpose"),
        ({"territory": "US, Atlantis"}, "two-letter country codes"),
    ):
        answer = desks["consent_officer"].post(desks.address("authorisations/new/"), form(**change))
        assert answer.status_code == 422, change
        assert words in answer.content.decode(), change
    assert not Authorisation.objects.exists()


def test_a_person_sees_and_adds_only_their_own(desks: Desks) -> None:
    desks.stage.authorises()
    own = Contributor.objects.get(user__username="editor")
    page = desks["editor"].get(desks.address("authorisations/")).content.decode()
    assert "director-1" not in page
    other = Contributor.objects.get(external_id="director-1")
    assert desks["editor"].post(desks.address("authorisations/new/"), form(str(other.uid))).status_code == 422
    assert desks["editor"].post(desks.address("authorisations/new/"), form(str(own.uid))).status_code == 302
    assert Authorisation.objects.filter(party=own).count() == 2
    foreign = Authorisation.objects.get(party=other)
    assert desks["editor"].get(desks.address(f"authorisations/{foreign.uid}/")).status_code == 404


def test_it_says_what_a_withdrawal_reaches_and_then_recalls_it(desks: Desks) -> None:
    export = desks.release()
    found = Authorisation.objects.get(party__external_id="editor-1")
    address = desks.address(f"authorisations/{found.uid}/withdraw/")
    before = AuthorisationEvent.objects.count()
    assert f"E-{export.number}" in desks["consent_officer"].get(address).content.decode()
    assert AuthorisationEvent.objects.count() == before
    assert "another consent officer approves it" in desks["consent_officer"].get(address).content.decode()
    answer = desks["consent_officer"].post(address, {"reason": "asked to"}, follow=True)
    assert "Nothing is withdrawn yet" in answer.content.decode()
    assert not export.recalls.exists()
    record = desks.address(f"authorisations/{found.uid}/")
    assert "waits for a second person" in desks["consent_officer"].get(record).content.decode()
    approve(request=ApprovalRequest.objects.get(), actor=officer(desks.stage))
    assert export.recalls.count() == 1
    page = desks["data"].get(desks.address(f"exports/{export.number}/")).content.decode()
    assert "Recalled" in page
    refused = desks["data"].post(desks.address(f"exports/{export.number}/take/"), {"file": "README.md"}, follow=True)
    assert "Nothing was taken" in refused.content.decode()


def test_only_the_party_and_a_consent_officer_withdraw(desks: Desks) -> None:
    desks.stage.authorises()
    found = Authorisation.objects.get(party__external_id="editor-1")
    address = desks.address(f"authorisations/{found.uid}/withdraw/")
    assert desks["auditor"].post(address).status_code == 403
    assert desks["editor"].post(address).status_code == 404
    assert desks["data"].post(address).status_code == 403
    assert found.events.count() == 1


def test_its_evidence_is_what_was_handed_in(desks: Desks) -> None:
    desks.stage.authorises()
    found = Authorisation.objects.first()
    assert found is not None
    answer = desks["auditor"].get(desks.address(f"authorisations/{found.uid}/evidence/"))
    assert b"".join(answer.streaming_content).startswith(b"I allow it. Signed, paper ")


def test_it_explains_every_rule(desks: Desks) -> None:
    suggestion = Suggestion.objects.get(external_id="s1")
    address = desks.address(f"items/{suggestion.uid}/explain/")
    question = {"purpose": "ai_generative_training", "recipient": "night-ferry-lab", "on": date.today().isoformat()}
    assert "CONSENT_MISSING" in desks["consent_officer"].get(address, question).content.decode()
    desks.stage.authorises()
    assert "may leave" in desks["consent_officer"].get(address, question).content.decode()
    assert desks["editor"].get(address, question).status_code == 403
    assert desks["stranger"].get(address, question).status_code == 404


def test_the_dossier_leads_to_the_answer_and_only_where_one_may_go(desks: Desks) -> None:
    export = desks.release()
    suggestion = Suggestion.objects.get(external_id="s0")
    dossier = desks.address(f"items/{suggestion.uid}/")
    explain, release = f"{dossier}explain/", desks.address(f"exports/{export.number}/")
    for who, may_ask, may_open in (
        ("consent_officer", True, True),
        ("data", True, True),
        ("producer", False, True),
        ("editor", False, False),
    ):
        page = desks[who].get(dossier).content.decode()
        assert f"E-{export.number}" in page, who
        assert (explain in page) is may_ask, who
        assert (release in page) is may_open, who
        decision = suggestion.decisions.get()
        assert (release in desks[who].get(f"/d/{decision.uid}/").content.decode()) is may_open, who

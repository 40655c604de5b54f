"""The page that erases: what goes, what it reaches and what stays; who may."""

from __future__ import annotations

from loop.consent.govern import govern
from loop.decision.models import DecisionText
from loop.kernel.actor import SYSTEM
from loop.people.models import Contributor
from loop.recall.models import Erasure
from tests.web.conftest import Desks


def test_it_shows_what_goes_and_what_stays_and_erases(desks: Desks) -> None:
    desks.release()
    party = Contributor.objects.get(external_id="editor-1")
    address = desks.address(f"parties/{party.uid}/erase/")
    assert address in desks["consent_officer"].get(desks.address(f"parties/{party.uid}/")).content.decode()
    page = desks["consent_officer"].get(address).content.decode()
    assert "decision texts" in page
    assert "E-1" in page
    assert "The write-ahead log and the backups" in page
    assert not Erasure.objects.exists()
    refused = desks["consent_officer"].post(address, {"basis": "a name: Ünal"})
    assert refused.status_code == 422
    assert "expected 2 to 64 letters" in refused.content.decode()
    assert DecisionText.objects.exists()
    done = desks["consent_officer"].post(address, {"basis": "gdpr_art17_1_b"}, follow=True).content.decode()
    assert "Erased. Recalled: E-1." in done
    assert not DecisionText.objects.exists()
    assert "erased already" in desks["consent_officer"].get(address).content.decode()


def test_a_hold_is_told_instead_of_a_form(desks: Desks) -> None:
    party = Contributor.objects.get(external_id="editor-1")
    govern(production=desks.production, actor=SYSTEM, legal_hold=True)
    address = desks.address(f"parties/{party.uid}/erase/")
    page = desks["consent_officer"].get(address).content.decode()
    assert "expected no legal hold" in page
    assert "Erase now" not in page
    again = desks["consent_officer"].post(address, {"basis": "gdpr_art17_1_b"}, follow=True).content.decode()
    assert "expected no legal hold" in again
    assert not Erasure.objects.exists()


def test_nobody_else_gets_there(desks: Desks) -> None:
    party = Contributor.objects.get(external_id="editor-1")
    address = desks.address(f"parties/{party.uid}/erase/")
    for who in ("producer", "editor", "auditor", "data", "admin"):
        assert desks[who].get(address).status_code == 403, who
        assert desks[who].post(address, {"basis": "gdpr_art17_1_b"}).status_code == 403, who
    assert desks["stranger"].get(address).status_code == 404
    assert not Erasure.objects.exists()

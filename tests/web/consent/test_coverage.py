"""Coverage: what each party allows today, computed from events; who was never asked; what ends soon."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.recall.withdraw import withdraw
from loop.report.coverage import Covered, coverage
from tests.support.releases import PURPOSE, today
from tests.web.conftest import Desks

MOST = 12
DAY = timedelta(days=1)
YEAR = timedelta(days=365)


def of(desks: Desks, party: str) -> Covered:
    return next(row for row in coverage(production=desks.production, moment=now()) if row.party.external_id == party)


def said(desks: Desks, party: str = "editor-1", purpose: str = PURPOSE) -> str:
    return dict(of(desks, party).by_purpose)[purpose]


def test_it_says_of_each_purpose_what_is_in_force(desks: Desks) -> None:
    assert said(desks) == "no record"
    (first,) = desks.stage.authorises("editor-1", uses={PURPOSE: "constrained"})
    assert (said(desks), said(desks, purpose="research")) == ("constrained", "silent")
    (second,) = desks.stage.authorises("editor-1")
    assert said(desks) == "allowed"
    (third,) = desks.stage.authorises("editor-1", uses={PURPOSE: "notAllowed"})
    assert said(desks) == "not allowed"
    desks.stage.authorises("editor-1", supersedes=third)
    assert said(desks) == "allowed"
    assert said(desks, "director-1") == "no record"
    assert first.pk < second.pk


def test_it_says_why_nothing_is_in_force(desks: Desks) -> None:
    desks.stage.authorises("editor-1", valid_until=today() - DAY)
    assert said(desks) == "expired"
    (found,) = desks.stage.authorises("editor-1")
    withdraw(authorisations=[found], actor=SYSTEM)
    assert said(desks) == "withdrawn"
    desks.stage.authorises("director-1", valid_from=today() + DAY)
    assert said(desks, "director-1") == "not given"
    assert of(desks, "director-1").ends_on is None


def test_a_narrower_record_does_not_replace_a_wider_refusal(desks: Desks) -> None:
    (refusal,) = desks.stage.authorises("editor-1", uses={PURPOSE: "notAllowed"})
    desks.stage.authorises("editor-1", supersedes=refusal, capacities=["decider"])
    assert said(desks) == "not allowed"


def test_it_lists_what_ends_within_sixty_days(desks: Desks) -> None:
    desks.stage.authorises("editor-1", valid_until=today() + 60 * DAY)
    desks.stage.authorises("director-1", valid_until=today() + 61 * DAY)
    assert [row.party.external_id for row in coverage(production=desks.production, moment=now()) if row.ending] == [
        "editor-1"
    ]
    page = desks["consent_officer"].get(desks.address("coverage/"), {"state": "ending"}).content.decode()
    assert (today() + 60 * DAY).isoformat() in page
    assert (today() + 61 * DAY).isoformat() not in page


def test_the_page_counts_who_was_never_asked_and_filters(desks: Desks) -> None:
    desks.stage.authorises("editor-1")
    address = desks.address("coverage/")
    page = desks["consent_officer"].get(address).content.decode()
    assert "party has no authorisation at all" in page or "parties have no authorisation at all" in page
    assert "party=editor-1" in page
    page = desks["consent_officer"].get(address, {"state": "no record"}).content.decode()
    assert "party=director-1" in page
    assert "party=editor-1" not in page
    page = desks["consent_officer"].get(address, {"purpose": PURPOSE, "state": "allowed"}).content.decode()
    assert "party=editor-1" in page
    assert '<th scope="col" class="fit">research</th>' not in page
    page = desks["consent_officer"].get(address, {"party": "nobody"}).content.decode()
    assert "No party fits this filter" in page
    text = desks["auditor"].get(desks.address("coverage.csv")).content.decode()
    assert "ai_generative_training" in text.splitlines()[0]
    assert any(line.startswith("editor-1,") and ",allowed," in line for line in text.splitlines())


def test_only_who_reads_the_registry_reads_it(desks: Desks) -> None:
    expected = {"consent_officer": 200, "auditor": 200, "admin": 200, "producer": 403, "editor": 403, "stranger": 404}
    for who, status in expected.items():
        for path in ("coverage/", "coverage.csv"):
            assert desks[who].get(desks.address(path)).status_code == status, (who, path)
    registry = desks["consent_officer"].get(desks.address("authorisations/")).content.decode()
    assert all(desks.address(path) in registry for path in ("coverage/", "compensation/"))
    assert desks.address("coverage/") not in desks["editor"].get(desks.address("authorisations/")).content.decode()
    for who, in_bar in (("producer", True), ("consent_officer", False), ("editor", False)):
        assert (desks.address("compensation/") in desks[who].get(desks.address("trail/")).content.decode()) is in_bar


def test_the_page_asks_few_questions_whatever_is_recorded(desks: Desks) -> None:
    for _ in range(5):
        desks.stage.authorises()
    with CaptureQueriesContext(connection) as captured:
        assert desks["consent_officer"].get(desks.address("coverage/")).status_code == 200
    assert len(captured) <= MOST

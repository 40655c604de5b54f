"""The ledger's pages: what is owed, settling and waiving it by form, the CSV for payroll, and who may not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loop.consent.compensation import record_due
from loop.consent.models import CompensationEntry
from loop.kernel.actor import SYSTEM
from tests.support.releases import today
from tests.web.conftest import Desks

MOST = 12


def waiver() -> SimpleUploadedFile:
    return SimpleUploadedFile("waiver.txt", b"I waive it. Signed.")


def test_an_empty_ledger_says_what_will_stand_there(desks: Desks) -> None:
    assert "Nothing is promised" in desks["producer"].get(desks.address("compensation/")).content.decode()


@pytest.mark.parametrize("who", ["consent_officer", "producer"])
def test_what_is_owed_is_waived_by_form(desks: Desks, who: str) -> None:
    (found,) = desks.stage.authorises("editor-1", compensation={"term": "one_fee"})
    listed = desks[who].get(desks.address("compensation/")).content.decode()
    address = desks.address(f"compensation/{found.uid}/")
    assert "1 line is owed today" in listed
    assert address in listed
    refused = desks[who].post(address, {"kind": "waived"})
    assert refused.status_code == 422
    assert "expected the document in which the party waives it" in refused.content.decode()
    assert not CompensationEntry.objects.exists()
    answer = desks[who].post(address, {"kind": "waived", "currency": "USD", "evidence": waiver()}, follow=True)
    page = answer.content.decode()
    assert "Recorded as waived." in page
    assert "waiver.txt" in page
    assert address not in page
    again = desks[who].post(address, {"kind": "settled"})
    assert again.status_code == 422
    assert "settled or waived already" in again.content.decode()


def test_a_due_line_is_settled_and_payroll_reads_it(desks: Desks) -> None:
    export = desks.release()
    (found,) = desks.stage.authorises("editor-1", compensation={"term": "per_export_fee"})
    line = record_due(
        authorisation=found, due_on=today(), amount=Decimal("12.50"), currency="EUR", release=export.uid, rows=3,
        actor=SYSTEM,
    )  # fmt: skip
    address = desks.address(f"compensation/{line.uid}/")
    short: dict[str, Any] = {"kind": "settled", "amount": "12.49", "currency": "EUR"}
    assert "expected 12.50 or more" in desks["producer"].post(address, short).content.decode()
    assert desks["producer"].post(address, short | {"amount": "12.50"}).status_code == 302
    text = desks["producer"].get(desks.address("compensation.csv")).content.decode()
    assert (
        f"editor-1,,{line.uid},per_export_fee,settled,12.50,EUR,{today()},E-{export.number},3,{today()},12.50" in text
    )


def test_it_filters_by_party_and_state(desks: Desks) -> None:
    desks.stage.authorises("editor-1", compensation={"term": "one_fee"})
    desks.stage.authorises("director-1", compensation={"term": "per_row_fee"})
    page = desks["producer"].get(desks.address("compensation/"), {"state": "promised"}).content.decode()
    assert "per_row_fee" in page
    assert "one_fee" not in page
    page = desks["producer"].get(desks.address("compensation/"), {"party": "nobody"}).content.decode()
    assert "No line fits this filter" in page


def test_only_officer_and_producer_meet_and_others_do_not_read(desks: Desks) -> None:
    (found,) = desks.stage.authorises("editor-1", compensation={"term": "one_fee"})
    meet = desks.address(f"compensation/{found.uid}/")
    for who, reads, meets in (
        ("producer", 200, 302), ("auditor", 200, 403), ("admin", 200, 403), ("editor", 403, 403), ("data", 403, 403),
        ("stranger", 404, 404),
    ):  # fmt: skip
        if who != "producer":
            assert desks[who].post(meet, {"kind": "settled"}).status_code == meets, who
        for path in ("compensation/", "compensation.csv"):
            assert desks[who].get(desks.address(path)).status_code == reads, who
    assert desks["producer"].get(desks.address(f"compensation/{uuid4()}/")).status_code == 404
    assert desks["producer"].post(meet, {"kind": "settled"}).status_code == 302


def test_the_page_asks_few_questions_whatever_is_owed(desks: Desks) -> None:
    for _ in range(5):
        (found,) = desks.stage.authorises("editor-1", compensation={"term": "one_fee"})
        record_due(authorisation=found, due_on=today(), actor=SYSTEM)
    with CaptureQueriesContext(connection) as captured:
        assert desks["consent_officer"].get(desks.address("compensation/")).status_code == 200
    assert len(captured) <= MOST

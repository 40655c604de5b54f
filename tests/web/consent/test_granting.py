"""The page that adds authorisations: every field of one, and what it would change before it is recorded."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from loop.audit.models import AuditEvent
from loop.consent.models import Authorisation
from loop.consent.notice import record_notice
from loop.kernel.actor import SYSTEM
from loop.people.models import Contributor
from tests.support.releases import PURPOSE, YEAR, today
from tests.web.conftest import Desks


def fields(desks: Desks, **more: Any) -> dict[str, Any]:
    party = Contributor.objects.get(external_id="editor-1")
    return {
        "party": str(party.uid), f"use_{PURPOSE}": "allowed", "basis": "consent",
        "recipients": [desks.stage.recipient.code], "valid_from": today().isoformat(),
        "valid_until": (today() + YEAR).isoformat(), **more,
    }  # fmt: skip


def test_a_preview_needs_no_document_keeps_what_was_typed_and_records_nothing(desks: Desks) -> None:
    desks.stage.authorises("director-1")
    before = (Authorisation.objects.count(), AuditEvent.objects.count())
    address = desks.address("authorisations/new/")
    answer = desks["consent_officer"].post(address, fields(desks, preview="1", territory="US"))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "What it would change" in page
    assert "CONSENT_MISSING" in page
    assert 'value="US"' in page
    assert (Authorisation.objects.count(), AuditEvent.objects.count()) == before
    refused = desks["consent_officer"].post(address, fields(desks))
    assert refused.status_code == 422
    assert "evidence" in refused.context["form"].errors


def test_a_preview_says_which_released_rows_a_refusal_touches(desks: Desks) -> None:
    export = desks.release()
    address = desks.address("authorisations/new/")
    given = fields(desks, preview="1", recipients=[]) | {f"use_{PURPOSE}": "notAllowed"}
    page = desks["consent_officer"].post(address, given).content.decode()
    assert "CONFLICT_MOST_RESTRICTIVE" in page
    assert f"E-{export.number} <span" in page
    bad = desks["consent_officer"].post(address, given | {"territory": "Mars"})
    assert bad.status_code == 422
    assert "What it would change" not in bad.content.decode()


def test_every_field_is_recorded_and_shown(desks: Desks) -> None:
    notice = record_notice(version="3", language="en", text="What is asked of you.", actor=SYSTEM)
    (earlier,) = desks.stage.authorises("editor-1")
    given = fields(
        desks, evidence=SimpleUploadedFile("rider.txt", b"Signed."), evidence_kind="rider", signed_on="2026-01-05",
        signing_method="wet ink", granted_by="A. Guardian", representative_proof="court order 7",
        notice=str(notice.uid), retention_days="365", jurisdiction="US-CA", deny_territory="CN",
        recipient_kinds=["internal"],
        compensation_term="per_row_fee", compensation_amount="0.10", compensation_currency="USD",
        compensation_due="30 days", guild_name="WRITERS", guild_agreement="2026", guild_notice_ref="n-4",
        withdrawal_method="by letter", on_withdrawal=["delete_copies"], supersedes=str(earlier.uid), renews="on",
        conditions=f'{{"{PURPOSE}": {{"places": ["US"]}}}}',
    )  # fmt: skip
    given[f"use_{PURPOSE}"] = "constrained"
    answer = desks["consent_officer"].post(desks.address("authorisations/new/"), given, follow=True)
    found = Authorisation.objects.latest("id")
    assert found.uses == {PURPOSE: {"value": "constrained", "constraint": {"places": ["US"]}}}
    assert (found.supersedes, found.notice, found.retention_days) == (earlier, notice, 365)
    assert found.events.get().state == "RenewedConsentGiven"
    page = answer.content.decode()
    for words in (
        "A. Guardian", "court order 7", "wet ink", "2026-01-05", "365 days", "US-CA", "CN", "0.10 USD", "30 days",
        "WRITERS", "n-4", "by letter", "delete_copies", f"{earlier.uid}/", "3, en", "places",
    ):  # fmt: skip
        assert words in page, words

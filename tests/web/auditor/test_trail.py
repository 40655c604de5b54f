"""The trail: who reads which part, filters, one event with a proof that an outsider can check."""

import csv
import io

import pytest

from loop.audit.keys import trusted
from loop.audit.merkle import verify_inclusion
from loop.audit.models import AuditEvent
from loop.audit.note import open_checkpoint, parse_proof
from loop.audit.seal import seal_all
from tests.web.conftest import Desks


def rows(desks: Desks, who: str, query: str = "") -> list[dict[str, str]]:
    answer = desks[who].get(desks.address(f"trail.csv{query}"))
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_each_role_reads_its_part(desks: Desks) -> None:
    desks.stage.authorises()
    kinds = {
        who: {row["event"] for row in rows(desks, who)} for who in ("auditor", "producer", "consent_officer", "editor")
    }
    assert {"decision.recorded", "authorisation.recorded", "user.added"} <= kinds["auditor"]
    assert "decision.recorded" in kinds["producer"]
    assert "user.added" not in kinds["producer"]  # belongs to no production
    assert "authorisation.recorded" in kinds["consent_officer"]
    assert "decision.recorded" not in kinds["consent_officer"]
    assert kinds["editor"] == set()  # did nothing yet
    assert desks["stranger"].get(desks.address("trail/")).status_code == 404


def test_it_filters_and_says_what_it_cannot_read(desks: Desks) -> None:
    assert {row["event"] for row in rows(desks, "auditor", "?event=suggestion.")} == {"suggestion.recorded"}
    page = desks["auditor"].get(desks.address("trail/?actor=nobody-of-that-name")).content.decode()
    assert "There is no login of that name" in page
    assert desks["auditor"].get(desks.address("trail.csv?since=yesterday")).status_code == 400


def test_its_pages_follow_one_another_without_a_gap(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loop.web.auditor.trail.PAGE", 7)
    seen: list[str] = []
    address = desks.address("trail/?event=suggestion.")
    while address:
        context = desks["auditor"].get(address).context
        seen += [str(line.event.uid) for line in context["lines"]]
        address = desks.address("trail/") + context["older"] if context["older"] else ""
    everything = AuditEvent.objects.filter(type="suggestion.recorded").order_by("-id")
    assert seen == [str(event.uid) for event in everything]


def test_its_proof_holds_outside(desks: Desks) -> None:
    event = AuditEvent.objects.filter(type="decision.recorded").first()
    assert event is not None
    assert desks["auditor"].get(desks.address(f"trail/{event.uid}/proof/")).status_code == 404
    seal_all()
    page = desks["auditor"].get(desks.address(f"trail/{event.uid}/")).content.decode()
    assert bytes(event.leaf_hash).hex() in page
    proof = parse_proof(desks["auditor"].get(desks.address(f"trail/{event.uid}/proof/")).content.decode())
    checkpoint = open_checkpoint(proof.note, trusted())
    assert verify_inclusion(
        leaf=bytes(event.leaf_hash),
        index=proof.index,
        size=checkpoint.size,
        proof=proof.hashes,
        root_hash=checkpoint.root,
    )
    shown = desks["auditor"].get(desks.address("checkpoint/")).content.decode()
    assert checkpoint.origin in shown

"""What the door hides, and from whom; and the receipts, which have every field of their profile."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace

import pytest
import structlog

from loop.audit.models import AuditEvent
from loop.consent.models import Authorisation, ConsentAnswer, ConsentRequest
from loop.consent.receipt import CONTEXT, NOT_RECORDED
from loop.consent.request import ask_parties
from loop.consent.unlink import close_link
from loop.kernel.actor import SYSTEM
from loop.people.models import Contributor
from studio import logs
from tests.support.releases import PURPOSE, YEAR, today
from tests.web.contributor.conftest import NAMES, OTHERS, TEXTS, Door, text_of

EVALUATION = "ai_evaluation"
MOST = 12
STOPPED = SimpleNamespace(time=lambda: 1_000_000_000.0)  # a clock that stands, so that no window ends within a test
ALLOW = {f"use_{PURPOSE}": "allowed", f"use_{EVALUATION}": "notAllowed"}


# -- what it hides ---------------------------------------------------------------------------------------------------


def test_nobody_else_is_on_any_page_receipt_or_header(door: Door) -> None:
    door.everybody_allows()
    door.show.authorises("editor-1")
    for name in OTHERS:
        other = Contributor.objects.get(external_id=name)
        ask_parties(
            parties=[other], production=door.show.production, uses=["research"], recipients=[door.show.recipient.code],
            valid_until=today() + YEAR, notice=door.request.notice, actor=SYSTEM,
        )  # fmt: skip
    door.show.releases()
    mine = Authorisation.objects.get(party=door.party)
    pages = [door.client.get(door.address), door.client.get("/c/"), door.client.get(f"/c/withdraw/{mine.uid}/")]
    pages += [door.client.get("/c/withdraw/"), door.client.get("/c/receipt/"), door.client.get("/c/receipt.json")]
    pages += [door.client.get(f"/c/receipt/{mine.uid}/"), door.client.get(f"/c/receipt/{mine.uid}.json")]
    pages += [door.answers({}), door.answers(ALLOW), door.client.post(f"/c/withdraw/{mine.uid}/", follow=True)]
    for theirs in Authorisation.objects.exclude(party=door.party):
        for address in (f"/c/withdraw/{theirs.uid}/", f"/c/receipt/{theirs.uid}/", f"/c/receipt/{theirs.uid}.json"):
            page = door.client.get(address)
            assert page.status_code == 404
            pages.append(page)
        assert door.client.post(f"/c/withdraw/{theirs.uid}/").status_code == 404
    for request in ConsentRequest.objects.exclude(party=door.party):
        page = door.client.post(f"/c/answer/{request.uid}/", {"use_research": "allowed"})
        assert page.status_code == 404
        pages.append(page)
    assert ConsentAnswer.objects.exclude(request__party=door.party).count() == 0
    assert all(each.events.count() == 1 for each in Authorisation.objects.exclude(party=door.party))
    pages += [door.client.get("/c/"), door.client.get("/c/receipt.json"), door.client.post("/c/leave/")]
    theirs = [str(uid) for uid in Contributor.objects.exclude(pk=door.party.pk).values_list("uid", flat=True)]
    for page in pages:
        words = text_of(page)
        found = [each for each in (*OTHERS, *NAMES, *TEXTS, *theirs, door.secret) if each in words]
        assert not found, (page.request["PATH_INFO"], found)


def test_the_secret_reaches_no_log(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    structlog.reset_defaults()
    logs.configure(style="json", level="DEBUG")
    try:
        door.client.get(door.address)
        close_link(link=door.link, actor=SYSTEM)
        door.client.get(door.address)
        logging.getLogger("django.request").error("Internal Server Error: %s", door.address)
        logging.getLogger("any").warning("GET %s HTTP/1.1", door.address)
        structlog.get_logger("t").info("seen", path=door.address)
        server = logging.getLogger("gunicorn.error")
        stream = logs.Stderr()
        server.addHandler(stream)
        server.error("Error handling request %s", door.address)
        server.removeHandler(stream)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    said = capsys.readouterr()
    assert "Not Found: /c/[link]/" in said.err
    assert "Error handling request /c/[link]/" in said.err
    assert door.secret not in said.err + said.out


def test_no_event_holds_a_secret_and_each_act_names_its_link(door: Door) -> None:
    door.enter()
    door.answers(ALLOW)
    door.client.post("/c/withdraw/")
    acts = AuditEvent.objects.filter(actor_pid=f"link:{door.link.uid}").select_related("payload")
    assert {"consent.answered", "authorisation.recorded", "authorisation.state"} <= {each.type for each in acts}
    for event in AuditEvent.objects.select_related("payload"):
        said = bytes(event.entry).decode() + json.dumps(event.payload.facts if hasattr(event, "payload") else {})
        assert door.secret not in said


# -- receipts --------------------------------------------------------------------------------------------------------


def test_a_receipt_has_every_field_of_the_profile(door: Door) -> None:
    door.enter()
    door.answers(ALLOW)
    record = Authorisation.objects.get(party=door.party, uses__has_key=PURPOSE)
    door.client.post(f"/c/withdraw/{record.uid}/")
    response = door.client.get(f"/c/receipt/{record.uid}.json")
    assert response["Content-Type"].startswith("application/ld+json")
    made = json.loads(response.content)
    assert made["@type"] == "dpv:ConsentReceipt"
    assert made["dct:conformsTo"] == "https://w3id.org/dpv/schema/dpv-27560"
    (found,) = made["dpv:hasRecordOfActivity"]
    assert found["dct:identifier"] == str(record.uid)
    assert found["dpv:hasNotice"]["circled:sha256"] == door.request.notice.text_sha256
    assert found["dct:language"] == "ar"
    assert [each["@type"] for each in found["dpv:hasConsentStatus"]] == ["dpv:ConsentGiven", "dpv:ConsentWithdrawn"]
    assert {each["dpv:isIndicatedBy"] for each in found["dpv:hasConsentStatus"]} == {"dpv:DataSubject"}
    assert found["dpv:hasJurisdiction"] == NOT_RECORDED
    (process,) = found["dpv:hasProcess"]
    assert process["dpv:hasPurpose"]["@id"] == f"circled:{PURPOSE}"
    assert process["dpv:hasRecipient"][0]["dpv:hasName"] == "Lab"
    for name in ("dpv:hasDataSubject", "dpv:hasDataController", "dpv:hasConsentControl", "dpv:hasRight"):
        assert found[name]
    assert {key.partition(":")[0] for key in keys(made) if not key.startswith("@")} <= set(CONTEXT)
    again = json.loads(door.client.get(f"/c/receipt/{record.uid}.json").content)
    assert again["dpv:hasIdentifier"] == made["dpv:hasIdentifier"]
    everything = json.loads(door.client.get("/c/receipt.json").content)
    assert len(everything["dpv:hasRecordOfActivity"]) == 2
    printed = door.client.get(f"/c/receipt/{record.uid}/").content.decode()
    assert record.evidence.sha256 in printed
    assert made["dpv:hasIdentifier"] in printed


def keys(value: object) -> set[str]:
    if isinstance(value, dict):
        own = {str(key) for key in value if key not in CONTEXT}
        return own.union(
            *(keys(each) for key, each in value.items() if key not in ("@context", "circled:compensation"))
        )
    return set().union(*(keys(each) for each in value)) if isinstance(value, list) else set()

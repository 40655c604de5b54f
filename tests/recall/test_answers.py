"""A recipient answers a recall by the address of its release, or a system of the house passes its answer on."""

from __future__ import annotations

import base64
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache

from loop.api import throttles
from loop.audit.models import AuditEvent
from loop.audit.verify import verify
from loop.export.addresses import ANSWERS, path_to
from loop.export.models import Export
from loop.export.order import OrderRefusedError
from loop.kernel.actor import SYSTEM
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.models import Contributor
from loop.people.roles import SCOPES
from loop.people.token import create_token
from loop.recall import withdraw as withdrawing
from loop.recall.models import RecallAck, RecallNotice
from loop.recall.querysets import records_of
from loop.recall.withdraw import withdraw
from tests.api.conftest import Answer, Caller
from tests.support.databases import FreshDatabase
from tests.support.processes import Broker
from tests.support.releases import Stage, few_lines, stage

NOBODY = Caller(None)
MODEL = {"id": "lab/note-writer@3", "trained_on": "E-1", "action": "retrain_scheduled"}


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    throttles._calls.clear()
    cache.clear()
    made = stage()
    made.brings_in(few_lines())
    made.authorises()
    return made


@pytest.fixture
def notice(show: Stage) -> RecallNotice:
    show.releases()
    return recalled(show)


def recalled(show: Stage) -> RecallNotice:
    records = records_of(Contributor.objects.get(external_id="director-1"), show.production)
    return withdraw(authorisations=records, actor=SYSTEM).notices[0]


def body(about: RecallNotice | None = None, **changes: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"by": "R. Okafor", "copies_deleted": True, "models_affected": [MODEL]}
    return said | ({"notice": str(about.uid)} if about else {}) | changes


def caller(show: Stage, *scopes: str) -> Caller:
    user = add_user(username=f"u{uuid4().hex[:8]}", actor=SYSTEM).user
    add_member(user=user, production=show.production, role="consent_officer", actor=SYSTEM)
    made, text = create_token(user=user, name="t", scopes=scopes, productions=[show.production], actor=SYSTEM)
    return Caller(text, made)


def keyed(who: Caller, path: str, given: dict[str, Any], key: str) -> Answer:
    headers: dict[str, Any] = {"Idempotency-Key": key}
    return who.post(path, given, **headers)


def test_a_recipient_answers_by_the_address_it_was_given(show: Stage, notice: RecallNotice) -> None:
    path = path_to(ANSWERS, notice.export.uid)
    [listed] = NOBODY.get(path).body["items"]
    assert (listed["id"], listed["standing"], listed["answers"]) == (str(notice.uid), "open", [])
    answer = NOBODY.post(path, body(notice))
    assert answer.status == 201, answer.body
    ack = RecallAck.objects.get()
    assert answer.body == {
        "id": str(ack.uid), "notice": str(notice.uid), "by": "R. Okafor", "copies_deleted": True,
        "models_affected": [MODEL], "evidence_sha256": None, "received_at": answer.body["received_at"],
    }  # fmt: skip
    assert AuditEvent.objects.get(type="recall.acknowledged").actor_pid == f"recipient:{show.recipient.uid}"
    [listed] = NOBODY.get(path).body["items"]
    assert (listed["standing"], listed["answers"]) == ("answered", [answer.body])
    assert [str(problem) for problem in verify().problems] == []


def test_an_overdue_recipient_is_refused_until_it_has_answered(show: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(withdrawing, "DEADLINE_DAYS", 0)
    show.releases()
    notice = recalled(show)
    path = path_to(ANSWERS, notice.export.uid)
    assert NOBODY.get(path).body["items"][0]["standing"] == "overdue"
    with pytest.raises(OrderRefusedError, match="RECIPIENT_RECALL_OVERDUE"):
        show.orders()
    assert NOBODY.post(path, body(notice, copies_deleted=False)).status == 201
    with pytest.raises(OrderRefusedError, match="RECIPIENT_RECALL_OVERDUE"):
        show.orders()
    assert NOBODY.post(path, body(notice)).status == 201
    show.orders()


def test_the_address_reaches_the_recalls_of_its_own_release_alone(show: Stage, notice: RecallNotice) -> None:
    other, _ = show.releases("unpaired_preference")
    answer = NOBODY.post(path_to(ANSWERS, other.uid), body(notice))
    assert (answer.status, answer.body["errors"][0]["field"]) == (400, "notice")
    assert NOBODY.get(path_to(ANSWERS, other.uid)).body == {"items": []}
    good = path_to(ANSWERS, notice.export.uid)
    wrong = good[:-2] + ("0" if good[-2] != "0" else "1") + "/"
    for path in (wrong, good.replace("recall-answers", "feeds")):
        assert NOBODY.post(path, body(notice)).status in {404, 405}
    assert not RecallAck.objects.exists()
    assert NOBODY.post(good, body(notice)).status == 201


def test_evidence_comes_with_the_answer(show: Stage, notice: RecallNotice) -> None:
    path = path_to(ANSWERS, notice.export.uid)
    wiped = {"file_name": "protocol.txt", "content_base64": base64.b64encode(b"Wiped.").decode()}
    changes: dict[str, Any]
    for changes, field in (
        ({"content_base64": "no!"}, "evidence.content_base64"), ({"content_base64": ""}, "evidence.content_base64"),
        ({"file_name": ""}, "evidence.file_name"), ({"more": 1}, "evidence.more"),
    ):  # fmt: skip
        refused = NOBODY.post(path, body(notice, evidence=wiped | changes))
        assert (refused.status, refused.body["errors"][0]["field"]) == (400, field)
    answer = NOBODY.post(path, body(notice, evidence=wiped))
    assert answer.status == 201
    ack = RecallAck.objects.get()
    assert ack.evidence is not None
    assert (ack.evidence.file_name, answer.body["evidence_sha256"]) == ("protocol.txt", ack.evidence.sha256)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"by": ""}, "by"),
        ({"by": None}, "by"),
        ({"by": "x" * 201}, "by"),
        ({"copies_deleted": "perhaps"}, "copies_deleted"),
        ({"copies_deleted": None}, "copies_deleted"),
        ({"models_affected": [MODEL | {"action": "forgot"}]}, "models_affected[0].action"),
        ({"models_affected": [{"id": "m"}]}, "models_affected[0].trained_on"),
        ({"models_affected": [MODEL | {"more": 1}]}, "models_affected[0].more"),
        ({"models_affected": [MODEL, MODEL]}, "models_affected[1].id"),
        ({"models_affected": [MODEL | {"id": str(n)} for n in range(201)]}, "models_affected"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2999-01-01T00:00:00Z"}, "at"),
        ({"at": "2001-01-01T00:00:00Z"}, "at"),
        ({"notice": str(uuid4())}, "notice"),
        ({"notice": "seven"}, "notice"),
        ({"recipient": "another"}, "recipient"),
    ],
)
def test_a_refusal_names_the_field(show: Stage, notice: RecallNotice, changes: dict[str, Any], field: str) -> None:
    path = path_to(ANSWERS, notice.export.uid)
    answer = NOBODY.post(path, body(notice, **changes))
    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert field in {each["field"] for each in answer.body["errors"]}, answer.body
    assert not RecallAck.objects.exists()
    assert NOBODY.post(path, body(notice)).status == 201


def test_the_same_key_gives_the_same_answer(show: Stage, notice: RecallNotice) -> None:
    path = path_to(ANSWERS, notice.export.uid)
    first, again = keyed(NOBODY, path, body(notice), "k1"), keyed(NOBODY, path, body(notice), "k1")
    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    for changes in ({"by": "Somebody else"}, {"copies_deleted": False}, {"models_affected": []}):
        other = keyed(NOBODY, path, body(notice, **changes), "k1")
        assert (other.status, other.body["code"]) == (422, "key_reused")
    assert RecallAck.objects.count() == 1
    assert keyed(NOBODY, path, body(notice), "k2").status == 201
    # Another one's equal key is another key.
    house = caller(show, "recalls:acknowledge")
    assert keyed(house, f"recalls/{notice.uid}/acknowledgements/", body(), "k1").status == 201
    assert RecallAck.objects.count() == 3


def test_a_token_of_the_house_passes_answers_on(show: Stage, notice: RecallNotice) -> None:
    path = f"recalls/{notice.uid}/acknowledgements/"
    for scope in set(SCOPES) - {"recalls:acknowledge"}:
        assert caller(show, scope).post(path, body()).status == 403, scope
    house = caller(show, "recalls:acknowledge")
    answer = house.post(path, body())
    assert (answer.status, answer.body["notice"]) == (201, str(notice.uid))
    read = caller(show, "exports:read")
    for who in (house, read):
        assert who.get(f"recalls/{notice.uid}/").body["answers"] == [answer.body]
    assert caller(show, "suggestions:read").get("recalls/").status == 403


def test_the_list_is_filtered_by_standing(show: Stage, notice: RecallNotice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(withdrawing, "DEADLINE_DAYS", 0)
    late = withdraw(
        authorisations=records_of(Contributor.objects.get(external_id="editor-1"), show.production), actor=SYSTEM
    ).notices[0]
    read = caller(show, "exports:read")

    def ids(**query: str) -> list[str]:
        return [each["id"] for each in read.get("recalls/", query).body["items"]]

    assert ids() == [str(notice.uid), str(late.uid)]
    assert ids(standing="open") == [str(notice.uid)]
    assert ids(standing="overdue") == [str(late.uid)]
    assert ids(standing="answered") == []
    assert ids(export=str(notice.export.uid), recipient="night-ferry-lab", production="night-ferry") == ids()
    assert ids(recipient="other") == []
    assert read.get("recalls/", {"standing": "late"}).status == 400
    first = read.get("recalls/", {"limit": "1"}).body
    assert read.get("recalls/", {"cursor": first["next_cursor"]}).body["items"][0]["id"] == str(late.uid)


def test_answers_are_counted(show: Stage, notice: RecallNotice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttles, "ADDRESS_ANSWERS_AN_HOUR", 2)
    path = path_to(ANSWERS, notice.export.uid)
    assert [NOBODY.post(path, body(notice)).status for _ in range(3)] == [201, 201, 429]
    assert NOBODY.get(path).status == 200
    assert Export.objects.count() == 1


def test_a_token_orders_the_replacement(show: Stage, broker: Broker) -> None:
    old, _ = show.releases()
    data = caller(show, "exports:order")
    path = f"exports/{old.uid}/replacement/"
    refused = data.post(path)
    assert (refused.status, refused.body["code"]) == (409, "nothing_to_replace")
    recalled(show)
    assert caller(show, "exports:read").post(path).status == 403
    answer = data.post(path)
    assert (answer.status, answer.body["version"]) == (202, "2.0.0")
    assert answer.headers["Location"].rstrip("/").endswith(f"/api/v1/exports/{answer.body['id']}")
    assert data.get(f"exports/{answer.body['id']}/").body["replaces"] == str(old.uid)
    again = data.post(path)
    assert (again.status, again.body["code"]) == (409, "conflict")

"""The recall feed of a release: what it says, who may read it, and that nobody can make one up or hold one back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from securesystemslib.dsse import Envelope

from loop.api import throttles
from loop.audit.keys import trusted
from loop.audit.merkle import leaf_hash, verify_inclusion
from loop.audit.note import open_checkpoint, parse_proof
from loop.export.addresses import ANSWERS, FEED, address_of, path_to
from loop.export.models import Export, ExportRow
from loop.export.sign import public_key
from loop.kernel.actor import SYSTEM
from loop.kernel.canonical import canonical
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.models import Contributor
from loop.people.token import create_token
from loop.recall.feed import NEXT_UPDATE, PAYLOAD_TYPE, document, edition, signed_feed
from loop.recall.models import RecallNotice
from loop.recall.querysets import records_of
from loop.recall.withdraw import withdraw
from tests.api.conftest import Answer, Caller
from tests.support.databases import FreshDatabase
from tests.support.releases import Stage, few_lines, stage


@pytest.fixture
def show(fresh_database: FreshDatabase) -> Stage:
    throttles._calls.clear()
    cache.clear()
    made = stage()
    made.brings_in(few_lines())
    made.authorises()
    return made


def withdraws(show: Stage, *names: str) -> None:
    for name in names:
        party = Contributor.objects.get(external_id=name)
        withdraw(authorisations=records_of(party, show.production), actor=SYSTEM)


def opened(body: bytes) -> Any:
    """The document of a feed, once its signature holds against the house's key."""
    envelope = Envelope.from_dict(json.loads(body))
    envelope.verify([public_key(key) for key in trusted()], threshold=1)
    assert canonical(envelope.to_dict()) == body
    assert envelope.payload_type == PAYLOAD_TYPE
    assert canonical(json.loads(envelope.payload)) == envelope.payload
    return json.loads(envelope.payload)


def feed(export: Export) -> Any:
    return opened(signed_feed(edition(export)))


def token(show: Stage, *scopes: str) -> Caller:
    user = add_user(username=f"owner-{'-'.join(scopes)}".replace(":", "-"), actor=SYSTEM).user
    add_member(user=user, production=show.production, role="editor", actor=SYSTEM)
    made, text = create_token(user=user, name="t", scopes=scopes, productions=[show.production], actor=SYSTEM)
    return Caller(text, made)


NOBODY = Caller(None)


def fetch(path: str, tag: str) -> Answer:
    headers: dict[str, Any] = {"If-None-Match": tag}
    return NOBODY.get(path, **headers)


def test_nothing_recalled_is_said_and_signed(show: Stage) -> None:
    export, _ = show.releases()
    due = edition(export)
    found = opened(signed_feed(due))
    assert found == {
        "format": "circled/recall-feed@1", "export": str(export.uid), "version": "1.0.0",
        "manifest_sha256": export.manifest_sha256, "issued_at": found["issued_at"],
        "next_update": found["next_update"], "notices": [], "log": None,
    }  # fmt: skip
    assert (due.issued_at.minute, due.issued_at.second, due.issued_at.microsecond) == (0, 0, 0)
    assert found["next_update"] > found["issued_at"]


def test_it_names_every_recalled_row_by_its_released_name(show: Stage) -> None:
    export, _ = show.releases()
    withdraws(show, "director-1", "editor-1")
    found = feed(export)
    notices = list(RecallNotice.objects.select_related("event").order_by("id"))
    assert [each["id"] for each in found["notices"]] == [str(notice.uid) for notice in notices]
    assert len(notices) == 2
    for said, notice in zip(found["notices"], notices, strict=True):
        rows = list(ExportRow.objects.filter(recalls__notice=notice).order_by("position"))
        assert said["rows"] == [row.row_id for row in rows] != []
        assert said["basis"] == "withdrawn_by_party"
        assert said["actions"] == ["stop_use", "delete_copies", "exclude_from_retrain"]
        assert (said["unlearning_requested"], said["replaced_by"]) == (False, None)
        assert said["log_index"] == str(notice.event.leaf.log_index)
    assert found["issued_at"] == found["notices"][-1]["issued_at"]
    text = json.dumps(found)
    assert not [name for name in ("director-1", "editor-1", "night-ferry-lab", "turn comes too early") if name in text]


def test_the_newest_notice_is_proved_to_stand_in_the_log(show: Stage) -> None:
    export, _ = show.releases()
    withdraws(show, "director-1", "editor-1")
    found = feed(export)
    log, last = found["log"], found["notices"][-1]
    assert log["notice"] == last["id"] == json.loads(log["entry"])["object"]["uid"]
    proof = parse_proof(log["proof"])
    checkpoint = open_checkpoint(proof.note, trusted())
    assert str(proof.index) == last["log_index"]
    assert verify_inclusion(
        leaf=leaf_hash(log["entry"].encode()), index=proof.index, size=checkpoint.size, proof=proof.hashes,
        root_hash=checkpoint.root,
    )  # fmt: skip


def test_unlearning_is_asked_for_where_it_was_agreed(show: Stage) -> None:
    for each in records_of(Contributor.objects.get(external_id="director-1"), show.production):
        withdraw(authorisations=[each], actor=SYSTEM)
    show.authorises("director-1", on_withdrawal=["request_unlearning"])
    export, _ = show.releases()
    withdraws(show, "director-1")
    [notice] = feed(export)["notices"]
    assert (notice["unlearning_requested"], notice["actions"]) == (True, ["stop_use", "request_unlearning"])


def test_the_same_edition_has_the_same_bytes(show: Stage) -> None:
    export, _ = show.releases()
    before = edition(export)
    assert signed_feed(before) == signed_feed(edition(export))
    withdraws(show, "director-1")
    after = edition(export)
    assert after.tag != before.tag
    assert after.issued_at > before.issued_at
    # An edition that was due before says what was true before.
    assert opened(signed_feed(before))["notices"] == []
    assert opened(signed_feed(after))["next_update"] > opened(signed_feed(before))["next_update"]
    assert timedelta(hours=24) == NEXT_UPDATE


def test_whoever_holds_the_address_reads_it_without_an_account(show: Stage) -> None:
    export, _ = show.releases()
    withdraws(show, "director-1")
    path = path_to(FEED, export.uid)
    answer = NOBODY.get(path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/vnd.dsse.envelope+json"
    assert answer.headers["Cache-Control"] == "private, max-age=60"
    assert answer.headers["Last-Modified"].endswith("GMT")
    assert opened(canonical(answer.body))["export"] == str(export.uid)
    tag = answer.headers["ETag"]
    again = fetch(path, tag)
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    withdraws(show, "editor-1")
    assert fetch(path, tag).status == 200


def test_no_other_address_tells_anything(show: Stage) -> None:
    export, _ = show.releases()
    other, _ = show.releases("preference")
    waiting = show.orders()
    good = path_to(FEED, export.uid)
    wrong = good[:-2] + ("0" if good[-2] != "0" else "1") + "/"
    secrets = {path_to(what, each.uid).split("/")[-2] for what in (FEED, ANSWERS) for each in (export, other)}
    assert len(secrets) == 4
    for path in (
        wrong,
        good.replace(str(export.uid), str(other.uid)),
        path_to(ANSWERS, export.uid).replace("recall-answers", "feeds"),
        path_to(FEED, export.uid).replace("feeds", "recall-answers"),
        path_to(FEED, waiting.uid),
    ):
        answer = NOBODY.get(path)
        assert (answer.status, answer.body["code"]) == (404, "not_found"), path
    assert NOBODY.post(good, {}).status == 405
    assert NOBODY.get(good).status == 200


def test_it_is_counted_by_caller_and_release(show: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttles, "ADDRESS_CALLS_A_MINUTE", 3)
    export, _ = show.releases()
    other, _ = show.releases("preference")
    answers = [NOBODY.get(path_to(FEED, export.uid)).status for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    assert NOBODY.get(path_to(FEED, other.uid)).status == 200


def test_a_token_reads_it_by_the_id(show: Stage) -> None:
    export, _ = show.releases()
    withdraws(show, "director-1")
    reader = token(show, "exports:read")
    answer = reader.get(f"exports/{export.uid}/recalls/")
    assert answer.status == 200
    assert canonical(answer.body) == signed_feed(edition(export))
    assert token(show, "suggestions:read").get(f"exports/{export.uid}/recalls/").status == 403
    assert NOBODY.get(f"exports/{export.uid}/recalls/").status == 401
    waiting = reader.get(f"exports/{show.orders().uid}/recalls/")
    assert (waiting.status, waiting.body["code"]) == (409, "not_published")


def test_the_command_writes_the_same_bytes(show: Stage, tmp_path: Path) -> None:
    export, _ = show.releases()
    withdraws(show, "director-1")
    out, said = tmp_path / "feed.json", StringIO()
    call_command("recall", "feed", f"{show.production.code}/E-{export.number}", "--out", str(out), stdout=said)
    assert out.read_bytes() == signed_feed(edition(export))
    assert list(tmp_path.glob("*feed*")) == [out]
    assert "1 notice(s) as of" in said.getvalue()
    assert address_of(FEED, export.uid) in said.getvalue()
    for given, words in (
        (["night-ferry/E-99"], "There is no release"),
        (["night-ferry"], "There is no release"),
        ([str(show.orders().uid)], "expected a published release"),
        ([str(export.uid), "--out", str(tmp_path / "none" / "feed.json")], "cannot be written"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("recall", "feed", *given, stdout=StringIO())


def test_a_feed_fetched_during_a_withdrawal_is_before_or_after_it(show: Stage) -> None:
    export, _ = show.releases()
    party = Contributor.objects.get(external_id="editor-1")
    whole = ExportRow.objects.filter(export=export, contributor_ids__contains=[party.pk]).count()
    seen: set[int] = set()

    def poll(_: int) -> list[Mapping[str, Any]]:
        try:
            return [document(edition(export)) for _ in range(12)]
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        polls = pool.map(poll, range(3))
        withdraws(show, "editor-1")
        for documents in polls:
            for found in documents:
                for notice in found["notices"]:
                    assert len(notice["rows"]) == whole
                    assert notice["log_index"].isdecimal()
                seen.add(len(found["notices"]))
    assert seen <= {0, 1}
    assert len(feed(export)["notices"]) == 1

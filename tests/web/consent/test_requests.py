"""The officer's pages of requests: the list, asking, links that are shown once, notices; and the same by command."""

from __future__ import annotations

import base64
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from loop.consent.models import ConsentRequest, ContributorLink, Notice
from loop.consent.notice import record_notice
from loop.kernel.actor import SYSTEM
from loop.kernel.errors import NotAllowedError
from loop.people.models import Contributor, User
from loop.people.querysets import actor_for_user
from loop.recall.answer_request import answer_request
from tests.support.releases import PURPOSE, YEAR, today
from tests.web.conftest import Desks

SECRET = re.compile(r"/c/([\w-]{43})/")


@pytest.fixture
def notice(desks: Desks) -> Notice:
    return record_notice(version="1", language="en", text="We ask.", actor=SYSTEM)


def party(desks: Desks, name: str = "editor-1") -> Contributor:
    return Contributor.objects.get(namespace=desks.production.code, external_id=name)


def form(desks: Desks, text: Notice, /, **changes: Any) -> dict[str, Any]:
    return {
        "parties": [str(party(desks).uid), str(party(desks, "director-1").uid)],
        "uses": [PURPOSE, "research"],
        "recipients": [desks.stage.recipient.code],
        "valid_until": str(today() + YEAR),
        "notice": str(text.uid),
        "days": "14",
    } | changes


def test_an_empty_list_says_what_to_do(desks: Desks) -> None:
    page = desks["consent_officer"].get(desks.address("requests/")).content.decode()
    assert "Nobody was asked yet" in page
    assert desks.address("requests/new/") in page
    read = desks["auditor"].get(desks.address("requests/")).content.decode()
    assert desks.address("requests/new/") not in read
    for who in ("editor", "data", "producer"):
        assert desks[who].get(desks.address("requests/")).status_code == 403
    assert desks["stranger"].get(desks.address("requests/")).status_code == 404


def test_asking_shows_each_link_once(desks: Desks, notice: Notice) -> None:
    officer = desks["consent_officer"]
    page = officer.post(desks.address("requests/new/"), form(desks, notice))
    assert page.status_code == 200
    words = page.content.decode()
    secrets = set(SECRET.findall(words))
    assert len(secrets) == ContributorLink.objects.count() == 2
    table = base64.b64decode(words.split("data:text/csv;base64,")[1].split('"')[0]).decode()
    assert set(SECRET.findall(table)) == secrets
    assert "no-store" in page["Cache-Control"]
    ends = ContributorLink.objects.earliest("id")
    assert ends.expires_at - ends.created_at == timedelta(days=14)
    for address in ("requests/", "requests.csv", "requests/new/"):
        again = officer.get(desks.address(address)).content.decode()
        assert not any(each in again for each in secrets)
    for secret in secrets:
        door = Client().get(f"/c/{secret}/", follow=True).content.decode()
        assert "Research" in door


def test_the_list_says_how_far_each_is_and_the_bar_how_many_wait(desks: Desks, notice: Notice) -> None:
    officer = desks["consent_officer"]
    officer.post(desks.address("requests/new/"), form(desks, notice))
    page = officer.get(desks.address("requests/")).content.decode()
    assert page.count(">unanswered<") >= 2
    assert 'Authorisations <small>2<span class="sr"> requests wait</span></small>' in page
    first = ConsentRequest.objects.get(party=party(desks))
    answer_request(request=first, answers={PURPOSE: "allowed", "research": "notAllowed"}, actor=SYSTEM)
    page = officer.get(desks.address("requests/?state=given")).content.decode()
    assert "editor-1" in page
    assert "director-1" not in page
    assert 'Authorisations <small>1<span class="sr"> request waits</span></small>' in page
    assert "No request fits this filter" in officer.get(desks.address("requests/?state=expired")).content.decode()
    table = officer.get(desks.address("requests.csv")).content.decode()
    assert {line.split(",")[3] for line in table.splitlines()[1:]} == {"given", "unanswered"}


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("parties", {"parties": []}),
        ("uses", {"uses": ["digital_replica"]}),
        ("recipients", {"recipients": ["nobody"]}),
        ("valid_until", {"valid_until": "2020-01-01"}),
        ("notice", {"notice": "7"}),
        ("days", {"days": "0"}),
        ("term", {"amount": "3.00", "currency": "EUR"}),
    ],
)
def test_what_cannot_be_asked_is_said_beside_its_field(
    desks: Desks, notice: Notice, field: str, changes: dict[str, Any]
) -> None:
    page = desks["consent_officer"].post(desks.address("requests/new/"), form(desks, notice, **changes))
    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert not ConsentRequest.objects.exists()
    assert not ContributorLink.objects.exists()


def test_the_same_form_sent_twice_asks_once(desks: Desks, notice: Notice) -> None:
    officer = desks["consent_officer"]
    officer.post(desks.address("requests/new/"), form(desks, notice))
    page = officer.post(desks.address("requests/new/"), form(desks, notice))
    assert page.status_code == 422
    assert "has not answered" in page.content.decode()
    assert ConsentRequest.objects.count() == ContributorLink.objects.count() == 2


def test_a_link_is_replaced_and_closed(desks: Desks, notice: Notice) -> None:
    officer = desks["consent_officer"]
    old = SECRET.findall(officer.post(desks.address("requests/new/"), form(desks, notice)).content.decode())[0]
    asked = ConsentRequest.objects.earliest("id")
    page = officer.post(desks.address(f"requests/{asked.uid}/link/"))
    (new,) = set(SECRET.findall(page.content.decode()))
    assert new != old
    first = ContributorLink.objects.filter(contributor=asked.party).earliest("id")
    assert officer.get(desks.address(f"links/{first.uid}/close/")).status_code == 405
    for who in ("auditor", "producer", "stranger"):
        assert desks[who].post(desks.address(f"links/{first.uid}/close/")).status_code in {403, 404}
        assert desks[who].post(desks.address(f"requests/{asked.uid}/link/")).status_code in {403, 404}
    closed = officer.post(desks.address(f"links/{first.uid}/close/"), follow=True).content.decode()
    assert "is closed." in closed
    first.refresh_from_db()
    assert first.revoked_at is not None
    assert Client().get(f"/c/{new}/").status_code == 302


def test_notices_are_recorded_once_and_never_changed(desks: Desks) -> None:
    officer = desks["consent_officer"]
    address = desks.address("notices/")
    given = {"version": "2", "language": "ar", "text": "نطلب\r\n\r\nموافقتك."}
    assert officer.post(address, given).status_code == 302
    assert Notice.objects.get().text == "نطلب\n\nموافقتك."
    page = officer.get(address).content.decode()
    assert 'lang="ar" dir="rtl"' in page
    again = officer.post(address, {**given, "text": "Something else."})
    assert again.status_code == 422
    assert "version" in again.context["form"].errors
    assert officer.post(address, {"version": "", "language": "", "text": " "}).status_code == 422
    assert desks["auditor"].post(address, given).status_code == 403
    assert "نطلب" in officer.get(desks.address("notices.csv")).content.decode()
    editor = User.objects.get(username="editor")
    with pytest.raises(NotAllowedError):
        record_notice(version="3", language="en", text="Mine.", actor=actor_for_user(editor))


def test_everything_works_by_command(desks: Desks, tmp_path: Path) -> None:
    code = desks.production.code

    def say(*words: str) -> str:
        out = io.StringIO()
        call_command("request", *words, stdout=out)
        return out.getvalue()

    assert "No request." in say("list", "--production", code)
    sending = ("send", "--production", code, "--party", "editor-1", "--party", "director-1", "--use", PURPOSE,
               "--recipient", desks.stage.recipient.code, "--notice-version", "9")  # fmt: skip
    with pytest.raises(CommandError, match="there is no notice '9'"):
        say(*sending)
    text = tmp_path / "notice.txt"
    text.write_text("We ask for your work.", encoding="utf-8")
    assert "SHA-256" in say("notice", str(text), "--notice-version", "9", "--language", "en")
    sent = say(*sending, "--links", "--until", str(today() + YEAR))
    assert len(set(SECRET.findall(sent))) == 2
    assert say("list", "--production", code).count("unanswered") == 2
    assert "No request." in say("list", "--production", code, "--state", "given")
    (secret,) = SECRET.findall(say("link", "--production", code, "--party", "editor-1", "--days", "3"))
    assert Client().get(f"/c/{secret}/").status_code == 302
    link = ContributorLink.objects.latest("id")
    assert "is closed" in say("close", str(link.uid))
    assert Client().get(f"/c/{secret}/").status_code == 404
    for wrong in (
        ("close", "nothing"),
        ("link", "--production", code, "--party", "nobody"),
        ("link", "--production", code, "--party", "editor-1", "--days", "0"),
        (*sending, "--until", "2020-01-01"),
        (*sending, "--use", "digital_replica"),
        (*sending, "--compensation-amount", "3"),
        ("notice", str(tmp_path / "missing.txt"), "--notice-version", "1", "--language", "en"),
        ("link", "--production", code, "--party", "editor-1", "--actor", "editor"),
    ):
        with pytest.raises(CommandError):
            say(*wrong)

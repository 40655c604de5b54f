"""The contributor's own door: what it shows, what it records, what it hides, and from whom."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from loop.audit.models import AuditEvent
from loop.audit.verify import verify
from loop.consent.link import open_link
from loop.consent.models import Authorisation, ConsentAnswer, ContributorLink
from loop.consent.unlink import close_link
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now
from loop.people.account import add_user
from loop.people.models import Contributor
from loop.recall.acknowledge import acknowledge
from loop.recall.models import RecallNotice
from loop.web.contributor import limits
from loop.web.contributor.entrance import SALT, cookie_name
from tests.support.releases import PURPOSE, YEAR, today
from tests.web.contributor.conftest import NAMES, TEXTS, Door, text_of

EVALUATION = "ai_evaluation"
MOST = 12
STOPPED = SimpleNamespace(time=lambda: 1_000_000_000.0)  # a clock that stands, so that no window ends within a test
ALLOW = {f"use_{PURPOSE}": "allowed", f"use_{EVALUATION}": "notAllowed"}


# -- coming in -------------------------------------------------------------------------------------------------------


def test_the_secret_is_exchanged_for_a_short_cookie(door: Door) -> None:
    entered = door.client.get(door.address)
    assert (entered.status_code, entered["Location"]) == (302, "/c/")
    assert entered["Referrer-Policy"] == "no-referrer"
    cookie = entered.cookies[cookie_name()]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["max-age"]) == ("/c/", True, "Lax", 3600)
    assert door.secret not in cookie.value
    page = door.client.get("/c/")
    assert page.status_code == 200
    assert door.secret not in text_of(page)
    for response in (entered, page):
        assert response["Cache-Control"] == "no-store, private"
        assert "noindex" in response["X-Robots-Tag"]
        assert "script-src 'self'" in response["Content-Security-Policy"]
        assert settings.SESSION_COOKIE_NAME not in response.cookies


def test_looking_changes_nothing_but_when_it_was_opened(door: Door) -> None:
    before = AuditEvent.objects.count()
    for address in (door.address, "/c/", "/c/receipt/", "/c/receipt.json", "/c/"):
        door.client.get(address)
        door.client.head(address)
    assert AuditEvent.objects.count() == before
    link = ContributorLink.objects.get(pk=door.link.pk)
    assert link.last_used_at is not None
    assert (link.expires_at, link.revoked_at) == (door.link.expires_at, None)
    assert door.client.get(f"/c/answer/{door.request.uid}/").status_code == 405
    assert not ConsentAnswer.objects.exists()


def test_unknown_ended_and_closed_links_show_the_same_page(door: Door) -> None:
    ended, secret = open_link(party=door.party, production=door.show.production, actor=SYSTEM, days=1)
    ContributorLink.objects.filter(pk=ended.pk).update(expires_at=now() - timedelta(seconds=1))
    closed, other = open_link(party=door.party, production=door.show.production, actor=SYSTEM)
    close_link(link=closed, actor=SYSTEM)
    pages = [Client().get(f"/c/{tried}/") for tried in (secret, other, "x" * 43, "short", "nothing.here")]
    assert {page.status_code for page in pages} == {404}
    assert len({page.content for page in pages}) == 1
    assert len({tuple(sorted(page.items())) for page in pages}) == 1
    assert not any(page.cookies for page in pages)
    words = pages[0].content.decode()
    assert "new link" in words
    assert 'name="referrer" content="no-referrer"' in words
    assert Client().get("/c/").content == pages[0].content


def test_a_cookie_opens_nothing_once_its_link_is_closed_or_it_is_forged_or_old(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.enter()
    good = door.client.cookies[cookie_name()].value
    for value in ("", "rubbish", good[:-2], signing.dumps({"link": str(door.link.uid)}, salt="another")):
        stranger = Client()
        stranger.cookies[cookie_name()] = value
        assert stranger.get("/c/").status_code == 404
    monkeypatch.setattr(signing.time, "time", lambda: now().timestamp() - 3700)
    old = signing.dumps({"link": str(door.link.uid)}, salt=SALT)
    monkeypatch.undo()
    stranger = Client()
    stranger.cookies[cookie_name()] = old
    assert stranger.get("/c/").status_code == 404
    assert door.client.get("/c/").status_code == 200
    close_link(link=door.link, actor=SYSTEM)
    assert door.client.get("/c/").status_code == 404
    assert door.answers(ALLOW).status_code == 404
    assert not ConsentAnswer.objects.exists()


def test_leaving_forgets_this_browser_and_closing_ends_the_link(door: Door) -> None:
    door.enter()
    assert "has forgotten you" in door.client.post("/c/leave/").content.decode()
    assert door.client.get("/c/").status_code == 404
    door.enter()
    assert "Nobody can open it" in door.client.post("/c/close/").content.decode()
    assert door.client.get(door.address).status_code == 404
    event = AuditEvent.objects.get(type="contributor.link_closed")
    assert event.actor_pid == f"link:{door.link.uid}"


def test_a_login_in_the_same_browser_plays_no_part(door: Door) -> None:
    user = add_user(username="canary-officer", actor=SYSTEM, is_admin=True).user
    door.client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = door.enter()
    assert "canary-officer" not in page
    assert "data-user" not in page
    assert "/p/" not in page


def test_forms_need_their_token(door: Door) -> None:
    strict = Client(enforce_csrf_checks=True)
    page = strict.get(door.address, follow=True).content.decode()
    assert strict.post(f"/c/answer/{door.request.uid}/", ALLOW).status_code == 403
    assert strict.post("/c/withdraw/").status_code == 403
    assert not ConsentAnswer.objects.exists()
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    sent = strict.post(f"/c/answer/{door.request.uid}/", {**ALLOW, "csrfmiddlewaretoken": token})
    assert sent.status_code == 302


# -- what it says and records ----------------------------------------------------------------------------------------


def test_the_page_says_in_plain_words_what_is_asked(door: Door) -> None:
    page = door.enter()
    for words in (
        "Test show asks you", "Training AI that creates", "An AI model learns from your work", "Testing AI",
        "Lab (inside the studio)", "Nothing is paid for it.", "must stop using it", "refusing costs you nothing",
        '<div class="prose quiet" lang="ar" dir="rtl">نطلب موافقتك.</div>',
    ):  # fmt: skip
        assert words in page, words
    assert PURPOSE not in page.replace(f'name="use_{PURPOSE}"', "")
    assert "checked" not in page
    assert "<script" not in page


def test_use_by_use_is_recorded_and_can_be_changed(door: Door) -> None:
    door.enter()
    page = door.answers(ALLOW)
    assert page.redirect_chain == [("/c/", 302)]
    words = page.content.decode()
    assert "Your answer is recorded." in words
    assert "Change your answer" in words
    assert "Nothing is asked of you at the moment." in words
    uses = [pair for each in Authorisation.objects.filter(party=door.party) for pair in each.uses.items()]
    assert sorted(uses) == [(EVALUATION, {"value": "notAllowed"}), (PURPOSE, {"value": "allowed"})]
    door.everybody_allows()
    export, _ = door.show.releases()
    refused = {f"use_{PURPOSE}": "notAllowed", f"use_{EVALUATION}": "notAllowed"}
    words = text_of(door.answers(refused))
    assert f"recalled from E-{export.number}" in words
    assert RecallNotice.objects.get().export == export
    assert verify().ok


def test_an_open_question_is_shown_beside_its_field_and_nothing_is_lost(door: Door) -> None:
    door.enter()
    page = door.client.post(f"/c/answer/{door.request.uid}/", {f"use_{PURPOSE}": "allowed"})
    assert page.status_code == 422
    words = page.content.decode()
    assert "Please say yes or no here." in words
    assert f'name="use_{PURPOSE}" value="allowed" checked' in words
    assert not ConsentAnswer.objects.exists()
    for bad in ({f"use_{PURPOSE}": "maybe", f"use_{EVALUATION}": "allowed"}, {**ALLOW, "use_research": "allowed"}):
        assert door.client.post(f"/c/answer/{door.request.uid}/", bad).status_code == 422
    assert not Authorisation.objects.exists()


def test_deciding_later_is_an_answer_too(door: Door) -> None:
    door.enter()
    words = text_of(door.client.post(f"/c/answer/{door.request.uid}/", {"later": "1"}, follow=True))
    assert "You decide later." in words
    assert "Test show asks you" in words


def test_a_guardian_is_asked_for_a_name(door: Door) -> None:
    Contributor.objects.filter(pk=door.party.pk).update(minor_until=today() + YEAR)
    assert "parent or guardian" in door.enter()
    assert "Please give the name" in text_of(door.answers(ALLOW))
    assert "Your answer is recorded." in text_of(door.answers({**ALLOW, "granted_by": "G. Uardian"}))


def test_withdrawing_says_first_what_it_reaches_and_then_recalls_at_once(door: Door) -> None:
    door.enter()
    door.answers(ALLOW)
    door.everybody_allows()
    export, _ = door.show.releases()
    record = Authorisation.objects.get(party=door.party, uses__has_key=PURPOSE)
    asked = door.client.get(f"/c/withdraw/{record.uid}/").content.decode()
    assert f'<span class="strong">E-{export.number}</span> to Lab' in asked
    assert "must answer within 14 days" in asked
    assert not RecallNotice.objects.exists()
    done = text_of(door.client.post(f"/c/withdraw/{record.uid}/", follow=True))
    assert f"Your work is recalled from E-{export.number} to Lab." in done
    assert "No full answer yet." in done
    notice = RecallNotice.objects.get()
    acknowledge(
        notice=notice, by=NAMES[0], copies_deleted=True, actor=SYSTEM,
        models_affected=[{"id": TEXTS[0], "trained_on": "E-1", "action": "retrained"}],
    )  # fmt: skip
    page = door.enter()
    assert "every copy is deleted; the model was trained again without it." in page
    assert "there is nothing to withdraw" in text_of(door.client.post(f"/c/withdraw/{record.uid}/", follow=True))
    assert "there is nothing to withdraw" in text_of(door.client.get("/c/withdraw/", follow=True))
    assert verify().ok


def test_everything_is_withdrawn_in_one_go_and_refusals_stay(door: Door) -> None:
    door.enter()
    door.answers(ALLOW)
    door.show.authorises("editor-1")
    assert "Withdraw everything" in door.enter()
    door.client.get("/c/withdraw/")
    door.client.post("/c/withdraw/")
    found = Authorisation.objects.filter(party=door.party).order_by("id")
    states = [(sorted(each.uses), each.events.order_by("-id")[0].state) for each in found]
    assert states == [
        ([PURPOSE], "ConsentWithdrawn"),
        ([EVALUATION], "ConsentGiven"),
        ([EVALUATION, PURPOSE], "ConsentWithdrawn"),
    ]


# -- limits ----------------------------------------------------------------------------------------------------------


def test_wrong_links_are_slowed_and_right_ones_still_open(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WRONG_A_MINUTE", 3)
    monkeypatch.setattr(limits, "time", STOPPED)
    cache.clear()
    client = Client()
    assert [client.get(f"/c/{'y' * 43}/").status_code for _ in range(4)] == [404, 404, 404, 429]
    slow = client.get(f"/c/{'z' * 43}/")
    assert slow.status_code == 429
    assert 0 < int(slow["Retry-After"]) <= 60
    assert "Try again in 1 minute." in slow.content.decode()
    assert client.get(door.address).status_code == 302


def test_a_link_has_its_own_limits(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    door.enter()
    monkeypatch.setattr(limits, "time", STOPPED)
    monkeypatch.setattr(limits, "ACTS_AN_HOUR", 2)
    cache.clear()
    said = [door.client.post(f"/c/answer/{door.request.uid}/", {"later": "1"}).status_code for _ in range(3)]
    assert said == [302, 302, 429]
    assert door.client.get("/c/").status_code == 200
    monkeypatch.setattr(limits, "PAGES_A_MINUTE", 5)
    limits._pages.clear()
    assert [door.client.get("/c/").status_code for _ in range(6)] == [200] * 5 + [429]


def test_every_page_asks_at_most_twelve_times(door: Door) -> None:
    door.everybody_allows()
    door.enter()
    door.answers(ALLOW)
    door.show.releases()
    record = Authorisation.objects.get(party=door.party, uses__has_key=PURPOSE)
    door.client.post(f"/c/withdraw/{record.uid}/")
    door.show.authorises("editor-1")
    for address in ("/c/", "/c/receipt/", "/c/receipt.json", f"/c/receipt/{record.uid}.json", door.address):
        door.client.get(address)
        with CaptureQueriesContext(connection) as captured:
            door.client.get(address)
        assert len(captured) <= MOST, (address, [each["sql"][:90] for each in captured])

"""A contributor with a request, records and releases, and three others of whom nothing may be seen."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.http import HttpResponseBase
from django.test import Client

from loop.consent.link import open_link
from loop.consent.models import ConsentRequest, ContributorLink, Notice
from loop.consent.notice import record_notice
from loop.consent.request import ask_parties
from loop.kernel.actor import SYSTEM
from loop.people.models import Contributor
from loop.web.contributor import limits
from tests.support.databases import FreshDatabase
from tests.support.releases import PURPOSE, YEAR, Stage, decision, stage, suggestion, today

OTHERS = ("canary-writer-51", "canary-actor-62", "canary-editor-73")
TEXTS = ("canaryprompt81", "canarycontent92", "canaryrationale03", "canaryrevision14")
NAMES = ("Canaria Schreiber", "Canaro Spieler", "Canarina Schnitt")


@dataclass
class Door:
    """The production, the party's link, and a browser that nobody is logged in with."""

    show: Stage
    party: Contributor
    link: ContributorLink
    secret: str
    request: ConsentRequest
    client: Client

    @property
    def address(self) -> str:
        return f"/c/{self.secret}/"

    def enter(self) -> str:
        """The page after the link was opened."""
        page = self.client.get(self.address, follow=True)
        assert page.status_code == 200
        return page.content.decode()

    def answers(self, said: dict[str, str]) -> HttpResponseBase:
        """The page after an answer was sent."""
        return self.client.post(f"/c/answer/{self.request.uid}/", said, follow=True)

    def everybody_allows(self) -> None:
        """The others; the party has its own way."""
        self.show.authorises(*OTHERS)


def text_of(response: HttpResponseBase) -> str:
    """Every byte that reached the browser: body and headers."""
    return getattr(response, "content", b"").decode() + "\n".join(f"{key}: {each}" for key, each in response.items())


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    limits._pages.clear()


@pytest.fixture
def notice(fresh_database: FreshDatabase) -> Notice:
    return record_notice(version="7", language="ar", text="نطلب موافقتك.", actor=SYSTEM)


@pytest.fixture
def door(fresh_database: FreshDatabase, notice: Notice) -> Door:
    show = stage()
    editor = OTHERS[2]
    show.brings_in(
        [
            suggestion(0, decision("accept"), prompt=TEXTS[0], content=TEXTS[1]),
            suggestion(
                1,
                decision("reject", rationale=TEXTS[2]),
                decision("accept", by=editor),
                contributors=[{"id": OTHERS[0], "capacity": "author_of_source"}],
            ),
            suggestion(
                2,
                decision("revise", by=editor, revised_content=TEXTS[3]),
                contributors=[{"id": OTHERS[1], "capacity": "author_of_source"}],
            ),
        ]
    )
    for name, person in zip(OTHERS, NAMES, strict=True):
        Contributor.objects.filter(external_id=name).update(name=person)
    party = Contributor.objects.get(external_id="editor-1")
    (request,) = ask_parties(
        parties=[party], production=show.production, uses=[PURPOSE, "ai_evaluation"],
        recipients=[show.recipient.code], valid_until=today() + YEAR, notice=notice, actor=SYSTEM,
    )  # fmt: skip
    link, secret = open_link(party=party, production=show.production, actor=SYSTEM)
    return Door(show, party, link, secret, request, Client())

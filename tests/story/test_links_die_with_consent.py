"""A release that a withdrawal has reached, or whose authorisations have ended, gives no link and honours no old one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from loop.consent.agreement import AgreementTerms
from loop.consent.evidence import Document
from loop.consent.grant import grant
from loop.consent.models import Authorisation
from loop.consent.recipient import add_recipient
from loop.consent.recording import GrantTerms
from loop.export.advance import advance
from loop.export.models import Download, Export
from loop.kernel.actor import SYSTEM
from loop.kernel.clock import now, utc_date
from loop.material.models import Production
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.models import Contributor
from loop.people.roles import SCOPES
from loop.people.token import create_token
from loop.recall.withdraw import withdraw
from tests.api.conftest import Caller, line
from tests.support.databases import FreshDatabase
from tests.support.processes import Broker

DAY = timedelta(days=1)


@pytest.fixture
def robot(fresh_database: FreshDatabase, broker: Broker) -> Caller:
    """A tool that may do everything a tool may. Real commits: rows are written from connections of their own."""
    ferry = Production.objects.create(code="FERRY", title="Night Ferry", rate_num=24, created_at=now())
    owner = add_user(username="owner", actor=SYSTEM).user
    add_member(user=owner, production=ferry, role="editor", actor=SYSTEM)
    token, text = create_token(user=owner, name="robot", scopes=SCOPES, productions=[ferry], actor=SYSTEM)
    return Caller(text, token)


@pytest.fixture
def nobody() -> Caller:
    return Caller(None)


@pytest.fixture
def released(robot: Caller) -> str:
    """The id of a published export with one row, decided and authorised by director-1."""
    today = utc_date(now())
    terms = AgreementTerms(
        signed_on=today - DAY, valid_from=today - DAY, valid_until=today + 900 * DAY, purposes=["ai_evaluation"]
    )
    add_recipient(code="lab", name="Lab", kind="internal", actor=SYSTEM, agreement=terms)
    verdict = {"external_id": "d1", "outcome": "reject", "decided_by": "director-1"}
    assert robot.post("suggestions", line("s1", decisions=[verdict])).status == 201
    given = GrantTerms(
        production=Production.objects.get(),
        uses={"ai_evaluation": "allowed"},
        basis="consent",
        recipients=["lab"],
        evidence=Document(content=b"signed", file_name="consent.pdf"),
        valid_from=today - DAY,
        valid_until=today + 30 * DAY,
    )
    grant(party=Contributor.objects.get(external_id="director-1"), given=given, actor=SYSTEM)
    ordered = robot.post("exports", {"profile": "signals", "purpose": "ai_evaluation", "recipient": "lab"})
    assert ordered.status == 202, ordered.body
    export = Export.objects.get(uid=ordered.body["id"])
    while advance(export.pk).did:
        pass
    export.refresh_from_db()
    assert (export.state, export.rows_included) == ("published", 1), (export.failure, export.excluded_by_code)
    return str(export.uid)


def take(robot: Caller, export: str) -> Any:
    return robot.post(f"exports/{export}/downloads", {"file": "manifest.json"})


def test_a_recalled_release_gives_no_link_and_honours_no_old_one(robot: Caller, nobody: Caller, released: str) -> None:
    link = take(robot, released)
    assert link.status == 201, link.body
    assert nobody.get(link.body["url"]).status == 200
    assert robot.get(f"exports/{released}").body["recalled"] is False
    withdraw(authorisations=list(Authorisation.objects.all()), actor=SYSTEM)
    assert robot.get(f"exports/{released}").body["recalled"] is True
    refused = take(robot, released)
    assert (refused.status, refused.body["code"]) == (409, "recalled")
    assert nobody.get(link.body["url"]).status == 404
    assert Download.objects.count() == 1


def test_when_an_authorisation_has_ended_so_have_the_links(
    robot: Caller, released: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    last_day: date = utc_date(now()) + 30 * DAY
    monkeypatch.setattr("loop.export.download.utc_date", lambda _: last_day)
    assert take(robot, released).status == 201
    monkeypatch.setattr("loop.export.download.utc_date", lambda _: last_day + DAY)
    refused = take(robot, released)
    assert (refused.status, refused.body["code"]) == (409, "recalled")

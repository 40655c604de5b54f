"""A released row on the page: as it was published, and as of now; and on the command line the same."""

from __future__ import annotations

import io
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from loop.export.models import Export, ExportRow
from loop.kernel.actor import SYSTEM
from loop.recall.querysets import records_of
from loop.recall.withdraw import withdraw
from tests.web.conftest import Desks


def a_row(export: Export) -> str:
    return ExportRow.objects.filter(export=export).order_by("position")[0].row_id


def take_back(desks: Desks, who: str) -> None:
    party = desks.production.credits.get(contributor__external_id=who).contributor
    withdraw(authorisations=records_of(party, desks.production), actor=SYSTEM)


@pytest.mark.parametrize("profile", ["signals", "preference"])
def test_it_answers_for_a_row_that_is_out(desks: Desks, profile: str) -> None:
    export = desks.release(profile)
    take_back(desks, "editor-1")
    address = desks.address(f"exports/{export.number}/rows/explain/")
    page = desks["consent_officer"].get(address, {"row": a_row(export)}).content.decode()
    assert page.index("As it was published") < page.index("may leave") < page.index("stays: WITHDRAWN")
    assert "editor-1" in page
    page = desks["data"].get(address, {"row": a_row(export)}).content.decode()
    assert "stays: WITHDRAWN" in page
    assert "editor-1, decider" not in page


def test_it_asks_for_a_row_and_says_when_there_is_none(desks: Desks) -> None:
    export = desks.release()
    address = desks.address(f"exports/{export.number}/rows/explain/")
    assert "fb_row_id" in desks["data"].get(address).content.decode()
    missing = desks["data"].get(address, {"row": "\x00<b>"})
    assert missing.status_code == 404
    assert "expected a row of E-1" in missing.content.decode()
    assert "<b>" not in missing.content.decode().replace("&lt;b&gt;", "")
    assert desks["editor"].get(address).status_code == 403
    assert desks["stranger"].get(address).status_code == 404
    assert desks["data"].get(desks.address("exports/9/rows/explain/")).status_code == 404


def explained(*words: str) -> str:
    out = io.StringIO()
    call_command("explain", *words, stdout=out)
    return out.getvalue()


def test_the_command_answers_for_a_row_and_for_a_signal(desks: Desks) -> None:
    export = desks.release()
    row = ExportRow.objects.filter(export=export).order_by("position")[0]
    take_back(desks, "editor-1")
    said = explained("--row", row.row_id, "--export", f"E-{export.number}", "--production", desks.production.code)
    assert said == explained("--row", row.row_id, "--export", str(export.uid))
    then, now = said.split("\nNow:\n")
    assert "by editor-1: may leave, until" in then
    assert "by editor-1: may not leave (WITHDRAWN)" in now
    about = ("--purpose", export.purpose, "--recipient", export.recipient.code)
    assert "may not leave (WITHDRAWN)" in explained("--signal", str(row.decision.uid), *about)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), "Expected one of a suggestion, --signal and --row"),
        (("s0", "--signal", "x"), "Expected one of a suggestion"),
        (("s0",), "Expected --purpose and --recipient"),
        (("--row", "x"), "--row and --export go together"),
        (("--row", "x", "--export", "E-7"), "--export: there is no release 'E-7'"),
        (("--row", "x", "--export", str(uuid4())), "--export: there is no release"),
        (
            ("--signal", "x", "--purpose", "research", "--recipient", "night-ferry-lab"),
            "--signal: there is no decision",
        ),
        (("--row", "x", "--export", "E-1", "--purpose", "research"), "--purpose: a released row has"),
    ],
)
def test_the_command_refuses_by_name(desks: Desks, words: tuple[str, ...], found: str) -> None:
    with pytest.raises(CommandError, match=found):
        call_command("explain", *words)


def test_the_release_leads_to_it_and_says_what_fell_due(desks: Desks) -> None:
    desks.stage.authorises("editor-1", compensation={"term": "per_row_fee", "amount": "0.50", "currency": "USD"})
    export = desks.release()
    address = desks.address(f"exports/{export.number}/")
    page = desks["consent_officer"].get(address).content.decode()
    assert "Fell due by it" in page
    assert "3.00 USD" in page.replace('</span> <span class="soft">', " ").replace("</span>", "")
    assert "rows/explain/" in page
    page = desks["data"].get(address).content.decode()
    assert "Fell due by it" not in page
    assert "rows/explain/" in page
    assert "rows/explain/" not in desks["producer"].get(address).content.decode()


def test_each_row_that_stayed_leads_to_every_rule(desks: Desks) -> None:
    desks.stage.authorises("director-1")
    export = desks.stage.releases()[0]
    address = desks.address(f"exports/{export.number}/excluded/")
    page = desks["data"].get(address).content.decode()
    assert f"/explain/?purpose={export.purpose}&amp;recipient={export.recipient.code}" in page
    assert "/explain/?" not in desks["producer"].get(address).content.decode()

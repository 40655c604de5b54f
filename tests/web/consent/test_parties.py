"""Parties of every kind are registered and changed in the browser, by whoever keeps the registry or the people."""

from __future__ import annotations

from datetime import date

import pytest

from loop.people.models import Contributor
from tests.web.conftest import Desks


def new(desks: Desks, who: str = "consent_officer", **fields: str) -> int:
    given = {"party": "estate-1", "name": "Estate of A. Writer", "kind": "estate", "function": "author"} | fields
    return desks[who].post(desks.address("parties/new/"), given).status_code


def test_an_estate_is_registered_and_listed(desks: Desks) -> None:
    assert new(desks) == 302
    estate = Contributor.objects.get(external_id="estate-1")
    assert (estate.kind, estate.name, estate.credits.get().function) == ("estate", "Estate of A. Writer", "author")
    page = desks["auditor"].get(desks.address("parties/"), {"kind": "estate"}).content.decode()
    assert "Estate of A. Writer" in page
    assert "editor-1" not in page
    csv = desks["consent_officer"].get(desks.address("parties.csv")).content.decode()
    assert "estate-1,Estate of A. Writer,estate,,0" in csv
    assert "director-1" in csv


def test_a_minor_comes_of_age(desks: Desks) -> None:
    child = Contributor.objects.get(external_id="editor-1")
    address = desks.address(f"parties/{child.uid}/")
    person = {"name": "R. Okafor", "kind": "person"}
    assert desks["producer"].post(address, person | {"minor_until": "2031-02-03"}).status_code == 302
    child.refresh_from_db()
    assert (child.name, child.minor_until) == ("R. Okafor", date(2031, 2, 3))
    assert "2031-02-03" in desks["consent_officer"].get(address).content.decode()
    assert desks["producer"].post(address, person).status_code == 302
    child.refresh_from_db()
    assert child.minor_until is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"party": "editor-1"}, "expected a new id"),
        ({"minor_until": "2031-02-03"}, "expected a person"),
        ({"kind": "ghost"}, "ghost"),
        ({"party": ""}, "required"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_kept(desks: Desks, fields: dict[str, str], said: str) -> None:
    before = Contributor.objects.count()
    given = {"party": "estate-1", "kind": "estate", "name": "", "function": ""} | fields
    response = desks["consent_officer"].post(desks.address("parties/new/"), given)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert Contributor.objects.count() == before
    assert new(desks) == 302


def test_others_may_not(desks: Desks) -> None:
    child = Contributor.objects.get(external_id="editor-1")
    for who, listed, changed in (("editor", 403, 403), ("auditor", 200, 403), ("stranger", 404, 404)):
        assert desks[who].get(desks.address("parties/")).status_code == listed
        assert desks[who].get(desks.address(f"parties/{child.uid}/")).status_code == changed
        assert new(desks, who) == changed
    stranger = Contributor.objects.create(namespace="other", external_id="x", created_at=child.created_at)
    assert desks["consent_officer"].get(desks.address(f"parties/{stranger.uid}/")).status_code == 404
    assert desks["consent_officer"].get(desks.address(f"parties/{child.uid}/")).status_code == 200

"""The form on the dossier by which auditor and admin see a text once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from loop.audit.models import AuditEvent
from tests.support.cutting_room import Room

TEXT = "Note 1. The pause says it."
WHY = "I would not cut here."
BASIS = "Complaint 14 <b>"


@pytest.fixture
def address(room: Room) -> str:
    return f"/p/FERRY/items/{room.suggestion('s01-a').uid}/"


def reveals() -> int:
    return AuditEvent.objects.filter(type="text.revealed").count()


def test_it_shows_the_text_once_for_a_reason(
    room: Room, address: str, seat: Callable[[str], Client], say: Callable[..., object]
) -> None:
    say("editor", "s01-a", "reject", rationale=WHY)
    auditor = seat("auditor")
    before = auditor.get(address).content.decode()
    assert TEXT not in before
    assert WHY not in before
    assert f'action="{address}text/"' in before
    shown = auditor.post(f"{address}text/", {"basis": BASIS})
    page = shown.content.decode()
    assert shown.status_code == 200
    assert "no-store" in shown.headers["Cache-Control"]
    assert TEXT in page
    assert WHY in page
    assert "Complaint 14 &lt;b&gt;" in page
    assert "Show the text once" not in page
    assert reveals() == 1
    assert TEXT not in auditor.get(address).content.decode()
    assert auditor.get(f"{address}text/").status_code == 405
    assert reveals() == 1


@pytest.mark.parametrize("basis", ["", "   ", "x" * 501])
def test_it_shows_nothing_without_a_reason(address: str, basis: str, seat: Callable[[str], Client]) -> None:
    answer = seat("auditor").post(f"{address}text/", {"basis": basis})
    assert answer.status_code == 422
    assert TEXT not in answer.content.decode()
    assert "Expected 1 to 500 printable characters." in answer.content.decode()
    assert reveals() == 0


@pytest.mark.parametrize("name", ["director", "editor", "scripty", "producer", "data", "consent"])
def test_others_have_no_such_form(name: str, address: str, seat: Callable[[str], Client]) -> None:
    client = seat(name)
    assert f'action="{address}text/"' not in client.get(address).content.decode()
    assert client.post(f"{address}text/", {"basis": BASIS}).status_code == 403
    assert reveals() == 0

"""The registry's filters: each narrows the list, the CSV follows, and the state is that of the date asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.releases import PURPOSE, YEAR, today
from tests.web.conftest import Desks


def shown(desks: Desks, **query: str) -> set[str]:
    answer = desks["consent_officer"].get(desks.address("authorisations/"), query)
    assert answer.status_code == 200
    found = {each.authorisation.party.external_id for each in answer.context["records"]}
    csv = desks["consent_officer"].get(desks.address("authorisations.csv"), query)
    text = b"".join(csv.streaming_content).decode() if csv.streaming else csv.content.decode()
    assert {line.split(",")[1] for line in text.splitlines()[1:]} == found
    return found


@pytest.fixture
def registry(desks: Desks) -> Desks:
    show = desks.stage
    show.authorises("director-1", basis="contract_licence", valid_until=today() + timedelta(days=9))
    show.authorises(
        "editor-1", uses={"research": "allowed"}, recipients=[], recipient_kinds=[show.recipient.kind],
        valid_from=today() + YEAR, valid_until=today() + 2 * YEAR,
    )  # fmt: skip
    return desks


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, {"director-1", "editor-1"}),
        ({"party": "direct"}, {"director-1"}),
        ({"purpose": "research"}, {"editor-1"}),
        ({"purpose": PURPOSE}, {"director-1"}),
        ({"basis": "consent"}, {"editor-1"}),
        ({"state": "in_force"}, {"director-1"}),
        ({"state": "expiring"}, {"director-1"}),
        ({"state": "ended"}, {"editor-1"}),
        ({"state": "in_force", "on": (today() + YEAR).isoformat()}, {"editor-1"}),
        ({"state": "in_force", "on": "2020-01-01"}, set()),
        ({"ends_before": (today() + YEAR).isoformat()}, {"director-1"}),
        ({"recipient": "night-ferry-lab"}, {"director-1", "editor-1"}),
        ({"recipient": "nobody"}, set()),
    ],
)
def test_each_filter_narrows(registry: Desks, query: dict[str, str], names: set[str]) -> None:
    assert shown(registry, **query) == names


def test_a_date_that_is_none_is_named(registry: Desks) -> None:
    page = registry["consent_officer"].get(registry.address("authorisations/"), {"on": "soon"}).content.decode()
    assert "State on: Enter a valid date." in page

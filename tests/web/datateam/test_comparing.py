"""Two releases side by side, from the page of one of them; the same by command and over the API."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from loop.export.models import Export
from loop.kernel.actor import SYSTEM
from loop.people.account import add_user
from loop.people.member import add_member
from loop.people.roles import EXPORTS_ORDER, EXPORTS_READ, REGISTRY_READ
from loop.people.token import create_token
from tests.api.conftest import Caller
from tests.support.releases import decision, suggestion
from tests.web.conftest import Desks


@pytest.fixture
def pair(desks: Desks) -> tuple[Export, Export]:
    old = desks.release()
    desks.stage.brings_in([suggestion(20, decision("accept")), suggestion(21, decision("reject"))])
    return old, desks.stage.releases()[0]


def test_the_page_of_a_release_leads_to_the_comparison(desks: Desks, pair: tuple[Export, Export]) -> None:
    page = desks["data"].get(desks.address("exports/2/")).content.decode()
    assert '<option value="1"' in page
    assert "What is in it" in page
    assert page.count('class="chart interval-line"') > 3
    answer = desks["data"].get(desks.address("exports/2/compare/"), {"with": "1"})
    assert answer["Location"] == desks.address("exports/2/compare/1/")


@pytest.mark.parametrize("wanted", ["", "9", "x", "-1", "1" * 40])
def test_a_release_that_is_not_there_is_404(desks: Desks, pair: tuple[Export, Export], wanted: str) -> None:
    assert desks["data"].get(desks.address("exports/2/compare/"), {"with": wanted}).status_code == 404


def test_it_says_what_came_and_why(desks: Desks, pair: tuple[Export, Export]) -> None:
    page = desks["data"].get(desks.address("exports/2/compare/1/")).content.decode()
    assert "<dt>Added</dt><dd>2</dd>" in page
    assert "Decided since" in page
    assert "Cut-off" in page
    rows = desks["data"].get(desks.address("exports/2/compare/1/rows.csv")).content.decode().splitlines()
    assert rows[0].startswith("change,why,code,old_row_id,new_row_id")
    assert [line.split(",")[:2] for line in rows[1:]] == [["added", "new_decision"]] * 2
    balance = desks["data"].get(desks.address("exports/2/compare/1/balance.csv")).content.decode()
    assert "all,,accept," in balance


def test_what_cannot_be_compared_is_said(desks: Desks, pair: tuple[Export, Export]) -> None:
    desks.stage.releases("preference")
    page = desks["data"].get(desks.address("exports/3/compare/1/"))
    assert page.status_code == 409
    assert "one profile" in page.content.decode()
    assert desks["data"].get(desks.address("exports/3/compare/1/rows.csv")).status_code == 409


def test_only_who_may_see_releases_compares_them(desks: Desks, pair: tuple[Export, Export]) -> None:
    address = desks.address("exports/2/compare/1/")
    expected = {"producer": 200, "auditor": 200, "admin": 200, "editor": 403, "stranger": 404}
    assert {who: desks[who].get(address).status_code for who in expected} == expected


def test_the_command_says_the_same(desks: Desks, pair: tuple[Export, Export]) -> None:
    out = StringIO()
    call_command("compare_exports", "night-ferry/E-1", "night-ferry/E-2", stdout=out)
    assert "2 rows added, 0 removed, 0 changed" in out.getvalue()
    out = StringIO()
    call_command("compare_exports", "night-ferry/E-1", "night-ferry/E-2", json=True, stdout=out)
    assert json.loads(out.getvalue())["rows"]["added"] == 2
    with pytest.raises(CommandError, match="found one twice"):
        call_command("compare_exports", "night-ferry/E-1", "night-ferry/E-1")
    with pytest.raises(CommandError, match="There is no release"):
        call_command("compare_exports", "night-ferry/E-1", "night-ferry/E-7")


def test_the_api_says_the_same_and_codes_to_who_may_see_the_registry(desks: Desks) -> None:
    show = desks.stage
    old, new = desks.stage.releases()[0], desks.release()
    assert (old.rows_included, new.number) == (0, 2)
    user = add_user(username="robot", actor=SYSTEM).user
    add_member(user=user, production=show.production, role="data", actor=SYSTEM)

    def caller(*scopes: str) -> Caller:
        made = create_token(
            user=user, name="-".join(scopes), scopes=scopes, productions=[show.production], actor=SYSTEM, days=30
        )
        return Caller(made[1], made[0])

    path = f"exports/{new.uid}/compare/{old.uid}"
    found = caller(EXPORTS_READ).get(path)
    assert found.status == 200, found.body
    assert found.body["rows"] == {"added": new.rows_included, "removed": 0, "changed": 0, "same": 0}
    assert found.body["causes"] == [
        {"change": "added", "why": "consent", "code": "CONSENT_MISSING", "rows": found.body["rows"]["added"]}
    ]
    assert any(each["by"] == "model" and each["new_rows"] for each in found.body["balance"])
    twice = caller(EXPORTS_READ, REGISTRY_READ).get(f"exports/{new.uid}/compare/{new.uid}")
    assert (twice.status, twice.body["code"]) == (409, "not_comparable")


def test_the_next_is_ordered_from_the_page_once_and_refused_where_there_is_a_newer(desks: Desks) -> None:
    desks.release()
    address = desks.address("exports/1/next/")
    assert "Order the next" in desks["data"].get(desks.address("exports/1/")).content.decode()
    for _ in range(2):
        answer = desks["data"].post(address, {"key": "one-click"})
        assert answer["Location"] == desks.address("exports/2/")
    page = desks["data"].get(desks.address("exports/2/")).content.decode()
    assert "worked out when its rows are known" in page
    assert "Next of" in page
    refused = desks["data"].post(address, {"key": "another"}, follow=True)
    assert "E-2 in the making" in refused.content.decode()
    assert Export.objects.count() == 2
    assert desks["producer"].post(address).status_code == 403
    assert desks["stranger"].post(address).status_code == 404


def test_the_api_orders_the_next(desks: Desks) -> None:
    old, show = desks.release(), desks.stage
    user = add_user(username="robot", actor=SYSTEM).user
    add_member(user=user, production=show.production, role="data", actor=SYSTEM)
    token, text = create_token(
        user=user, name="nightly", scopes=(EXPORTS_ORDER,), productions=[show.production], actor=SYSTEM, days=30
    )
    robot, path = Caller(text, token), f"exports/{old.uid}/next"
    made = robot.post(path, {"formats": ["csv"]})
    assert made.status == 202, made.body
    assert (made.body["version"], made.body["formats"]) == ("", ["csv"])
    assert robot.get(f"exports/{made.body['id']}").body["next_of"] == str(old.uid)
    again = robot.post(path, {})
    assert (again.status, again.body["code"]) == (409, "conflict")
    assert robot.post(path, {"labels": "loudest"}).status == 400

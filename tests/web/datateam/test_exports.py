"""The data team's pages: an order with its preview, a release, what stayed, a file taken on the record."""

import re
from uuid import uuid4

import pytest
from django.utils.html import escape

from loop.audit.querysets import TrailFilter, everything, trail
from loop.consent.terms import PROFILE_PURPOSE
from loop.export.models import Download, Export
from loop.export.profiles.registry import SHAPES
from tests.web.conftest import Desks

ORDER = {
    "profile": "signals",
    "purpose": "ai_generative_training",
    "recipient": "night-ferry-lab",
    "labels": "latest_per_person",
}


def test_it_offers_every_profile_with_a_sentence_and_its_purpose(desks: Desks) -> None:
    page = desks["data"].get(desks.address("exports/new/")).content.decode()
    for name, shape in SHAPES.items():
        assert f'<option value="{name}"' in page
        row = page.partition(f'<span class="soft">{name}</span>')[2].partition("</tr>")[0]
        assert escape(shape.about) in row
        assert (PROFILE_PURPOSE[name] or "the one ordered") in row


def test_it_orders_messages(desks: Desks) -> None:
    order = ORDER | {"profile": "sft", "form": "conversational", "key": str(uuid4())}
    assert desks["data"].post(desks.address("exports/new/"), order).status_code == 302
    assert Export.objects.get().recipe["form"] == "conversational"


def test_it_previews_what_would_leave_without_writing(desks: Desks) -> None:
    answer = desks["data"].get(desks.address("exports/new/"), ORDER)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "CONSENT_MISSING" in page
    assert "It would have no rows" in page
    assert not Export.objects.exists()


def test_it_orders_once_however_often_the_button_is_pressed(desks: Desks) -> None:
    order = ORDER | {"key": str(uuid4())}
    first = desks["data"].post(desks.address("exports/new/"), order)
    second = desks["data"].post(desks.address("exports/new/"), order)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"] == desks.address("exports/1/")
    assert Export.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"purpose": "ai_evaluation", "profile": "preference"}, "rule 2"),
        ({"purpose": "data_mining"}, "rule 3"),
        ({"recipient": "nobody"}, "Select a valid choice"),
        ({"labels": "loudest"}, "Select a valid choice"),
        ({"form": "verse"}, "Select a valid choice"),
        ({"form": "conversational"}, "expected standard for signals"),
    ],
)
def test_it_refuses_an_order_that_cannot_pass(desks: Desks, change: dict[str, str], words: str) -> None:
    answer = desks["data"].post(desks.address("exports/new/"), ORDER | change | {"key": str(uuid4())})
    assert answer.status_code == 422
    assert words.lower() in answer.content.decode().lower()
    assert not Export.objects.exists()


def test_it_shows_a_release_with_its_files(desks: Desks) -> None:
    export = desks.release()
    page = desks["data"].get(desks.address(f"exports/{export.number}/")).content.decode()
    assert "Published" in page
    assert "data/signals/train-00000-of-00001.parquet" in page
    assert f"<dd>{export.rows_included}</dd>" in page


def test_it_hands_out_a_file_and_records_who_took_it(desks: Desks) -> None:
    export = desks.release()
    answer = desks["data"].post(desks.address(f"exports/{export.number}/take/"), {"file": "README.md"})
    assert b"".join(answer.streaming_content).startswith(b"---\n")
    entry = Download.objects.get()
    assert entry.file == "README.md"
    found = trail(TrailFilter(event="export.downloaded"), visible=everything()).get()
    assert found.actor_pid == entry.actor_pid


def test_it_hands_out_nothing_that_is_not_listed(desks: Desks) -> None:
    export = desks.release()
    answer = desks["data"].post(desks.address(f"exports/{export.number}/take/"), {"file": "../../keys/secret_key"})
    assert answer.status_code == 404
    assert not Download.objects.exists()


def test_only_the_data_team_takes_files(desks: Desks) -> None:
    export = desks.release()
    for who in ("producer", "consent_officer", "auditor", "admin"):
        assert desks[who].get(desks.address(f"exports/{export.number}/")).status_code == 200
        answer = desks[who].post(desks.address(f"exports/{export.number}/take/"), {"file": "README.md"})
        assert answer.status_code == 403, who
    assert not Download.objects.exists()


def test_it_names_every_row_that_stayed_and_why(desks: Desks) -> None:
    export, _ = desks.stage.releases()
    page = desks["data"].get(desks.address(f"exports/{export.number}/excluded/")).content.decode()
    assert len(re.findall(r"CONSENT_MISSING</span>", page)) == export.rows_considered
    assert "editor-1" not in page  # who refused is for those who read the registry
    assert (
        "editor-1" in desks["consent_officer"].get(desks.address(f"exports/{export.number}/excluded/")).content.decode()
    )


def test_it_gives_the_same_rows_as_csv(desks: Desks) -> None:
    export, _ = desks.stage.releases()
    answer = desks["data"].get(desks.address(f"exports/{export.number}/excluded.csv"))
    lines = answer.content.decode().splitlines()
    assert lines[0] == "suggestion,decision_uid,other_decision_uid,code,all_codes"
    assert len(lines) == 1 + (export.rows_considered or 0)


def test_it_cancels_what_is_not_finished_and_only_that(desks: Desks) -> None:
    desks.stage.authorises()
    waiting = desks.stage.orders()
    done, _ = desks.stage.releases()
    for export in (waiting, done):
        desks["data"].post(desks.address(f"exports/{export.number}/cancel/"))
        export.refresh_from_db()
    assert (waiting.state, done.state) == ("cancelled", "published")


def test_its_progress_stops_asking_when_the_release_has_ended(desks: Desks) -> None:
    waiting = desks.stage.orders()
    asked = desks["data"].get(desks.address(f"exports/{waiting.number}/progress/"))
    assert asked.status_code == 200
    assert b"every 2s" in asked.content
    done, _ = desks.stage.releases()
    assert desks["data"].get(desks.address(f"exports/{done.number}/progress/")).status_code == 286


def test_strangers_learn_nothing_and_others_may_not(desks: Desks) -> None:
    export = desks.release()
    paths = ("exports/", "exports/new/", f"exports/{export.number}/", f"exports/{export.number}/excluded/")
    for path in paths:
        assert desks["stranger"].get(desks.address(path)).status_code == 404
        assert desks["editor"].get(desks.address(path)).status_code == 403
    assert desks["stranger"].get("/p/no-such-show/exports/").status_code == 404


def test_home_leads_only_where_one_may_go(desks: Desks) -> None:
    export = desks.release()
    address = desks.address(f"exports/{export.number}/")
    assert desks.address("exports/new/") in desks["data"].get("/").content.decode()
    page = desks["editor"].get("/").content.decode()
    assert desks.address("exports/new/") not in page
    assert address not in page

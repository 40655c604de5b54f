"""./manage.py export, run_worker and verify_export, as people use them."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from loop import tasks
from loop.audit.seal import seal_all
from loop.export import heartbeat
from loop.export.models import Export
from tests.support.databases import FreshDatabase
from tests.support.releases import PURPOSE, Stage, few_lines, stage, today


@pytest.fixture
def show(fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(tasks, "send", lambda _uid: False)  # no broker: what waits is found in the database
    made = stage()
    made.brings_in(few_lines())
    made.authorises("editor-1")
    return made


def run(*words: str, **options: Any) -> str:
    out = StringIO()
    call_command(*words, stdout=out, stderr=out, **options)
    return out.getvalue()


def order(*more: str) -> str:
    return run(
        "export", "--production", "night-ferry", "--purpose", PURPOSE, "--recipient", "night-ferry-lab",
        "--profile", "signals", *more,
    )  # fmt: skip


def test_without_waiting_the_order_stands(show: Stage) -> None:
    assert "Ordered night-ferry E-1" in order()
    assert Export.objects.get().state == "ordered"
    assert "Published release" in run("run_worker", "--until-idle")
    assert Export.objects.get().state == "published"


def test_a_preview_orders_nothing(show: Stage) -> None:
    said = order("--preview")
    assert "6 of 8 rows would leave." in said
    assert "CONSENT_MISSING" in said
    assert not Export.objects.exists()


def test_waiting_without_a_worker_says_what_to_start(show: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from loop.management.commands import export as command

    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            run("run_worker", "--until-idle")

    monkeypatch.setattr(command, "SAY_AFTER_S", -1.0)
    monkeypatch.setattr(command.time, "sleep", sleep)
    said = order("--wait")
    assert "No worker has been seen lately" in said
    assert "run_worker" in said
    assert "6 of 8 rows left." in said
    assert "Folder: " in said


def test_a_filter_a_cut_off_and_a_date_are_taken(show: Stage) -> None:
    size = seal_all().size
    order("--outcome", "revise", "--model", "vendor/model@2", "--date", str(today()), "--as-of", str(size))
    export = Export.objects.get()
    assert export.recipe["filters"] == {"outcomes": ["revise"], "models": ["vendor/model@2"]}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--purpose", "gossip"], "rule 1"),
        (["--profile", "gossip"], "profile: expected"),
        (["--form", "verse"], "form: expected standard or conversational"),
        (["--form", "conversational"], "form: expected standard for signals"),
        (["--recipient", "nobody"], "There is no recipient 'nobody'"),
        (["--production", "nowhere"], "There is no production 'nowhere'"),
        (["--labels", "loudest"], "labels: expected"),
        (["--actor", "nobody"], "There is no login 'nobody'"),
        (["--date", "1999-01-01"], "rule 3"),
        (["--as-of", "12345"], "checkpoint"),
    ],
)
def test_a_bad_order_is_refused_in_one_sentence(show: Stage, words: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        order(*words)
    assert not Export.objects.exists()


def test_a_folder_with_something_in_it_is_not_written_into(show: Stage, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CommandError, match="empty or not there"):
        order("--out", str(tmp_path))
    assert not Export.objects.exists()


def test_a_failed_release_ends_the_wait_with_its_reason(show: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from loop.export.lifecycle import fail
    from loop.kernel.clock import now
    from loop.management.commands import export as command

    monkeypatch.setattr(command.time, "sleep", lambda _s: fail(Export.objects.get().pk, "the disk is full", now()))
    with pytest.raises(CommandError, match="E-1 failed: the disk is full"):
        order("--wait")


def test_verify_export_names_its_key(show: Stage, tmp_path: Path) -> None:
    _, folder = show.releases()
    assert "Verified: 7 files and 6 rows" in run("verify_export", str(folder))
    for words, said in (
        ([str(tmp_path / "none")], "expected the folder"),
        ([str(folder), "--key", str(folder / "audit" / "log.vkey")], "proves nothing"),
        ([str(folder), "--key", str(folder.parent / "none.vkey")], "none that can be read"),
        ([str(folder), "--key", str(Path(__file__))], "verifier key"),
    ):
        with pytest.raises(CommandError, match=said):
            run("verify_export", *words)


def test_a_worker_shows_that_it_is_alive(show: Stage) -> None:
    assert heartbeat.since_last() is None
    assert not heartbeat.is_worker_alive()
    tasks.heartbeat()
    assert heartbeat.is_worker_alive()


def test_a_message_about_nothing_is_ignored(show: Stage) -> None:
    tasks.advance_export("019a0000-0000-7000-8000-000000000000")

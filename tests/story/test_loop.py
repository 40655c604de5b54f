"""The whole loop, as people run it: suggestions in, parties allow, a release leaves, one takes back, it is issued anew.

This story stands against every change to come. It uses the commands, a real Celery worker and a real broker, and
believes nothing but files and what the commands print.
"""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from loop.audit.keys import load_or_create
from loop.audit.verify import verify as verify_log
from loop.recall.models import RecallNotice
from tests.support.databases import FreshDatabase
from tests.support.processes import Broker, Program
from tests.support.releases import few_lines

SHOW = "night-ferry"
TODAY = date.today()
FROM, UNTIL = str(TODAY - timedelta(days=30)), str(TODAY + timedelta(days=365))
ASKED = ("--production", SHOW, "--purpose", "ai_generative_training", "--recipient", "lab")
ORDER = (*ASKED, "--approve-as", "olga")


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out, stderr=out)
    return out.getvalue()


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    path = tmp_path / "release-form.txt"
    path.write_text("I allow it. Signed.")
    return path


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "judgements.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in few_lines()))
    return path


def rows_of(folder: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = pq.read_table(folder / "data").to_pylist()
    return found


def test_the_loop(  # noqa: PLR0915  (a story is one piece)
    fresh_database: FreshDatabase,
    broker: Broker,
    celery_worker_process: Callable[..., Program],
    tmp_path: Path,
    lines: Path,
    paper: Path,
) -> None:
    # The production and who may receive are set up; material and judgements come in, twice, which changes nothing.
    run("production", "add", SHOW, "--rate", "24000/1001")
    run("user", "add", "olga")
    run("member", "add", "olga", "--production", SHOW, "--role", "consent_officer")
    run("recipient", "add", "lab", "--purposes", "ai_generative_training", "--from", FROM, "--until", UNTIL)
    run("ingest", str(lines), "--production", SHOW, "--register-reasons")
    counts = run("counts", "--production", SHOW)
    run("ingest", str(lines), "--production", SHOW, "--register-reasons")
    assert run("counts", "--production", SHOW) == counts

    # A worker takes the order. Nobody has allowed anything: nothing leaves, and the command says why.
    celery_worker_process()
    # The lab is outside the studio, so a second person has to approve: without one nothing is published.
    nothing = tmp_path / "nothing"
    with pytest.raises(CommandError, match="awaiting approval") as waits:
        run("export", *ASKED, "--profile", "signals", "--out", str(nothing))
    assert waits.value.returncode == 3
    assert not nothing.exists()
    how = re.search(r"\./manage\.py approve (\S+) --actor", str(waits.value))
    assert how is not None
    with pytest.raises(CommandError, match="neither a token nor the console"):
        run("approve", how[1])
    assert "Recipient: lab" in run("approve", "show", how[1]).replace("recipient:", "Recipient:")
    run("approve", how[1], "--refuse", "not before anybody has allowed it", "--actor", "olga")
    said = run("export", *ORDER, "--profile", "signals", "--out", str(nothing))
    assert "0 of 8 rows left." in said
    assert "8  CONSENT_MISSING" in said
    assert "ask the party" in said
    assert rows_of(nothing) == []
    run("verify_export", str(nothing))

    # Everybody allows; a preview promises what the release then holds.
    grant = (
        "--use", "ai_generative_training=allowed", "--recipient", "lab", "--basis", "consent", "--evidence", str(paper),
        "--valid-from", FROM, "--valid-until", UNTIL,
    )  # fmt: skip
    run("authorise", "--production", SHOW, "--all-parties", *grant)
    # The parties' word is not enough: what a model made trains nothing without its supplier's terms.
    said = run("export", *ORDER, "--profile", "signals", "--preview")
    assert "8  SUPPLIER_TERMS" in said
    for model in ("vendor/model@1", "vendor/model@2"):
        run("model", "terms", model, "--training", "allowed")
    assert "8 of 8 rows would leave." in run("export", *ORDER, "--profile", "signals", "--preview")
    first = tmp_path / "first"
    said = run("export", *ORDER, "--profile", "signals", "--out", str(first))
    assert "8 of 8 rows left." in said
    before = rows_of(first)
    assert [row["verdict"] for row in before] == [
        "accept", "reject", "reject", "revise", "revise", "accept", "reject", "accept",
    ]  # fmt: skip
    assert {row["fb_use_generative_training"] for row in before} == {"allowed"}
    consents = [json.loads(line) for line in (first / "consents.jsonl").read_text().splitlines()]
    assert {auth for row in before for auth in row["fb_auth_ids"]} == {each["auth_id"] for each in consents}

    # An outsider's check with the house's key; then the same order again gives the same bytes.
    key = tmp_path / "house.vkey"
    key.write_text(str(load_or_create().verifier))
    assert "Verified" in run("verify_export", str(first), "--key", str(key))
    again = tmp_path / "again"
    run("export", *ORDER, "--profile", "signals", "--out", str(again))
    name = Path("data/signals/train-00000-of-00001.parquet")
    assert (first / name).read_bytes() == (again / name).read_bytes()
    for profile, count in (("preference", 4), ("unpaired_preference", 9)):
        folder = tmp_path / profile
        run("export", *ORDER, "--profile", profile, "--out", str(folder))
        assert len(rows_of(folder)) == count
        run("verify_export", str(folder))

    # The director takes it back: the command names the releases that it reaches, and each has a notice with her rows.
    # She did not do it by herself, and they have left: that needs the second person too.
    withdrawing = ("withdraw", "--party", "director-1", "--production", SHOW, "--reason", "no more")
    with pytest.raises(CommandError, match="awaiting approval") as waits:
        run(*withdrawing)
    assert (waits.value.returncode, RecallNotice.objects.count()) == (3, 0)
    said = run(*withdrawing, "--approve-as", "olga")
    assert re.findall(r"E-\d+", said) == ["E-3", "E-4", "E-6"]  # she has no pair, so E-5 is not reached
    notices = RecallNotice.objects.all()
    assert {notice.export.number for notice in notices} == {3, 4, 6}
    recalled = {row.row.row_id for notice in notices.filter(export__number=3) for row in notice.notice_rows.all()}
    hers = {
        row["fb_row_id"]
        for row in before
        if row["suggestion"][:6] in {"Note 5", "Note 8"} and row["verdict"] == "accept"
    }
    assert recalled == hers
    assert len(recalled) == 2

    # What is ordered now is without her; what had left is still there to be verified, unchanged.
    new = tmp_path / "new"
    said = run("export", *ORDER, "--profile", "signals", "--out", str(new))
    assert "6 of 8 rows left." in said
    assert "2  WITHDRAWN" in said
    after = rows_of(new)
    assert [row["suggestion"] for row in after] == [
        row["suggestion"] for row in before if row["fb_row_id"] not in recalled
    ]
    assert not {row["fb_row_id"] for row in after} & {row["fb_row_id"] for row in before}
    assert '"WITHDRAWN": "<5"' in (new / "manifest.json").read_text()
    run("verify_export", str(new))
    run("verify_export", str(first))

    # Nobody can say that it did not happen.
    assert verify_log().ok
    run("verify_audit")

    # One flipped byte is found.
    raw = bytearray((first / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (first / name).write_bytes(raw)
    with pytest.raises(CommandError, match="Not verified"):
        run("verify_export", str(first))

"""No text of a suggestion or a rationale reaches a log, whatever the code around it does."""

import json
import logging
from collections.abc import Iterator

import psycopg
import pytest
import structlog
from django.db import IntegrityError, connection, transaction

from studio import logs

SECRET = "The ferry sinks in the third act."


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    structlog.reset_defaults()
    logs.configure(style="json", level="INFO")
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_prose_becomes_its_length(lines: None, capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger("t").info("decided", decision=7, rationale=SECRET, nested={"note": [SECRET]}, code="a.b")
    found = json.loads(capsys.readouterr().err)
    assert found["decision"] == 7
    assert found["code"] == "a.b"
    assert found["rationale"] == f"<text of {len(SECRET)} characters>"
    assert found["nested"] == {"note": [f"<text of {len(SECRET)} characters>"]}


def test_an_error_keeps_its_place_and_loses_its_message(lines: None, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        structlog.get_logger("t").exception("failed")
        logging.getLogger("library").exception("it failed: %s", SECRET)
        logging.getLogger("library").exception("it failed\n" + SECRET)  # noqa: G003 -- as careless code does
    written = capsys.readouterr().err
    assert SECRET not in written
    ours, *theirs = [json.loads(line) for line in written.splitlines()]
    assert ours["error"] == "builtins.ValueError"
    assert "test_logs.py" in ours["frames"][0]
    assert [line["event"] for line in theirs] == ["it failed: %s", "library: unexpected error"]


@pytest.mark.django_db
def test_a_refused_row_is_not_quoted(lines: None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO loop_heartbeat (name, at) VALUES (%s, NULL)", [SECRET])
    assert SECRET in str(refused.value)
    logging.getLogger("library").error("refused", exc_info=refused.value)
    found = json.loads(capsys.readouterr().err)
    assert SECRET not in json.dumps(found)
    assert (found["sqlstate"], found["table"]) == (psycopg.errors.NotNullViolation.sqlstate, "loop_heartbeat")


def test_line_breaks_cannot_forge_a_line(lines: None, capsys: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger("t").info("request", route='x\n{"level": "error"}')
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert "\n" not in logs.readable(None, "", {"event": "one\ntwo", "level": "info", "timestamp": ""})

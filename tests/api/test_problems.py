"""Bad requests: always a problem document, never a 500, never a page."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from loop.api import parsers, problems
from tests.api.conftest import Caller

DEEP = b'{"external_id":"x","meta":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}"

BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "another type": b"[]",
    "text": b'"x"',
    "trailing": b"{} {}",
    "duplicate key": b'{"external_id":"a","external_id":"b"}',
    "NaN": b'{"latency_ms":NaN}',
    "Infinity": b'{"latency_ms":-Infinity}',
    "huge float": b'{"latency_ms":1e999}',
    "huge integer": b'{"seed":9223372036854775808}',
    "thousand digits": b'{"seed":' + b"9" * 5000 + b"}",
    "NUL": b'{"external_id":"a\\u0000b"}',
    "NUL key": b'{"a\\u0000b":1}',
    "lone surrogate": b'{"external_id":"\\ud800"}',
    "lone surrogate key": b'{"\\udfff":"x"}',
    "not UTF-8": b'{"external_id":"\xff"}',
    "UTF-16": '{"external_id":"a"}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "too deep": DEEP,
    "65 levels": b'{"meta":' + b"[" * 64 + b"]" * 64 + b"}",
    "many values": b'{"meta":[' + b"1," * 200_001 + b"1]}",
}


def is_problem(answer: Any, status: int) -> None:
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == problems.CONTENT_TYPE
    assert answer.body["status"] == status
    assert {"type", "title", "code", "detail"} <= set(answer.body)


@pytest.mark.parametrize("path", ["suggestions", "decisions", "exports"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_malformed_body_is_a_400(robot: Caller, path: str, body: bytes) -> None:
    is_problem(robot.post(path, body), 400)


def test_a_body_is_measured_before_it_is_read(robot: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsers.StrictJSONParser, "most_bytes", 100)
    is_problem(robot.post("suggestions", b'{"external_id":"' + b"x" * 200 + b'"}'), 413)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "nonsense"]
)
def test_another_media_type_is_a_415(robot: Caller, content_type: str) -> None:
    is_problem(robot.call("POST", "suggestions", body=b"a=b", content_type=content_type), 415)


def test_an_unknown_path_a_wrong_method_and_options(robot: Caller, nobody: Caller) -> None:
    is_problem(robot.get("nothing/here"), 404)
    is_problem(nobody.get("nothing/here"), 404)
    is_problem(nobody.post("", {}), 404)
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = robot.call(method, "suggestions")
        is_problem(answer, 405)
        assert answer.headers["Allow"]
    is_problem(robot.get("suggestions/bulk"), 405)


@pytest.mark.parametrize("path", ["suggestions", "decisions", "exports"])
@pytest.mark.parametrize(
    "query",
    [
        {"page": "1"}, {"limit": "0"}, {"limit": "501"}, {"limit": "x"}, {"limit": ["1", "2"]}, {"cursor": "x"},
        {"cursor": "A" * 22}, {"cursor": "\x00"}, {"cursor": "AZ\ud7ff"}, {"production": "\x00"}, {"production": ""},
        {"production": "x" * 40}, {"q\x00": "1"}, {"limit": "9" * 5000}, {"format": "xml"},
    ],
)  # fmt: skip
def test_a_bad_parameter_is_a_400(robot: Caller, path: str, query: dict[str, Any]) -> None:
    is_problem(robot.get(path, query), 400)


def test_a_path_that_is_nearly_an_id_is_a_404(robot: Caller) -> None:
    for name in ("0", "%00", "x" * 36, "00000000-0000-0000-0000-00000000000G", "../exports"):
        is_problem(robot.get(f"suggestions/{name}"), 404)


def test_what_breaks_inside_is_a_500_without_words(robot: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*args: object, **kwargs: object) -> None:
        raise RuntimeError("secret words of a scene")

    monkeypatch.setattr("loop.api.reference.productions_visible_to", breaks)
    answer = robot.get("productions")
    is_problem(answer, 500)
    assert "secret" not in str(answer.body)


VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 2**62, 1.5, 1e300, "", " ", "x" * 400, "\u202e", "2026-13-45", "99999-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", [], [None], [[]], {}, {"a": {}}, ["unstated"],
    [{"start": -1, "end": 2**62}], [{"start": 1e300}], [{"region": {"x": "NaN"}}], [{"rate": "1/0"}],
)  # fmt: skip


def test_random_bad_bodies_never_break_it(robot: Caller, slice_of: Callable[[int], int]) -> None:
    dice = random.Random(20261120)  # noqa: S311  (a seed, so that a failure comes again)
    fields = {
        "suggestions": [
            "external_id", "group_id", "origin", "kind", "stage", "prompt", "content", "media", "model", "parameters",
            "seed", "parent", "created_at", "latency_ms", "cost_usd", "tokens_in", "constraints", "materials",
            "contributors", "decisions", "meta", "production",
        ],
        "decisions": [
            "production", "suggestion", "suggestion_external_id", "external_id", "outcome", "reasons", "rationale",
            "revised_content", "severity", "confidence", "beats", "spans", "decided_by", "on_behalf_of", "decided_at",
            "active_ms", "context", "supersedes", "negative_kind",
        ],
        "exports": [
            "production", "profile", "purpose", "recipient", "labels", "filters", "checkpoint", "gate_date", "formats",
        ],
    }  # fmt: skip
    good = {"external_id": "s", "content": "x", "model": "m@1"}
    robot.post("suggestions", good)
    base: dict[str, dict[str, Any]] = {
        "suggestions": good,
        "decisions": {"suggestion_external_id": "s", "external_id": "d", "outcome": "accept", "decided_by": "p"},
        "exports": {"profile": "signals", "purpose": "ai_evaluation", "recipient": "nobody"},
    }
    for _ in range(slice_of(10_000)):
        path = dice.choice(list(fields))
        body = dict(base[path], external_id=f"r{dice.random()}") if path != "exports" else dict(base[path])
        for name in dice.sample(fields[path], dice.randint(1, 4)):
            body[name] = dice.choice(VALUES)
        answer = robot.post(path, body)
        assert answer.status < 500, (path, body, answer.body)
